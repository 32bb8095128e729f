"""Add, Multiply and Concatenate."""

import numpy as np
import pytest

from minicnn import Input, ShapeError, Tensor, layers

A, B, C = (np.random.default_rng(i).standard_normal((2, 3, 2, 4)).astype(np.float32) for i in range(3))


def test_any_number_of_inputs():
    np.testing.assert_allclose(layers.Add()([A, B, C]).numpy(), A + B + C, rtol=1e-6)
    np.testing.assert_allclose(layers.Multiply()([A, B, C]).numpy(), A * B * C, rtol=1e-6)
    assert np.array_equal(layers.Concatenate()([A, B, C]).numpy(), np.concatenate([A, B, C], -1))


def test_gates_broadcast():
    gate = A[:, :1, :1]
    np.testing.assert_allclose(layers.Multiply()([B, gate]).numpy(), B * gate, rtol=1e-6)
    inputs = [Input((3, 2, 4)), Input((1, 1, 4))]
    assert layers.Add()(inputs).shape == (None, 3, 2, 4)


def test_an_input_used_twice_gets_both_gradients():
    x = Tensor(A, requires_grad=True)
    layers.Multiply()([x, x]).backward(B)
    np.testing.assert_allclose(x.grad, 2 * A * B, rtol=1e-5)


@pytest.mark.parametrize("axis", [1, 2, 3, -1, -3])
def test_concatenate_along_an_axis(axis):
    assert np.array_equal(layers.Concatenate(axis)([A, B]).numpy(), np.concatenate([A, B], axis))


@pytest.mark.parametrize("layer", [layers.Add(), layers.Multiply(), layers.Concatenate()])
def test_refuses_what_does_not_fit(layer):
    with pytest.raises(ShapeError, match=type(layer).__name__):
        layer([A, np.zeros((2, 5, 7, 3))])
    with pytest.raises(ShapeError, match="two inputs"):
        type(layer)()(A)
