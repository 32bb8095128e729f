"""Activations as layers."""

import numpy as np
import pytest

from minicnn import Tensor, layers, ops

X = np.array([[-2.0, -0.5, 0.0, 0.5, 2.0, 9.0]], np.float32)


def relu(x, max_value, slope, threshold):
    """Keras's definition, element by element."""
    if x >= threshold:
        return x if max_value is None else min(x, max_value)
    return slope * (x - threshold)


@pytest.mark.parametrize("max_value", [None, 0.0, 1.0, 6.0])
@pytest.mark.parametrize("slope", [0.0, 0.1])
@pytest.mark.parametrize("threshold", [0.0, 0.5, 1.0])
def test_relu_with_every_option(max_value, slope, threshold):
    y = layers.ReLU(max_value, slope, threshold)(X).numpy()[0]
    expected = [relu(x, max_value, slope, threshold) for x in X[0]]
    np.testing.assert_allclose(y, expected, rtol=1e-6, atol=1e-7)


@pytest.mark.parametrize("options", [{"max_value": -1}, {"negative_slope": -0.1}, {"threshold": -1}])
def test_relu_refuses_negative_options(options):
    with pytest.raises(ValueError, match=next(iter(options))):
        layers.ReLU(**options)


def test_leaky_relu_has_keras_slope():
    np.testing.assert_allclose(layers.LeakyReLU()(X).numpy()[0], [-0.6, -0.15, 0, 0.5, 2, 9], rtol=1e-6)


def test_softmax_sums_to_one_along_its_axis(rng):
    x = rng.standard_normal((2, 3, 4)).astype(np.float32)
    for axis in (1, 2, -1, -2):
        np.testing.assert_allclose(layers.Softmax(axis)(x).numpy().sum(axis), 1, rtol=1e-6)
    np.testing.assert_allclose(layers.Softmax()(np.array([[1000.0, 1000.0]])).numpy(), 0.5)


@pytest.mark.parametrize("activation", ["relu", ops.relu, lambda x: ops.relu(x)])
def test_activation_takes_names_and_functions(activation):
    assert layers.Activation(activation)(X).numpy().tolist() == np.maximum(X, 0).tolist()


def test_unknown_activation():
    with pytest.raises(ValueError, match="none_such"):
        layers.Activation("none_such")


def test_linear_is_the_same_tensor():
    x = Tensor(X)
    assert layers.Activation("linear")(x) is x


@pytest.mark.parametrize("layer", [layers.ReLU(6.0), layers.LeakyReLU(), layers.Softmax(), layers.Activation("tanh")])
def test_nan_goes_through(layer):
    assert np.isnan(layer(np.array([[np.nan, 1.0]])).numpy()[0, 0])
