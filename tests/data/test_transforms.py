"""Geometry and colour of images for given amounts, against closed forms, loops and Pillow."""

import numpy as np
import pytest
from PIL import Image

from minicnn.data import transforms


@pytest.fixture
def rng():
    return np.random.default_rng(5)


# Geometry


@pytest.mark.parametrize("size", [(5, 5), (6, 6)])
def test_a_quarter_turn_is_counterclockwise(rng, size):
    images = rng.random((1, *size, 2))
    turned = transforms.moved(images, transforms.rotations(np.array([np.pi / 2]), size))
    np.testing.assert_allclose(turned[0], np.rot90(images[0]), atol=1e-12)


def test_half_a_turn_of_images_that_are_not_square(rng):
    images = rng.random((1, 4, 7, 1))
    turned = transforms.moved(images, transforms.rotations(np.array([np.pi]), (4, 7)))
    np.testing.assert_allclose(turned, images[:, ::-1, ::-1], atol=1e-12)


def test_every_image_has_an_angle_of_its_own(rng):
    images, angles = rng.random((3, 6, 9, 1)), np.array([0.1, -2.0, 7.0])
    together = transforms.moved(images, transforms.rotations(angles, (6, 9)), fill_mode="reflect")
    for i in range(3):
        alone = transforms.moved(
            images[i : i + 1], transforms.rotations(angles[i : i + 1], (6, 9)), fill_mode="reflect"
        )
        np.testing.assert_array_equal(together[i], alone[0])


def test_zooms_by_two_and_by_a_half():
    row = np.array([1.0, 2, 3, 4, 5]).reshape(1, 1, 5, 1)
    one = np.ones(1)
    half_as_much = transforms.moved(row, transforms.zooms(one, 0.5 * one, (1, 5)))
    twice_as_much = transforms.moved(row, transforms.zooms(one, 2 * one, (1, 5)))
    np.testing.assert_allclose(half_as_much.ravel(), [2, 2.5, 3, 3.5, 4])
    np.testing.assert_allclose(twice_as_much.ravel(), [0, 1, 3, 5, 0])


def test_whole_pixel_shifts_go_down_and_to_the_right_exactly(rng):
    images = rng.random((1, 6, 6, 2)).astype(np.float32)
    shifted = transforms.moved(images, transforms.shifts(np.array([2.0]), np.array([-1.0])))
    np.testing.assert_array_equal(shifted[:, 2:, :-1], images[:, :-2, 1:])
    assert not shifted[:, :2].any()
    assert not shifted[:, :, -1].any()


def test_pixels_in_bytes_become_float32(rng):
    pixels = rng.integers(0, 256, (2, 5, 5, 1), np.uint8)
    half_a_pixel = transforms.shifts(np.full(2, 0.5), np.full(2, 0.5))
    of_bytes = transforms.moved(pixels, half_a_pixel)
    assert of_bytes.dtype == np.float32
    np.testing.assert_array_equal(of_bytes, transforms.moved(pixels.astype(np.float32), half_a_pixel))


def test_nan_pixels_stay_visible():
    images = np.zeros((1, 3, 3, 1))
    images[0, 1, 1] = np.nan
    assert np.isnan(transforms.moved(images, transforms.shifts(np.array([0.25]), np.array([0.25])))).any()


@pytest.mark.parametrize("dtype", ["uint8", "float32"])
def test_flips_mirror_the_named_images_only(rng, dtype):
    images = rng.integers(0, 99, (4, 3, 5, 2)).astype(dtype)
    before = images.copy()
    masks = np.array([False, True, False, True]), np.array([False, False, True, True])
    flipped = transforms.flipped(images, *masks)
    assert flipped.dtype == dtype
    for i, (up_down, left_right) in enumerate(zip(*masks)):
        expected = images[i, ::-1] if up_down else images[i]
        np.testing.assert_array_equal(flipped[i], expected[:, ::-1] if left_right else expected)
    np.testing.assert_array_equal(images, before)


# Sizes


def resized_by_definition(image, size):
    """(H, W) to `size`: pixels are unit squares, sampled at the centres of the new ones, linear in between."""
    height, width = image.shape
    result = np.empty(size)
    for p, q in np.ndindex(size):
        h = np.clip((p + 0.5) * height / size[0] - 0.5, 0, height - 1)
        v = np.clip((q + 0.5) * width / size[1] - 0.5, 0, width - 1)
        i, j = min(int(h), max(height - 2, 0)), min(int(v), max(width - 2, 0))
        below, right = min(i + 1, height - 1), min(j + 1, width - 1)
        top = image[i, j] * (1 - (v - j)) + image[i, right] * (v - j)
        bottom = image[below, j] * (1 - (v - j)) + image[below, right] * (v - j)
        result[p, q] = top * (1 - (h - i)) + bottom * (h - i)
    return result


@pytest.mark.parametrize("size", [(3, 4), (13, 5), (7, 9), (1, 1), (20, 31)])
def test_bilinear_resizing(rng, size):
    images = rng.random((2, 7, 9, 2))
    resized = transforms.resized(images, size)
    assert resized.shape == (2, *size, 2)
    for n, c in np.ndindex(2, 2):
        np.testing.assert_allclose(resized[n, :, :, c], resized_by_definition(images[n, :, :, c], size), atol=1e-12)


@pytest.mark.parametrize("size", [(14, 18), (21, 9), (8, 33)])
def test_larger_images_are_pillows(rng, size):
    image = rng.random((7, 9)).astype(np.float32)
    resized = transforms.resized(image[None, :, :, None], size)
    expected = Image.fromarray(image).resize(size[::-1], Image.Resampling.BILINEAR)
    np.testing.assert_allclose(resized[0, :, :, 0], expected, atol=1e-5)


@pytest.mark.parametrize("size", [(3, 4), (14, 18), (7, 9), (1, 1), (5, 20)])
def test_nearest_pixels_are_pillows(rng, size):
    image = rng.integers(0, 256, (7, 9), np.uint8)
    resized = transforms.resized(image[None, :, :, None], size, "nearest")
    assert resized.dtype == np.uint8
    np.testing.assert_array_equal(
        resized[0, :, :, 0], Image.fromarray(image).resize(size[::-1], Image.Resampling.NEAREST)
    )


def test_cropping_and_padding_keep_the_aspect_ratio():
    image = np.arange(1.0, 9).reshape(1, 2, 4, 1)  # twice as wide as high
    np.testing.assert_array_equal(transforms.resized(image, (2, 2), fit="crop")[0, :, :, 0], [[2, 3], [6, 7]])
    np.testing.assert_array_equal(
        transforms.resized(image, (4, 4), fit="pad", fill_value=9)[0, :, :, 0],
        [[9, 9, 9, 9], [1, 2, 3, 4], [5, 6, 7, 8], [9, 9, 9, 9]],
    )
    np.testing.assert_array_equal(transforms.resized(image, (1, 1), fit="crop").ravel(), [4.5])  # of 2, 3, 6, 7


# Colour


def test_brightness_is_added_and_clipped():
    images = np.array([[0.0, 0.5], [0.25, 1.0]]).reshape(2, 1, 2, 1)
    bright = transforms.brightened(images, np.array([0.25, -0.5]), (0, 1))
    np.testing.assert_array_equal(bright.reshape(2, 2), [[0.25, 0.75], [0, 0.5]])


def test_contrast_goes_by_the_mean_of_each_channel_of_each_image(rng):
    images, factors = rng.random((3, 5, 4, 2)), np.array([0.0, 1.0, 1.5])
    changed = transforms.contrasted(images, factors, (0, 1))
    for n, c in np.ndindex(3, 2):
        image, mean = images[n, :, :, c], images[n, :, :, c].mean()
        np.testing.assert_allclose(changed[n, :, :, c], np.clip((image - mean) * factors[n] + mean, 0, 1), atol=1e-12)


@pytest.mark.parametrize("change", [transforms.brightened, transforms.contrasted])
def test_colours_of_bytes_are_those_of_floats(rng, change):
    pixels, amounts = rng.integers(0, 256, (2, 5, 5, 3), np.uint8), np.array([20.0, 0.5])
    of_bytes = change(pixels, amounts, (0, 255))
    assert of_bytes.dtype == np.float32
    np.testing.assert_array_equal(of_bytes, change(pixels.astype(np.float32), amounts, (0, 255)))


@pytest.mark.parametrize("change", [transforms.brightened, transforms.contrasted])
def test_nan_stays_nan(change):
    images = np.array([0.5, np.nan]).reshape(1, 1, 2, 1)
    assert np.isnan(change(images, np.array([1.0]), (0, 1))[0, 0, 1, 0])
