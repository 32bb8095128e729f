"""Graphs of layers: branches, shared layers, several inputs and outputs, and very long chains."""

import numpy as np
import pytest

from minicnn import Input, Model, Sequential, ShapeError, Tensor, layers, ops
from minicnn.layers import Activation, Add, Concatenate, Conv2D, Dense, Flatten, Multiply
from minicnn.models import Functional, load_model

DEEP = 2000


def names(model):
    return [node.layer.name for node in model.calls()]


def test_diamond(rng):
    x = Input((3,), name="x")
    left, right = Dense(4, name="left"), Dense(4, name="right")
    model = Model(x, Multiply(name="join")([left(x), right(x)]))
    a = rng.normal(size=(5, 3)).astype(np.float32)
    np.testing.assert_array_equal(model(a).numpy(), left(a).numpy() * right(a).numpy())
    assert names(model) == ["x", "left", "right", "join"]
    assert isinstance(model, Functional)


def test_gradients_of_a_diamond_add_up(rng):
    x = Input((3,))
    shared = Dense(3, use_bias=False)
    model = Model(x, Add()([shared(x), shared(shared(x))]))
    a = Tensor(rng.normal(size=(2, 3)).astype(np.float32), requires_grad=True)
    dy = rng.normal(size=(2, 3)).astype(np.float32)
    model(a).backward(dy)
    w, (dw, dx) = shared.kernel.numpy().astype(float), (shared.kernel.grad, a.grad)
    h = a.numpy().astype(float) @ w
    np.testing.assert_allclose(dx, dy @ w.T + dy @ w.T @ w.T, rtol=1e-5)
    np.testing.assert_allclose(dw, a.numpy().T @ dy + h.T @ dy + a.numpy().T @ (dy @ w.T), rtol=1e-4, atol=1e-6)


def test_a_shared_layer_counts_once(rng):
    a, b = Input((3,)), Input((3,))
    shared = Dense(2, name="shared")
    model = Model([a, b], Add()([shared(a), shared(b)]))
    assert model.count_params() == 8
    assert [layer.name for layer in model.layers].count("shared") == 1
    assert names(model).count("shared") == 2
    x = rng.normal(size=(2, 4, 3)).astype(np.float32)
    np.testing.assert_array_equal(model([x[0], x[1]]).numpy(), (shared(x[0]) + shared(x[1])).numpy())


def test_layers_on_several_inputs_in_the_given_order(rng):
    a, b = Input((2,), name="a"), Input((3,), name="b")
    model = Model([b, a], Concatenate()([a, b]))
    x, y = rng.normal(size=(4, 2)).astype(np.float32), rng.normal(size=(4, 3)).astype(np.float32)
    np.testing.assert_array_equal(model.predict([y, x]), np.hstack([x, y]))
    with pytest.raises(ShapeError, match=r"\(C=3\)"):
        model.predict([x, y])


def test_several_outputs(rng):
    x = Input((3,))
    double = layers.Rescaling(2.0)(x)
    model = Model(x, [double, layers.Rescaling(3.0)(double)])
    a = rng.normal(size=(40, 3)).astype(np.float32)
    twice, six_times = model.predict(a)
    np.testing.assert_array_equal(twice, a * 2)
    np.testing.assert_allclose(six_times, a * 6, rtol=1e-6)
    assert [y.shape for y in model(a)] == [(40, 3), (40, 3)]


def test_part_of_a_graph_is_a_model_too(rng):
    x = Input((3,))
    hidden = Dense(4, "relu", name="hidden")(x)
    whole = Model(x, Dense(2)(hidden))
    features = Model(whole.inputs, hidden)
    a = rng.normal(size=(5, 3)).astype(np.float32)
    np.testing.assert_array_equal(features(a).numpy(), whole.get_layer("hidden")(a).numpy())
    assert features.weights == whole.weights[:2]


def test_model_from_the_middle(rng):
    x = Input((3,))
    hidden = Dense(4)(x)
    head = Model(hidden, Dense(2, name="head")(hidden))
    assert names(head) == ["head"]
    assert head(rng.normal(size=(5, 4))).shape == (5, 2)


def test_an_output_may_be_an_input(rng):
    x = Input((3,))
    a = rng.normal(size=(2, 3)).astype(np.float32)
    same, negative = Model(x, [x, layers.Rescaling(-1.0)(x)]).predict(a)
    np.testing.assert_array_equal(same, -negative)


def test_models_as_layers(rng):
    inner = Sequential([Dense(4, "relu"), Dense(3)], name="inner")
    x = Input((3,))
    outer = Model(x, Add()([inner(x), inner(inner(x))]))
    a = rng.normal(size=(5, 3)).astype(np.float32)
    np.testing.assert_array_equal(outer(a).numpy(), (inner(a) + inner(inner(a))).numpy())
    assert outer.weights == inner.weights
    assert len(outer.trainable_weights) == 4


def test_a_layer_that_returns_two_tensors(rng):
    class Halves(layers.Layer):
        def call(self, inputs):
            middle = inputs.shape[-1] // 2
            return [inputs[:, :middle], inputs[:, middle:]]

    x = Input((4,))
    first, second = Halves()(x)
    model = Model(x, Concatenate()([second, first]))
    a = rng.normal(size=(2, 4)).astype(np.float32)
    np.testing.assert_array_equal(model(a).numpy(), a[:, [2, 3, 0, 1]])


def test_training_mode_reaches_inner_layers():
    x = Input((100,))
    inner = Sequential([layers.Dropout(0.5)])
    model = Model(x, inner(x))
    ones = np.ones((1, 100), np.float32)
    assert (model(ones).numpy() == 1).all()
    assert (model(ones, training=True).numpy() == 0).any()
    assert (model(ones).numpy() == 1).all()


def deep(depth=DEEP):
    x = y = Input((2,))
    for _ in range(depth):
        y = layers.Rescaling(1.0)(y)
    return Model(x, Dense(1)(y))


def test_deep_graph_runs_trains_and_is_saved(rng, tmp_path):
    model = deep()
    assert len(model.layers) == DEEP + 2
    a = rng.normal(size=(3, 2)).astype(np.float32)
    expected = a @ model.layers[-1].kernel.numpy()
    np.testing.assert_allclose(model.predict(a), expected, rtol=1e-6)
    model.compile("sgd", "mse")
    assert np.isfinite(model.fit(a, np.ones(3), verbose=0).history["loss"]).all()
    model.save(tmp_path / "deep.safetensors")
    again = load_model(tmp_path / "deep.safetensors")
    np.testing.assert_array_equal(again.predict(a), model.predict(a))


def test_chain_of_diamonds_is_walked_once():
    """2⁶⁰ paths lead through it."""
    x = y = Input((1,))
    for _ in range(60):
        y = layers.Rescaling(0.5)(Add()([y, y]))
    assert Model(x, y).predict(np.ones((1, 1))).item() == 1.0


def test_shapes_are_known_before_running():
    x = Input((28, 28, 1))
    y = Conv2D(6, 5, strides=2, padding="same")(x)
    assert y.shape == (None, 14, 14, 6)
    assert Flatten()(y).shape == (None, 1176)
    assert repr(y) == "<SymbolicTensor (None, 14, 14, 6) from 'conv2d'>"


def test_building_a_graph_draws_no_numbers_but_weights():
    x = Input((28, 28, 1))
    weights = Model(x, Activation("relu")(layers.Dropout(0.5)(x))).weights
    assert weights == []


def test_a_trailing_axis_of_one_comes_and_goes(rng):
    a = rng.normal(size=(2, 4, 4)).astype(np.float32)
    with_axis, without = Input((4, 4, 1)), Input((4, 4))
    np.testing.assert_array_equal(Model(with_axis, layers.Rescaling(1.0)(with_axis)).predict(a)[..., 0], a)
    np.testing.assert_array_equal(Model(without, layers.Rescaling(1.0)(without)).predict(a[..., None]), a)


def test_ops_are_for_tensors():
    with pytest.raises(TypeError, match="not arithmetic"):
        ops.relu(Input((3,)))
