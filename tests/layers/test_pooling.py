"""Poolings: windows, ties, padding and errors."""

import numpy as np
import pytest

from minicnn import ShapeError, Tensor, layers

X = np.arange(25, dtype=np.float32).reshape(1, 5, 5, 1)


def test_max_and_mean_of_windows():
    assert layers.MaxPooling2D()(X).numpy()[0, :, :, 0].tolist() == [[6, 8], [16, 18]]
    assert layers.AveragePooling2D(2)(X).numpy()[0, :, :, 0].tolist() == [[3, 5], [13, 15]]


def test_strides_default_to_the_window():
    assert layers.MaxPooling2D(3)(X).shape == (1, 1, 1, 1)
    assert layers.MaxPooling2D(3, strides=1)(X).shape == (1, 3, 3, 1)
    assert layers.MaxPooling2D((1, 5))(X).numpy().ravel().tolist() == [4, 9, 14, 19, 24]


def test_padding_never_wins_and_is_not_counted():
    assert (layers.MaxPooling2D(padding="same")(X - 100).numpy() < 0).all()
    assert layers.AveragePooling2D(2, padding="same")(np.ones((1, 3, 3, 1))).numpy().tolist() == [[[[1], [1]]] * 2]


def test_the_first_of_equal_values_gets_the_gradient():
    x = Tensor(np.ones((1, 2, 2, 1), np.float32), requires_grad=True)
    layers.MaxPooling2D()(x).backward(np.full((1, 1, 1, 1), 3.0, np.float32))
    assert x.grad.ravel().tolist() == [3, 0, 0, 0]


@pytest.mark.parametrize("name", ["GlobalMaxPooling2D", "GlobalAveragePooling2D"])
def test_global_poolings_are_poolings_of_the_whole_image(rng, name):
    x = rng.standard_normal((3, 4, 5, 2)).astype(np.float32)
    whole = getattr(layers, name.removeprefix("Global"))((4, 5))(x).numpy()
    np.testing.assert_allclose(getattr(layers, name)()(x).numpy(), whole[:, 0, 0], rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(getattr(layers, name)(keepdims=True)(x).numpy(), whole, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("name", ["MaxPooling2D", "AveragePooling2D", "GlobalMaxPooling2D", "GlobalAveragePooling2D"])
def test_nan_stays_in_its_window_and_channel(name):
    x = np.zeros((1, 4, 4, 2), np.float32)
    x[0, 0, 1, 1] = np.nan
    options = {} if name.startswith("Global") else {"pool_size": 2}
    y = getattr(layers, name)(**options)(x).numpy()
    assert np.isnan(y).sum() == 1
    assert np.isnan(y.reshape(-1, 2)[0, 1])


@pytest.mark.parametrize("name", ["MaxPooling2D", "AveragePooling2D"])
def test_refuses_small_images_and_other_layouts(name):
    with pytest.raises(ShapeError, match=name):
        getattr(layers, name)(3)(np.zeros((1, 2, 2, 1)))
    with pytest.raises(ValueError, match="channels_last"):
        getattr(layers, name)(2, data_format="channels_first")
