"""What all layers share: building, names, weights, training mode, freezing, errors."""

import numpy as np
import pytest

from minicnn import Sequential, ShapeError, Tensor, initializers, layers, no_grad, regularizers, utils
from minicnn.layers import Layer


class Scale(Layer):
    def build(self, input_shape):
        self.factor = self.add_weight((input_shape[-1],), "ones", name="factor")
        self.shift = self.add_weight((), "zeros", trainable=False, name="shift")

    def call(self, inputs, training=False):
        return inputs * self.factor + self.shift + (1.0 if training else 0.0)


def test_built_by_the_first_call_only():
    layer = Scale()
    assert not layer.built
    assert layer.weights == []
    layer(np.ones((2, 3)))
    first = layer.weights
    layer(np.ones((5, 3)))
    assert layer.built
    assert [w is v for w, v in zip(layer.weights, first)] == [True, True]


def test_build_by_hand_makes_variables_once():
    layer = Scale()
    layer.build((None, 3))
    assert layer.built
    layer(np.ones((2, 3)))
    assert len(layer.weights) == 2


def test_trainable_weights_come_first_whatever_the_order_of_making():
    class Backwards(Layer):
        def build(self, input_shape):
            self.fixed = self.add_weight((1,), "zeros", trainable=False, name="fixed")
            self.free = self.add_weight((1,), "zeros", name="free")

    layer = Backwards()
    layer.build((None, 1))
    assert [w.name for w in layer.weights] == ["free", "fixed"]
    assert [w.name for w in layer.non_trainable_weights] == ["fixed"]


def test_inner_layers_are_found_in_attributes_and_lists():
    class Outer(Layer):
        def __init__(self):
            super().__init__()
            self.one = layers.Dense(2)
            self.more = [layers.Dense(2), layers.ReLU(), self.one]

        def call(self, inputs):
            for layer in self.more:
                inputs = layer(inputs)
            return inputs

    outer = Outer()
    outer(np.ones((1, 2)))
    assert len(outer.weights) == 4
    assert outer.count_params() == 12


def test_training_mode_reaches_inner_layers_and_ends_with_the_call():
    class Outer(Layer):
        def __init__(self):
            super().__init__()
            self.inner = Scale()

        def call(self, inputs):
            return self.inner(inputs)

    outer, x = Outer(), np.zeros((1, 2))
    assert outer(x, training=True).numpy().tolist() == [[1.0, 1.0]]
    assert outer(x).numpy().tolist() == [[0.0, 0.0]]
    with pytest.raises(ShapeError):
        layers.Dense(2)(np.zeros(3), training=True)
    assert outer(x).numpy().tolist() == [[0.0, 0.0]]


def test_freezing_reaches_inner_layers_and_comes_back():
    model = Sequential([layers.Input((2,)), layers.Dense(3), layers.BatchNormalization()])
    model.trainable = False
    assert model.trainable_weights == []
    assert len(model.non_trainable_weights) == 6
    assert [w.name for w in model.weights][:2] == ["kernel", "bias"]
    model.trainable = True
    assert [w.name for w in model.non_trainable_weights] == ["moving_mean", "moving_variance"]


def test_layers_made_frozen_stay_so_when_built():
    layer = layers.Dense(2, trainable=False, kernel_regularizer="l2")
    layer(np.ones((1, 3)))
    assert layer.trainable_weights == []
    assert layer.losses == []


def test_frozen_weights_get_no_gradient():
    first, second = layers.Dense(2, trainable=False), layers.Dense(1)
    second(first(np.ones((1, 3)))).backward(np.ones((1, 1)))
    assert first.kernel.grad is None
    assert second.kernel.grad is not None


def test_add_weight_defaults():
    layer = Layer()
    scalar, matrix = layer.add_weight(), layer.add_weight((200, 300))
    assert scalar.shape == ()
    assert abs(matrix.numpy().std() - np.sqrt(2 / 500)) < 1e-3  # Glorot: variance 2 / (fan_in + fan_out)
    assert matrix.dtype == np.float32
    assert layer.add_weight((1,), "ones", "float64").dtype == np.float64


def test_add_weight_takes_arrays_initializers_and_regularizers():
    layer = Layer()
    start = np.array([1.0, 2.0])
    weight = layer.add_weight((2,), start, regularizer=regularizers.L2(1.0), name="w")
    start[:] = 0
    assert weight.numpy().tolist() == [1.0, 2.0]
    assert [loss.item() for loss in layer.losses] == [5.0]
    assert layer.add_weight((1,), initializers.Constant(3.0)).numpy().tolist() == [3.0]


def test_get_weights_are_copies_and_set_weights_is_all_or_nothing():
    layer = layers.Dense(2)
    layer.build((None, 3))
    kernel, bias = layer.get_weights()
    kernel[:] = 99
    before = layer.get_weights()
    assert not (before[0] == 99).any()
    with pytest.raises(ShapeError, match="bias"):
        layer.set_weights([np.ones((3, 2)), np.ones(3)])
    assert all(np.array_equal(a, b) for a, b in zip(before, layer.get_weights()))
    with pytest.raises(ValueError, match="2 weights, got 1"):
        layer.set_weights([bias])


def test_set_weights_of_an_unbuilt_layer():
    with pytest.raises(ValueError, match="build it first"):
        layers.Dense(2).set_weights([np.ones((3, 2)), np.ones(2)])


def test_automatic_names_count_by_class():
    utils.clear_session()
    made = [layers.Conv2D(1, 1), layers.Conv2D(1, 1), layers.ReLU(), layers.Dense(1), layers.Conv2D(1, 1, name="mine")]
    assert [layer.name for layer in made] == ["conv2d", "conv2d_1", "re_lu", "dense", "mine"]
    utils.clear_session()
    assert layers.Conv2D(1, 1).name == "conv2d"


def test_inputs_are_cast_to_the_layers_dtype():
    x = np.ones((1, 2), np.uint8)
    assert layers.Dense(1)(x).dtype == np.float32
    assert layers.Dense(1, dtype="float64")(x).dtype == np.float64


def test_tensors_keep_their_tape():
    x = Tensor(np.ones((2, 3), np.float32), requires_grad=True)
    layer = layers.Dense(2, kernel_initializer="ones")
    layer(x).backward(np.array([[1.0, 2.0], [0.0, 3.0]], np.float32))
    assert x.grad.tolist() == [[3.0] * 3, [3.0] * 3]
    with no_grad():
        assert layer(x).op is None


@pytest.mark.parametrize(
    ("layer", "shape", "output"),
    [
        (layers.Dense(4), (None, 3), (None, 4)),
        (layers.Conv2D(5, 3, 2), (None, 9, 8, 2), (None, 4, 3, 5)),
        (layers.Conv2D(5, 3, 2, "same"), (None, 9, 8, 2), (None, 5, 4, 5)),
        (layers.MaxPooling2D(), (None, 5, 4, 3), (None, 2, 2, 3)),
        (layers.MaxPooling2D(padding="same"), (None, 5, 4, 3), (None, 3, 2, 3)),
        (layers.Flatten(), (None, 2, 3, 4), (None, 24)),
        (layers.Reshape((-1, 2)), (None, 6), (None, 3, 2)),
        (layers.Concatenate(), [(None, 2, 3), (None, 2, 4)], (None, 2, 7)),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Layer) else "",
)
def test_output_shapes_are_known_without_data(layer, shape, output):
    layer.ensure_built(shape)
    assert layer.compute_output_shape(shape) == output


def test_errors_name_the_layer():
    with pytest.raises(ShapeError, match=r"layer 'stem' \(Conv2D\)"):
        layers.Conv2D(2, 3, name="stem")(np.ones((4, 4)))
    with pytest.raises(NotImplementedError, match="Bare needs a call"):
        type("Bare", (Layer,), {})()(np.ones((1, 1)))


def test_config_gives_an_equal_layer():
    layer = layers.Conv2D(4, (3, 2), padding="same", activation="relu", use_bias=False, trainable=False)
    again = layers.Conv2D.from_config(layer.get_config())
    assert again.get_config() == layer.get_config()
    assert (again.filters, again.use_bias, again.trainable, again.name) == (4, False, False, layer.name)
