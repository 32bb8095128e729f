"""Chains of layers: built at once or when data comes, and changed at their end."""

import numpy as np
import pytest

import minicnn as mc
from minicnn import Input, Sequential, ShapeError, layers
from minicnn.layers import Conv2D, Dense, Flatten


def small():
    return Sequential([Input((6, 6, 1)), Conv2D(2, 3), Flatten(), Dense(3)])


def test_built_at_once_with_an_input():
    model = small()
    assert model.built
    assert [w.shape for w in model.weights] == [(3, 3, 1, 2), (2,), (32, 3), (3,)]
    assert model.inputs[0].shape == (None, 6, 6, 1)
    assert model.outputs[0].shape == (None, 3)


def test_built_by_the_shape_of_its_first_layer():
    assert Sequential([Dense(3, input_shape=(4,)), Dense(2)]).count_params() == 23


def test_built_when_data_comes(rng):
    model = Sequential([Conv2D(2, 3), Flatten(), Dense(3)])
    assert not model.built
    assert model.weights == []
    assert model(rng.normal(size=(5, 6, 6, 1))).shape == (5, 3)
    assert model.count_params() == 119


def test_built_by_hand():
    model = Sequential([Dense(3)])
    model.build((None, 4))
    assert model.count_params() == 15


def test_weights_do_not_depend_on_when_it_was_built(rng):
    mc.utils.set_random_seed(1)
    at_once = Sequential([Input((4,)), Dense(3), Dense(2)])
    mc.utils.set_random_seed(1)
    later = Sequential([Dense(3), Dense(2)])
    a = rng.normal(size=(5, 4))
    np.testing.assert_array_equal(later(a).numpy(), at_once(a).numpy())


def test_add():
    model = Sequential()
    model.add(Input((4,)))
    model.add(Dense(3))
    assert model.count_params() == 15
    model.add(Dense(2))
    assert model.count_params() == 23
    assert model.outputs[0].shape == (None, 2)


def test_add_after_it_was_built_by_data(rng):
    model = Sequential([Dense(3)])
    a = rng.normal(size=(5, 4))
    first = model(a).numpy()
    model.add(layers.Rescaling(2.0))
    np.testing.assert_array_equal(model(a).numpy(), first * 2)


def test_pop(rng):
    model = small()
    a = rng.normal(size=(2, 6, 6, 1))
    head = model.pop()
    assert head.units == 3
    assert model(a).shape == (2, 32)
    model.add(Dense(5))
    assert model(a).shape == (2, 5)
    assert [w.shape for w in model.trainable_weights][2:] == [(32, 5), (5,)]


def test_a_layer_that_does_not_fit_is_not_added():
    model = Sequential([Input((4,)), Dense(3)])
    with pytest.raises(ShapeError):
        model.add(Conv2D(2, 3))
    assert len(model.layers) == 1
    model.add(Dense(2))
    assert model.predict(np.ones((1, 4))).shape == (1, 2)


def test_an_input_layer_begins_a_model():
    assert Sequential([layers.InputLayer((4,)), Dense(3)]).count_params() == 15


def test_nested(rng):
    block = Sequential([Conv2D(2, 3, padding="same", activation="relu"), layers.MaxPooling2D()])
    model = Sequential([Input((6, 6, 1)), block, Flatten(), Dense(3)])
    a = rng.normal(size=(2, 6, 6, 1)).astype(np.float32)
    expected = a
    for layer in (*block.layers, *model.layers[1:]):
        expected = layer(expected)
    np.testing.assert_array_equal(model(a).numpy(), expected.numpy())
    assert model.count_params() == 20 + 57


def test_a_long_chain():
    model = Sequential([Input((1,)), *(layers.Rescaling(1.0) for _ in range(1000))])
    assert model.predict(np.full((1, 1), 7.0)).item() == 7.0


def test_names_count_up():
    model = Sequential([Dense(1), Dense(1), Conv2D(1, 1), layers.GlobalMaxPooling2D()])
    assert [layer.name for layer in model.layers] == ["dense", "dense_1", "conv2d", "global_max_pooling2d"]
    assert model.get_layer("dense_1") is model.get_layer(index=1)
