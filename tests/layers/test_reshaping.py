"""Flatten, Reshape, ZeroPadding2D and Rescaling."""

import numpy as np
import pytest

from minicnn import ShapeError, layers

X = np.arange(24, dtype=np.float32).reshape(2, 2, 3, 2)


def test_flatten_is_row_major():
    assert layers.Flatten()(X).numpy()[1].tolist() == list(range(12, 24))
    assert layers.Flatten()(np.zeros((3, 5))).shape == (3, 5)
    assert layers.Flatten()(np.zeros(3)).shape == (3, 1)


def test_reshape_keeps_the_batch():
    assert layers.Reshape((3, 4))(X).numpy()[0].ravel().tolist() == list(range(12))
    assert layers.Reshape((-1, 6))(X).shape == (2, 2, 6)
    with pytest.raises(ShapeError, match="Reshape"):
        layers.Reshape((5, 5))(X)


@pytest.mark.parametrize(
    ("padding", "widths"), [(1, ((1, 1), (1, 1))), ((1, 2), ((1, 1), (2, 2))), (((0, 1), (2, 3)), ((0, 1), (2, 3)))]
)
def test_zero_padding(padding, widths):
    expected = np.pad(X, ((0, 0), *widths, (0, 0)))
    assert np.array_equal(layers.ZeroPadding2D(padding)(X).numpy(), expected)


def test_rescaling_takes_numbers_and_channels():
    np.testing.assert_allclose(layers.Rescaling(0.5, offset=-1)(X).numpy(), X * 0.5 - 1)
    np.testing.assert_allclose(layers.Rescaling([1.0, 2.0], [0.0, 3.0])(X).numpy(), X * [1, 2] + [0, 3])


def test_rescaling_makes_floats_of_pixels():
    y = layers.Rescaling(1 / 255)(np.array([[0, 255]], np.uint8)).numpy()
    assert y.dtype == np.float32
    assert y.tolist() == [[0.0, 1.0]]
