"""Dense: its weights, options and errors."""

import numpy as np
import pytest

from minicnn import ShapeError, layers


def test_output_is_a_matrix_product(rng):
    layer = layers.Dense(3, activation="tanh", bias_initializer="ones")
    x = rng.standard_normal((4, 5)).astype(np.float32)
    y = layer(x).numpy()
    kernel, bias = layer.get_weights()
    assert (kernel.shape, bias.shape) == ((5, 3), (3,))
    np.testing.assert_allclose(y, np.tanh(x @ kernel + bias), rtol=1e-5)


def test_further_axes_are_kept(rng):
    layer = layers.Dense(3)
    x = rng.standard_normal((2, 4, 1, 5)).astype(np.float32)
    y = layer(x).numpy()
    assert y.shape == (2, 4, 1, 3)
    np.testing.assert_allclose(y[1, 2], layer(x[1, 2]).numpy(), rtol=1e-5)


def test_softmax_leaves_its_logits_for_the_loss():
    y = layers.Dense(3, activation="softmax")(np.ones((2, 4)))
    assert y.logits is not None
    np.testing.assert_allclose(y.numpy().sum(axis=-1), 1, rtol=1e-6)


@pytest.mark.parametrize("units", [0, -1, 2.5, None, "many"])
def test_refuses_units(units):
    with pytest.raises(ValueError, match="units"):
        layers.Dense(units)


def test_takes_whole_numbers_of_numpy():
    assert layers.Dense(np.int64(3))(np.ones((1, 2))).shape == (1, 3)


def test_refuses_vectors_and_other_features():
    with pytest.raises(ShapeError, match="batch axis"):
        layers.Dense(2)(np.zeros(3))
    layer = layers.Dense(2)
    layer(np.zeros((1, 3)))
    with pytest.raises(ShapeError, match="dense"):
        layer(np.zeros((1, 4)))
