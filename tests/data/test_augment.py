"""The random amounts that RandomAffine draws, and what it makes of them."""

import numpy as np
import pytest

from minicnn.data import RandomAffine


@pytest.fixture
def rng():
    return np.random.default_rng(5)


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
