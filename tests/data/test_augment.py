"""Augmentation: warps checked pixel by pixel, and the random amounts that RandomAffine draws."""

import math

import numpy as np
import pytest

from minicnn.data import RandomAffine, warp


@pytest.fixture
def rng():
    return np.random.default_rng(5)


def warp_by_definition(image, matrix, offset):
    """One image (H, W, C), pixel by pixel."""
    height, width, channels = image.shape
    centre = np.array([(height - 1) / 2, (width - 1) / 2])
    out = np.zeros((height, width, channels))
    for row in range(height):
        for column in range(width):
            y, x = matrix @ (np.array([row, column]) - centre) + centre - offset
            for i in (math.floor(y), math.floor(y) + 1):
                for j in (math.floor(x), math.floor(x) + 1):
                    if 0 <= i < height and 0 <= j < width:
                        out[row, column] += image[i, j] * (1 - abs(y - i)) * (1 - abs(x - j))
    return out


@pytest.mark.parametrize("shape", [(1, 5, 5, 1), (3, 6, 9, 1), (2, 7, 4, 3)])
@pytest.mark.parametrize("strength", [0.0, 0.2, 3.0])
def test_warp_is_bilinear_interpolation_with_zeros_outside(rng, shape, strength):
    images = rng.normal(size=shape)
    matrices = np.eye(2) + strength * rng.normal(size=(shape[0], 2, 2))
    offsets = 2 * strength * rng.normal(size=(shape[0], 2))
    expected = [warp_by_definition(*one) for one in zip(images, matrices, offsets)]
    np.testing.assert_allclose(warp(images, matrices, offsets), expected, atol=1e-12)


def test_whole_pixel_shifts_are_exact_to_the_bit(rng):
    images = rng.random((1, 6, 6, 2)).astype(np.float32)
    moved = warp(images, np.eye(2)[None], np.array([[2.0, -1.0]]))
    np.testing.assert_array_equal(moved[:, 2:, :-1], images[:, :-2, 1:])
    assert not moved[:, :2].any()
    assert not moved[:, :, -1].any()


def test_warp_keeps_float32_and_makes_whole_numbers_float32(rng):
    pixels = rng.integers(0, 256, (2, 5, 5, 1), np.uint8)
    half_a_pixel = np.full((2, 2), 0.5)
    of_bytes = warp(pixels, np.stack([np.eye(2)] * 2), half_a_pixel)
    assert of_bytes.dtype == np.float32
    np.testing.assert_array_equal(of_bytes, warp(pixels.astype(np.float32), np.stack([np.eye(2)] * 2), half_a_pixel))


def test_a_quarter_turn_is_a_quarter_turn(rng):
    images = rng.random((1, 5, 5, 1))
    quarter = np.array([[[0.0, -1.0], [1.0, 0.0]]])
    np.testing.assert_allclose(warp(images, quarter, np.zeros((1, 2)))[0], np.rot90(images[0], -1), atol=1e-12)


def test_nan_pixels_stay_visible():
    images = np.zeros((1, 3, 3, 1))
    images[0, 1, 1] = np.nan
    assert np.isnan(warp(images, np.eye(2)[None], np.full((1, 2), 0.25))).any()


def test_no_amounts_change_nothing(rng):
    images = rng.random((4, 8, 8, 1)).astype(np.float32)
    np.testing.assert_array_equal(RandomAffine()(images, rng), images)


def test_each_image_gets_amounts_of_its_own_and_the_seed_decides(rng):
    images = np.repeat(rng.random((1, 9, 9, 1)), 3, axis=0)
    affine = RandomAffine(rotation=20, shift=0.2, zoom=0.2)
    first, again = (affine(images, np.random.default_rng(1)) for _ in range(2))
    np.testing.assert_array_equal(first, again)
    assert not np.allclose(first[0], first[1])
    assert not np.allclose(first, affine(images, np.random.default_rng(2)))


def test_shift_is_a_fraction_of_height_and_width():
    """A single bright pixel moves by at most that fraction, and nearly that far."""
    images = np.zeros((400, 21, 41, 1))
    images[:, 10, 20] = 1
    shifted = RandomAffine(shift=0.1)(images, np.random.default_rng(0))[..., 0]
    rows = (shifted.sum(axis=2) * np.arange(21)).sum(axis=1) - 10
    columns = (shifted.sum(axis=1) * np.arange(41)).sum(axis=1) - 20
    assert 2.0 < np.abs(rows).max() <= 2.1
    assert 4.0 < np.abs(columns).max() <= 4.1


def test_zoom_and_rotation_stay_within_their_bounds():
    """The distance and the angle at which a blob off the centre ends up."""
    row, column = np.mgrid[-20:21, -20:21]
    blob = np.exp(-((row - 0) ** 2 + (column - 10) ** 2) / 8)
    images = np.repeat(blob[None, ..., None], 300, axis=0)

    def centre_of_mass(affine):
        moved = affine(images, np.random.default_rng(0))[..., 0]
        mass = moved.sum(axis=(1, 2))
        return (moved * row).sum(axis=(1, 2)) / mass, (moved * column).sum(axis=(1, 2)) / mass

    y, x = centre_of_mass(RandomAffine(zoom=0.2))
    assert np.abs(y).max() < 1e-6
    assert 7.9 < x.min() < 8.2
    assert 11.8 < x.max() < 12.1
    angles = np.rad2deg(np.arctan2(*centre_of_mass(RandomAffine(rotation=15))))
    assert 14 < np.abs(angles).max() < 15.1
