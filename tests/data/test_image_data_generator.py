"""ImageDataGenerator: what it draws, what it does to pixels, and the options that it refuses."""

import numpy as np
import pytest

from minicnn.preprocessing.image import ImageDataGenerator
from minicnn.utils import set_random_seed

IMAGES = np.random.default_rng(0).uniform(0, 255, (5, 8, 6, 3)).astype(np.float32)


def drawn(times=300, **options):
    """{parameter: (times,) values}, for images of 40 × 20 pixels."""
    generator, rng = ImageDataGenerator(**options), np.random.default_rng(0)
    found = [generator.get_random_transform((40, 20, 3), seed=int(rng.integers(2**32))) for _ in range(times)]
    return {name: np.array([parameters[name] for parameters in found]) for name in found[0]}


def assert_fills(values, low, high):
    """Values spread evenly over the range."""
    assert low <= values.min() < low + (high - low) / 10
    assert high >= values.max() > high - (high - low) / 10
    assert abs(values.mean() - (low + high) / 2) < (high - low) / 10


def test_nothing_is_drawn_that_was_not_asked_for():
    assert ImageDataGenerator().get_random_transform((8, 8, 3)) == {
        "theta": 0,
        "tx": 0,
        "ty": 0,
        "shear": 0,
        "zx": 1,
        "zy": 1,
        "flip_horizontal": False,
        "flip_vertical": False,
        "channel_shift_intensity": None,
        "brightness": None,
    }


@pytest.mark.parametrize(
    ("options", "name", "low", "high"),
    [
        ({"rotation_range": 30}, "theta", -30, 30),
        ({"shear_range": 0.3}, "shear", -0.3, 0.3),
        ({"zoom_range": 0.3}, "zx", 0.7, 1.3),
        ({"zoom_range": 0.3}, "zy", 0.7, 1.3),
        ({"zoom_range": [0.5, 0.6]}, "zx", 0.5, 0.6),
        ({"channel_shift_range": 12}, "channel_shift_intensity", -12, 12),
        ({"brightness_range": (0.5, 2)}, "brightness", 0.5, 2),
        ({"height_shift_range": 0.1}, "tx", -4, 4),
        ({"width_shift_range": 0.1}, "ty", -2, 2),
        ({"width_shift_range": 3.0}, "ty", -3, 3),
    ],
)
def test_ranges_are_filled_evenly(options, name, low, high):
    values = drawn(**options)
    assert_fills(values.pop(name), low, high)
    nothing = drawn(1)
    partner = {"zx": "zy", "zy": "zx"}.get(name)
    assert all((values[other] == nothing[other]).all() for other in values if other != partner)


def test_shifts_by_whole_pixels_and_from_a_list():
    assert set(drawn(height_shift_range=3)["tx"]) == {-2, -1, 0, 1, 2}
    assert set(drawn(width_shift_range=[2, 5])["ty"]) == {-5, -2, 2, 5}
    assert set(drawn(width_shift_range=(0.1, 0.5))["ty"]) == {-10, -2, 2, 10}


def test_height_and_width_are_zoomed_independently():
    values = drawn(zoom_range=0.5)
    assert abs(np.corrcoef(values["zx"], values["zy"])[0, 1]) < 0.2


@pytest.mark.parametrize("direction", ["horizontal", "vertical"])
def test_half_of_the_images_are_flipped(direction):
    assert 0.4 < drawn(**{f"{direction}_flip": True})[f"flip_{direction}"].mean() < 0.6


def test_a_seed_gives_the_same_parameters_and_the_projects_seed_too():
    generator = ImageDataGenerator(rotation_range=30, zoom_range=0.2)
    first = generator.get_random_transform((8, 8, 3), seed=1)
    assert first == generator.get_random_transform((8, 8, 3), seed=1)
    assert first != generator.get_random_transform((8, 8, 3), seed=2)
    set_random_seed(1)
    assert generator.get_random_transform((8, 8, 3)) == first
    assert generator.get_random_transform((8, 8, 3)) != first


def test_a_random_transform_is_that_of_its_parameters():
    generator = ImageDataGenerator(rotation_range=30, brightness_range=(0.5, 1.5), fill_mode="reflect")
    expected = generator.apply_transform(IMAGES[0], generator.get_random_transform(IMAGES[0].shape, seed=3))
    np.testing.assert_array_equal(generator.random_transform(IMAGES[0], seed=3), expected)


def test_whole_numbers_are_transformed_as_floats():
    result = ImageDataGenerator().apply_transform(IMAGES[0].astype(np.uint8), {"theta": 20})
    expected = ImageDataGenerator().apply_transform(np.trunc(IMAGES[0]), {"theta": 20})
    assert result.dtype == np.float32
    np.testing.assert_array_equal(result, expected)


# ------------------------------------------------------------------------------------------------ standardize


def test_rescale_comes_after_the_function():
    generator = ImageDataGenerator(rescale=0.5, preprocessing_function=lambda image: image + 10)
    np.testing.assert_allclose(generator.standardize(IMAGES), (IMAGES + 10) / 2, rtol=1e-6)


def test_the_function_sees_single_images():
    seen = []
    generator = ImageDataGenerator(preprocessing_function=lambda image: seen.append(image.shape) or image)
    generator.standardize(IMAGES)
    assert seen == [(8, 6, 3)] * 5


def test_samplewise_normalisation_is_over_each_image():
    result = ImageDataGenerator(samplewise_std_normalization=True).standardize(IMAGES)
    np.testing.assert_allclose(result.mean((1, 2, 3)), 0, atol=1e-5)
    np.testing.assert_allclose(result.std((1, 2, 3)), 1, rtol=1e-5)
    centred = ImageDataGenerator(samplewise_center=True).standardize(IMAGES[0])
    np.testing.assert_allclose(centred, IMAGES[0] - IMAGES[0].mean(), atol=1e-3)


def test_featurewise_normalisation_is_over_the_channels_of_the_data():
    generator = ImageDataGenerator(featurewise_std_normalization=True, rescale=1 / 255)
    generator.fit(IMAGES)
    result = generator.standardize(IMAGES)
    np.testing.assert_allclose(result.mean((0, 1, 2)), 0, atol=1e-5)
    np.testing.assert_allclose(result.std((0, 1, 2)), 1, rtol=1e-4)


def test_fitting_augmented_images_sees_more():
    generator = ImageDataGenerator(featurewise_center=True, channel_shift_range=100.0)
    generator.fit(IMAGES, augment=True, rounds=3, seed=0)
    augmented = generator.mean
    generator.fit(IMAGES)
    np.testing.assert_allclose(generator.mean, IMAGES.mean((0, 1, 2)), rtol=1e-5)
    assert not np.allclose(augmented, generator.mean, rtol=1e-3)


def test_featurewise_normalisation_without_data_warns_and_does_nothing():
    with pytest.warns(UserWarning, match=r"before generator.fit\(images\)"):
        np.testing.assert_array_equal(ImageDataGenerator(featurewise_center=True).standardize(IMAGES), IMAGES)


def test_the_given_images_are_not_changed():
    images = IMAGES.copy()
    ImageDataGenerator(rescale=1 / 255, samplewise_center=True).standardize(images)
    np.testing.assert_array_equal(images, IMAGES)


# -------------------------------------------------------------------------------------------------- refusals


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"fill_mode": "mirror"}, "fill_mode must be 'constant', 'nearest', 'reflect' or 'wrap', got 'mirror'"),
        ({"interpolation_order": 3}, r"interpolation_order must be 0 \(nearest\) or 1 \(bilinear\), got 3"),
        ({"validation_split": 1.0}, "validation_split must be a fraction between 0 and 1, got 1.0"),
        ({"zoom_range": (1, 2, 3)}, r"zoom_range must be \(lowest, highest\) or a single number, got \(1, 2, 3\)"),
        ({"brightness_range": 0.2}, r"brightness_range must be \(lowest, highest\), got 0.2"),
    ],
)
def test_what_cannot_be_is_refused(options, message):
    with pytest.raises(ValueError, match=message):
        ImageDataGenerator(**options)


def test_fit_wants_a_batch():
    with pytest.raises(ValueError, match=r"fit needs images of shape \(N, H, W, C\), got shape \(8, 6, 3\)"):
        ImageDataGenerator().fit(IMAGES[0])
