"""One image, given parameters: against closed forms, a loop over pixels, and Pillow for brightness."""

import math

import numpy as np
import pytest
from PIL import Image, ImageEnhance

from minicnn.data.image_transform import affine_matrix, brighten, shift_channels, transform

rng = np.random.default_rng(0)
SQUARE = rng.uniform(0, 255, (7, 7, 3)).astype(np.float32)
WIDE = rng.uniform(0, 255, (5, 9, 1)).astype(np.float32)


def transformed(image, fill_mode="nearest", cval=0.0, interpolation="bilinear", **parameters):
    return transform(image[None], [parameters], fill_mode, cval, interpolation)[0]


def by_loops(image, matrix):
    """Bilinear, positions clamped to the image."""
    height, width, _ = image.shape
    result = np.empty_like(image)
    for p in range(height):
        for q in range(width):
            row, column = (float(np.clip(m @ (p, q, 1), 0, n - 1)) for m, n in zip(matrix, (height, width)))
            i, j = math.floor(row), math.floor(column)
            down, right = row - i, column - j
            k, m = min(i + 1, height - 1), min(j + 1, width - 1)
            upper = image[i, j] * (1 - right) + image[i, m] * right
            result[p, q] = upper * (1 - down) + (image[k, j] * (1 - right) + image[k, m] * right) * down
    return result


@pytest.mark.parametrize("image", [SQUARE, WIDE], ids=["square", "wide"])
def test_no_parameters_leave_the_image_as_it_is_in_memory_of_its_own(image):
    result = transformed(image)
    np.testing.assert_array_equal(result, image)
    assert not np.shares_memory(result, image)


@pytest.mark.parametrize("image", [SQUARE, WIDE], ids=["square", "wide"])
def test_flips_copy_pixels(image):
    np.testing.assert_array_equal(transformed(image, flip_horizontal=True), image[:, ::-1])
    np.testing.assert_array_equal(transformed(image, flip_vertical=True), image[::-1])
    np.testing.assert_array_equal(transformed(image, flip_horizontal=True, flip_vertical=True), image[::-1, ::-1])


def test_a_positive_angle_turns_anticlockwise():
    np.testing.assert_allclose(transformed(SQUARE, theta=90), np.rot90(SQUARE), atol=1e-3)


def test_tx_moves_columns_and_ty_rows():
    np.testing.assert_array_equal(transformed(SQUARE, tx=2)[:, :-2], SQUARE[:, 2:])
    np.testing.assert_array_equal(transformed(SQUARE, ty=-3)[3:], SQUARE[:-3])


@pytest.mark.parametrize(
    ("fill_mode", "beyond"), [("nearest", [4, 4]), ("constant", [9, 9]), ("reflect", [4, 3]), ("wrap", [1, 2])]
)
def test_beyond_the_image_is_what_the_fill_mode_says(fill_mode, beyond):
    row = np.arange(5, dtype=np.float32).reshape(1, 5, 1)
    assert transformed(row, fill_mode, cval=9.0, tx=2).ravel().tolist() == [2, 3, 4, *beyond]


def test_zoom_shows_less_of_the_image_about_its_centre():
    row = np.arange(5, dtype=np.float32).reshape(1, 5, 1)
    image = np.broadcast_to(row, (5, 5, 1)).copy()
    assert transformed(image, zx=0.5)[0].ravel().tolist() == [1, 1.5, 2, 2.5, 3]
    np.testing.assert_array_equal(transformed(image, zy=0.5), image)


def test_shear_moves_columns_by_rows_and_flattens():
    matrix = affine_matrix({"shear": 30}, 9, 9)
    np.testing.assert_allclose(matrix[:, :2], [[math.cos(math.pi / 6), 0], [-0.5, 1]], atol=1e-15)
    np.testing.assert_allclose(matrix @ (4, 4, 1), (4, 4))  # the centre stays


def test_zoom_comes_before_shear_and_shift_before_rotation():
    matrix = affine_matrix({"shear": 30, "zx": 2, "zy": 0.5}, 9, 9)
    np.testing.assert_allclose(matrix[:, :2], [[math.cos(math.pi / 6) / 2, 0], [-0.25, 2]], atol=1e-15)
    np.testing.assert_allclose(affine_matrix({"theta": 90, "tx": 3}, 9, 9) @ (4, 4, 1), (7, 4))
    np.testing.assert_allclose(affine_matrix({"zx": 2, "tx": 3}, 9, 9) @ (4, 4, 1), (4, 7))


PARAMETERS = {"theta": 25, "tx": 1.3, "ty": -0.7, "shear": 12, "zx": 0.8, "zy": 1.3}


@pytest.mark.parametrize("flips", [{}, {"flip_horizontal": True}, {"flip_vertical": True}])
@pytest.mark.parametrize("image", [SQUARE, WIDE], ids=["square", "wide"])
def test_all_together_against_loops_and_flipped_at_the_end(image, flips):
    expected = by_loops(image, affine_matrix(PARAMETERS, *image.shape[:2]))
    if flips:
        expected = expected[:, ::-1] if "flip_horizontal" in flips else expected[::-1]
    np.testing.assert_allclose(transformed(image, **PARAMETERS, **flips), expected, atol=1e-3)


def test_nearest_interpolation_copies_pixels():
    result = transformed(SQUARE, interpolation="nearest", **PARAMETERS)
    assert np.isin(result, SQUARE).all()
    assert not np.isin(transformed(SQUARE, **PARAMETERS), SQUARE).all()


def test_each_image_of_a_batch_has_its_own_parameters():
    images = rng.uniform(0, 255, (4, 6, 6, 3)).astype(np.float32)
    drawn = [{"theta": 10}, {}, {"flip_vertical": True, "brightness": 0.5}, {"channel_shift_intensity": 20.0, "zx": 2}]
    together = transform(images, drawn, "reflect", 0.0, "bilinear")
    for image, parameters, result in zip(images, drawn, together):
        np.testing.assert_array_equal(transformed(image, "reflect", **parameters), result)


def test_the_given_batch_is_not_changed():
    images = SQUARE[None].copy()
    transform(images, [{"brightness": 0.5, "channel_shift_intensity": 9.0}], "nearest", 0.0, "bilinear")
    np.testing.assert_array_equal(images[0], SQUARE)


def test_channel_shifts_stay_within_the_range_of_the_image():
    image = np.array([[[20.0, 100.0, 180.0]]], np.float32)
    assert shift_channels(image, 50).ravel().tolist() == [70, 150, 180]
    assert shift_channels(image, -50).ravel().tolist() == [20, 50, 130]


@pytest.mark.parametrize("factor", [0, 0.3, 0.51, 1, 1.1, 1.999, 7])
def test_brightness_is_pillows(factor):
    levels = np.arange(256, dtype=np.uint8).reshape(16, 16)
    expected = ImageEnhance.Brightness(Image.fromarray(levels)).enhance(factor)
    np.testing.assert_array_equal(brighten(levels[..., None].astype(np.float32), factor)[..., 0], expected)


def test_brightness_drops_fractions_but_not_those_that_rounding_left():
    image = np.array([99.9, 254.99998, 6.9999995], np.float32)
    assert brighten(image, 1.0).tolist() == [99, 255, 7]


def test_brightness_of_other_ranges_goes_by_way_of_0_to_255():
    image = np.array([-1.0, 0.0, 1.0], np.float32)
    assert brighten(image, 0.5).tolist() == pytest.approx([-1, 63 / 255 * 2 - 1, 127 / 255 * 2 - 1])
    assert brighten(np.full((2, 2, 1), 300, np.float32), 0.5).ravel().tolist() == [300] * 4


def test_nan_stays_nan():
    image = SQUARE.copy()
    image[0, 0, 0] = np.nan
    assert np.isnan(transformed(image, brightness=0.5)[0, 0, 0])
    assert np.isnan(transformed(image, channel_shift_intensity=5.0)[0, 0, 0])
