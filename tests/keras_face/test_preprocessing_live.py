"""Preprocessing layers give Keras's pixels for given amounts: limits that leave nothing to draw."""

import os

import numpy as np
import pytest

from minicnn import layers
from minicnn.data import transforms

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
pytest.importorskip("tensorflow", reason="TensorFlow is not installed")

import keras

#: Keras's positions are float32: 150 rows of pixels 0 … 255 times some of its last digits
TOLERANCE = 0.02

FILLS = [
    {"fill_mode": mode, "interpolation": interpolation, "fill_value": 33.0}
    for mode in ("reflect", "constant", "nearest", "wrap")
    for interpolation in ("bilinear", "nearest")
]
every_fill = pytest.mark.parametrize("fill", FILLS, ids=lambda fill: f"{fill['fill_mode']} {fill['interpolation']}")
every_size = pytest.mark.parametrize("size", [(31, 40), (1, 7)], ids=str)


@pytest.fixture
def pixels():
    """pixels(size): noise 0 … 255."""
    return lambda size: np.random.default_rng(2).random((3, *size, 3), np.float32) * 255


def assert_same_pixels(name, images, *args, training=True, **options):
    ours = getattr(layers, name)(*args, **options)(images, training=training)
    theirs = keras.layers.__dict__[name](*args, **options)(images, training=training)
    assert ours.shape == theirs.shape
    off = np.abs(ours.numpy() - np.asarray(theirs)) > TOLERANCE
    assert off.mean() <= (0.01 if options.get("interpolation") == "nearest" else 0)  # ties are float32's to decide


@every_fill
@every_size
@pytest.mark.parametrize("turns", [0.03, -0.12, 0.4321])
def test_rotation(turns, size, fill, pixels):
    assert_same_pixels("RandomRotation", pixels(size), (turns, turns), **fill)


@every_fill
@every_size
@pytest.mark.parametrize("amounts", [(-0.37, 0.21), (0.87, -0.61)])
def test_zoom(amounts, size, fill, pixels):
    height, width = amounts
    assert_same_pixels("RandomZoom", pixels(size), (height, height), (width, width), **fill)
    assert_same_pixels("RandomZoom", pixels(size), (height, height), **fill)


@every_fill
@every_size
@pytest.mark.parametrize("amounts", [(-0.53, 0.31), (0.7, 0.71)])
def test_translation(amounts, size, fill, pixels):
    height, width = amounts
    assert_same_pixels("RandomTranslation", pixels(size), (height, height), (width, width), **fill)


@pytest.mark.parametrize("amount", [-0.4, 0.0, 0.25, 1.0])
@pytest.mark.parametrize("value_range", [(0, 255), (0, 100), (100, -20)])
def test_brightness(amount, value_range, pixels):
    assert_same_pixels("RandomBrightness", pixels((9, 8)), (amount, amount), value_range=value_range)


@pytest.mark.parametrize("factor", [0.5, 1.0, 1.75])
def test_contrast(factor, pixels):
    images = pixels((9, 8))
    expected = keras.layers.RandomContrast(0.5)
    expected.factor = (1 - factor, factor - 1)  # it draws between 1 − the first and 1 + the second
    found = transforms.contrasted(images, np.full(3, factor), (0, 255))
    np.testing.assert_allclose(found, expected(images, training=True), atol=1e-3)


@pytest.mark.parametrize("mode", ["horizontal", "vertical"])
def test_flips(mode, pixels):
    images = np.repeat(pixels((5, 6))[:1], 20, axis=0)
    ours = layers.RandomFlip(mode, seed=1)(images, training=True).numpy()
    theirs = np.asarray(keras.layers.RandomFlip(mode, seed=1)(images, training=True), np.float32)
    assert {image.tobytes() for image in ours} == {image.tobytes() for image in theirs}


@pytest.mark.parametrize("size", [(31, 40), (12, 50), (64, 80), (7, 5), (1, 1)], ids=str)
@pytest.mark.parametrize("interpolation", ["bilinear", "nearest"])
@pytest.mark.parametrize("fit", [{}, {"crop_to_aspect_ratio": True}, {"pad_to_aspect_ratio": True, "fill_value": 7.0}])
@pytest.mark.parametrize("training", [True, False])
def test_resizing(training, fit, interpolation, size, pixels):
    assert_same_pixels("Resizing", pixels((31, 40)), *size, interpolation=interpolation, training=training, **fit)


def test_crops_are_parts_of_the_images(pixels):
    images = pixels((9, 8))
    for cropped in (
        layers.RandomCrop(4, 6)(images, training=True).numpy(),
        np.asarray(keras.layers.RandomCrop(4, 6)(images, training=True)),
    ):
        places = [(top, left) for top in range(6) for left in range(3)]
        assert any((images[:, top : top + 4, left : left + 6] == cropped).all() for top, left in places)
