"""Preprocessing layers: what they draw, when they act, what they refuse."""

import re

import numpy as np
import pytest

import minicnn as mc
from minicnn import layers
from minicnn.data import transforms

MAKERS = {
    "RandomFlip": lambda **o: layers.RandomFlip(**o),
    "RandomRotation": lambda **o: layers.RandomRotation(0.2, **o),
    "RandomZoom": lambda **o: layers.RandomZoom(0.3, (-0.2, 0.1), **o),
    "RandomTranslation": lambda **o: layers.RandomTranslation(0.3, 0.2, **o),
    "RandomAffine": lambda **o: layers.RandomAffine(0.1, 0.2, 0.1, **o),
    "RandomBrightness": lambda **o: layers.RandomBrightness(0.3, value_range=(0, 1), **o),
    "RandomContrast": lambda **o: layers.RandomContrast(0.3, value_range=(0, 1), **o),
    "RandomCrop": lambda **o: layers.RandomCrop(7, 5, **o),
}
every_layer = pytest.mark.parametrize("make", MAKERS.values(), ids=MAKERS)
OF_EACH_IMAGE = {name: make for name, make in MAKERS.items() if name != "RandomCrop"}


@pytest.fixture
def images():
    return np.random.default_rng(1).random((6, 12, 10, 3)).astype(np.float32)


@pytest.mark.parametrize("make", OF_EACH_IMAGE.values(), ids=OF_EACH_IMAGE)
def test_nothing_happens_after_training(make, images):
    np.testing.assert_array_equal(make()(images, training=False).numpy(), images)
    assert (make(seed=3)(images, training=True).numpy() != images).any()


@every_layer
def test_the_seed_decides(make, images):
    first, again, other = (make(seed=seed)(images, training=True).numpy() for seed in (1, 1, 2))
    np.testing.assert_array_equal(first, again)
    assert (first != other).any()


@every_layer
def test_without_a_seed_the_projects_seed_decides(make, images):
    runs = []
    for seed in (1, 1, 2):
        mc.utils.set_random_seed(seed)
        runs.append(make()(images, training=True).numpy())
    np.testing.assert_array_equal(runs[0], runs[1])
    assert (runs[0] != runs[2]).any()


@every_layer
def test_two_layers_draw_from_generators_of_their_own(make, images):
    mc.utils.set_random_seed(1)
    one, other = make(), make()
    alone = one(images, training=True).numpy()
    mc.utils.set_random_seed(1)
    one, other = make(), make()
    other(images, training=True)
    np.testing.assert_array_equal(one(images, training=True).numpy(), alone)


@every_layer
def test_each_call_draws_anew(make, images):
    layer = make(seed=4)
    assert (layer(images, training=True).numpy() != layer(images, training=True).numpy()).any()


@pytest.mark.parametrize("make", OF_EACH_IMAGE.values(), ids=OF_EACH_IMAGE)
def test_each_image_has_amounts_of_its_own(make, images):
    same = np.repeat(images[:1], 6, axis=0)
    changed = make(seed=4)(same, training=True).numpy()
    assert (changed[1:] != changed[0]).any(axis=(1, 2, 3)).any()


@every_layer
def test_bytes_give_what_floats_give(make):
    pixels = np.random.default_rng(1).integers(0, 256, (6, 12, 10, 3), np.uint8)
    of_bytes = make(seed=1)(pixels, training=True)
    assert of_bytes.dtype == np.float32
    np.testing.assert_array_equal(of_bytes.numpy(), make(seed=1)(pixels.astype(np.float32), training=True).numpy())


@pytest.mark.parametrize("mode", ["horizontal", "vertical", "horizontal_and_vertical"])
def test_every_flip_happens_as_often_as_the_others(mode):
    corners = np.repeat(np.arange(4.0).reshape(1, 2, 2, 1), 4000, axis=0)
    first = layers.RandomFlip(mode, seed=0)(corners, training=True).numpy()[:, 0, 0, 0].astype(int)
    counts = np.bincount(first, minlength=4) / 4000
    expected = {"horizontal": [0.5, 0.5, 0, 0], "vertical": [0.5, 0, 0.5, 0], "horizontal_and_vertical": [0.25] * 4}
    np.testing.assert_allclose(counts, expected[mode], atol=0.03)


def test_limits_are_reached_and_kept():
    """The place of a single bright pixel, and the mean of grey images, over many draws."""
    spot = np.zeros((500, 21, 41, 1), np.float32)
    spot[:, 10, 20] = 1
    moved = layers.RandomTranslation(0.2, (-0.1, 0), "constant", seed=0)(spot, training=True).numpy()[..., 0]
    rows = (moved.sum(axis=2) * np.arange(21)).sum(axis=1) - 10
    columns = (moved.sum(axis=1) * np.arange(41)).sum(axis=1) - 20
    assert -4.2 <= rows.min() < -4.1 < 4.1 < rows.max() <= 4.2
    assert -4.1 <= columns.min() < -4 < -0.1 < columns.max() <= 0
    grey = np.full((500, 1, 1, 1), 100, np.float32)
    bright = layers.RandomBrightness((-0.1, 0.2), seed=0)(grey, training=True).numpy() - 100
    assert -25.5 <= bright.min() < -25 < 50 < bright.max() <= 51
    pair = np.repeat(np.array([90.0, 110]).reshape(1, 1, 2, 1), 500, axis=0)
    spread = np.diff(layers.RandomContrast((0.5, 0.25), seed=0)(pair, training=True).numpy().reshape(500, 2)) / 20
    assert 0.5 <= spread.min() < 0.51 < 1.24 < spread.max() <= 1.25


def test_zoom_without_a_width_keeps_the_aspect_ratio(images):
    zoomed = layers.RandomZoom((-0.5, -0.5))(images, training=True).numpy()
    half = np.full(6, 0.5)
    expected = transforms.moved(images, transforms.zooms(half, half, (12, 10)), fill_mode="reflect")
    np.testing.assert_array_equal(zoomed, expected)


def test_crops_come_from_everywhere_and_are_one_for_a_batch():
    places = np.arange(20.0).reshape(1, 4, 5, 1).repeat(3, axis=0)
    layer, seen = layers.RandomCrop(3, 2, seed=0), set()
    for _ in range(200):
        cropped = layer(places, training=True).numpy()[..., 0]
        assert (cropped == cropped[0]).all()
        first = int(cropped[0, 0, 0])
        np.testing.assert_array_equal(cropped[0], places[0, first // 5 :, first % 5 :, 0][:3, :2])
        seen.add(first)
    assert seen == {0, 1, 2, 3, 5, 6, 7, 8}


def test_crops_after_training_and_of_small_images_are_resized_from_the_middle(images):
    after = layers.RandomCrop(6, 6)(images, training=False).numpy()
    np.testing.assert_allclose(after, layers.Resizing(6, 6, crop_to_aspect_ratio=True)(images).numpy())
    small = layers.RandomCrop(20, 10)(images, training=True).numpy()
    np.testing.assert_allclose(small, layers.Resizing(20, 10, crop_to_aspect_ratio=True)(images).numpy())


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({}, lambda x: transforms.resized(x, (5, 7))),
        ({"interpolation": "nearest"}, lambda x: transforms.resized(x, (5, 7), "nearest")),
        ({"crop_to_aspect_ratio": True}, lambda x: transforms.resized(x, (5, 7), fit="crop")),
        (
            {"pad_to_aspect_ratio": True, "fill_value": 0.5},
            lambda x: transforms.resized(x, (5, 7), "bilinear", "pad", 0.5),
        ),
    ],
)
def test_resizing_is_what_it_is_called(options, expected, images):
    layer = layers.Resizing(5, 7, **options)
    for training in (True, False):
        np.testing.assert_array_equal(layer(images, training=training).numpy(), expected(images))
    assert layer.compute_output_shape((None, 12, 10, 3)) == (None, 5, 7, 3)


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (lambda: layers.RandomFlip("sideways"), ["mode", "horizontal_and_vertical", "'sideways'"]),
        (lambda: layers.RandomRotation(1.5), ["factor", "between -1 and 1", "1.5"]),
        (lambda: layers.RandomRotation((0.1, 0.2, 0.3)), ["pair", "(0.1, 0.2, 0.3)"]),
        (lambda: layers.RandomRotation(0.1, "reflekt"), ["fill_mode", "did you mean 'reflect'"]),
        (lambda: layers.RandomZoom(0.1, interpolation="cubic"), ["interpolation", "bilinear", "'cubic'"]),
        (lambda: layers.RandomTranslation(0.1, 3), ["width_factor", "3"]),
        (lambda: layers.RandomContrast(-0.1), ["factor", "between 0 and 1"]),
        (lambda: layers.RandomBrightness(0.1, value_range=(0, 1, 2)), ["value_range", "(0, 1, 2)"]),
        (lambda: layers.Resizing(3, 3, "bilinaer"), ["interpolation", "did you mean 'bilinear'"]),
        (lambda: layers.Resizing(3, 3, crop_to_aspect_ratio=True, pad_to_aspect_ratio=True), ["exclude each other"]),
        (lambda: layers.Resizing(3, 3, fill_mode="reflect"), ["fill_mode", "constant"]),
        (lambda: layers.RandomFlip()(np.ones((4, 4, 3)), training=True), ["(N, H, W, C)", "x[None]"]),
    ],
)
def test_errors_teach(make, says):
    with pytest.raises(ValueError, match=re.escape(says[0])) as caught:
        make()
    for part in says:
        assert part in str(caught.value)


def test_gradients_do_not_stop_silently(images):
    model = mc.Sequential(
        [mc.Input((12, 10, 3)), layers.Conv2D(2, 3), layers.RandomFlip(), layers.GlobalMaxPooling2D()]
    )
    model.compile("sgd", "mse")
    with pytest.raises(ValueError, match=r"random_flip.*beginning of the model"):
        model.fit(images, np.zeros((6, 2)), verbose=0)
    model.layers[0].trainable = False
    assert model.predict(images, verbose=0).shape == (6, 2)


def test_an_affine_layer_does_the_three_moves_at_once():
    """Amounts without randomness that move pixels onto pixels, so that interpolating three times loses nothing."""
    images = np.random.default_rng(2).random((3, 9, 9, 2)).astype(np.float32)
    options = {"fill_mode": "constant"}
    once = layers.RandomAffine((0.25, 0.25), (1, 1), (1 / 9, 1 / 9), **options)
    one_by_one = images
    for layer in (
        layers.RandomRotation((0.25, 0.25), **options),
        layers.RandomZoom((1, 1), **options),
        layers.RandomTranslation((1 / 9, 1 / 9), (1 / 9, 1 / 9), **options),
    ):
        one_by_one = layer(one_by_one, training=True).numpy()
    np.testing.assert_allclose(once(images, training=True).numpy(), one_by_one, atol=1e-5)
    assert (one_by_one != images).mean() > 0.9
