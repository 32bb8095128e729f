"""ImageDataGenerator beside Keras's: the same pixels for given parameters, the same distributions, files and labels."""

import inspect
import operator
import os

import numpy as np
import pytest
from PIL import Image

from minicnn.preprocessing import image as ours

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
pytest.importorskip("tensorflow", reason="TensorFlow is not installed")
pytest.importorskip("scipy", reason="SciPy, which Keras transforms images with, is not installed")

from tensorflow.keras.preprocessing import image as theirs

SEED = int(os.environ.get("MINICNN_TEST_SEED") or np.random.SeedSequence().entropy % 2**32)
GEOMETRY = {
    "rotation_range": 40,
    "width_shift_range": 0.2,
    "height_shift_range": 0.3,
    "shear_range": 30,
    "zoom_range": 0.4,
    "horizontal_flip": True,
    "vertical_flip": True,
}
COLOUR = {"channel_shift_range": 40.0, "brightness_range": (0.3, 1.8)}
SAVING = {"save_to_dir", "save_prefix", "save_format"}
TOLERANCE = 1e-3 * 255
#: brightness drops fractions: in so few pixels, rounding decides whether a value is still below a whole number
ONE_LEVEL_OFF = 1e-3

pytestmark = pytest.mark.filterwarnings("ignore")


def both(**options):
    return ours.ImageDataGenerator(**options), theirs.ImageDataGenerator(**options)


#: arguments that Keras does not have
ADDED = {"on_error"}


@pytest.mark.parametrize(
    ("name", "missing"),
    [
        ("ImageDataGenerator", {"zca_whitening", "zca_epsilon", "data_format", "dtype"}),
        ("ImageDataGenerator.flow", SAVING),
        ("ImageDataGenerator.flow_from_directory", SAVING),
        ("ImageDataGenerator.get_random_transform", set()),
        ("ImageDataGenerator.apply_transform", set()),
        ("ImageDataGenerator.random_transform", set()),
        ("ImageDataGenerator.standardize", set()),
        ("ImageDataGenerator.fit", set()),
        ("load_img", set()),
        ("img_to_array", set()),
        ("array_to_img", set()),
        ("save_img", {"kwargs"}),
    ],
)
def test_arguments_are_keras_arguments(name, missing):
    our, their = (inspect.signature(operator.attrgetter(name)(library)).parameters for library in (ours, theirs))
    assert {argument: p.default for argument, p in our.items() if argument not in ADDED} == {
        argument: p.default for argument, p in their.items() if argument not in missing
    }
    positional = [argument for argument, p in our.items() if p.kind is not p.KEYWORD_ONLY]
    assert positional == list(their)[: len(positional)]


def an_image(rng, channels=(1, 3)):
    shape = (*rng.integers(1, 40, 2), rng.choice(channels))
    image = rng.uniform(0, 255, shape).astype(np.float32)
    return image if rng.random() < 0.5 else np.trunc(image)


@pytest.mark.parametrize("order", [0, 1])
@pytest.mark.parametrize("fill_mode", ["nearest", "constant", "reflect", "wrap"])
def test_the_same_pixels_for_the_same_geometry(fill_mode, order):
    rng = np.random.default_rng(SEED)
    our, their = both(fill_mode=fill_mode, cval=7.0, interpolation_order=order, **GEOMETRY)
    for _ in range(25):
        image = an_image(rng)
        parameters = their.get_random_transform(image.shape, seed=int(rng.integers(2**32)))
        expected = their.apply_transform(image, parameters)
        np.testing.assert_allclose(our.apply_transform(image, parameters), expected, rtol=0, atol=TOLERANCE)


@pytest.mark.parametrize("fill_mode", ["nearest", "constant", "reflect", "wrap"])
def test_the_same_pixels_for_the_same_colours(fill_mode):
    rng = np.random.default_rng(SEED)
    our, their = both(fill_mode=fill_mode, cval=7.0, **GEOMETRY, **COLOUR)
    different = total = 0
    for _ in range(25):
        image = an_image(rng)
        parameters = their.get_random_transform(image.shape, seed=int(rng.integers(2**32)))
        distance = np.abs(our.apply_transform(image, parameters) - their.apply_transform(image, parameters))
        assert distance.max() <= 2
        different += (distance > TOLERANCE).sum()
        total += distance.size
    assert different <= ONE_LEVEL_OFF * total


@pytest.mark.parametrize("low", [-1.0, -300.0, 100.0])
def test_colours_of_images_beyond_0_to_255(low):
    image = np.random.default_rng(SEED).uniform(low, low + 400, (9, 9, 3)).astype(np.float32)
    our, their = both()
    for parameters in ({"brightness": 0.7}, {"brightness": 1.4}, {"channel_shift_intensity": 30.0}):
        expected = their.apply_transform(image, parameters)
        distance = np.abs(our.apply_transform(image, parameters) - expected)
        assert distance.max() <= 400 / 255 * 2
        assert np.median(distance) < 1e-3


@pytest.mark.parametrize(
    "options",
    [
        *({name: value} for name, value in (GEOMETRY | COLOUR).items()),
        {"height_shift_range": 5},
        {"width_shift_range": 6.0},
        {"height_shift_range": [1, 4]},
        {"zoom_range": [0.5, 0.7]},
    ],
    ids=str,
)
def test_the_same_distributions(options):
    found = []
    for generator in both(**options):
        np.random.seed(SEED % 2**32)  # noqa: NPY002  what Keras draws from
        found.append([generator.get_random_transform((40, 20, 3)) for _ in range(1000)])
    our, their = ({name: [p[name] for p in some] for name in some[0]} for some in found)
    assert our.keys() == their.keys()
    for name, expected in their.items():
        if len(values := set(expected)) < 10:  # none, flips, whole pixels, a list
            assert set(our[name]) == values, name
            assert all(abs(our[name].count(value) - expected.count(value)) < 80 for value in values), name
        else:
            some, others = (np.quantile(numbers, np.linspace(0, 1, 9)) for numbers in (our[name], expected))
            np.testing.assert_allclose(some, others, atol=0.08 * np.ptp(expected), err_msg=name)


def test_the_same_standardization():
    rng = np.random.default_rng(SEED)
    images = rng.uniform(0, 255, (6, 5, 4, 3)).astype(np.float32)
    for options in (
        {"rescale": 1 / 255},
        {"samplewise_center": True},
        {"samplewise_std_normalization": True, "rescale": 0.1},
        {"featurewise_center": True, "preprocessing_function": lambda x: x * 2 + 1},
        {"featurewise_std_normalization": True, "rescale": 1 / 255},
    ):
        our, their = both(**options)
        our.fit(images)
        their.fit(images)
        for image in images:
            np.testing.assert_allclose(our.standardize(image), their.standardize(image.copy()), rtol=2e-5, atol=1e-4)


@pytest.fixture
def folder(tmp_path):
    """Three classes of 7, 4 and 1 images of many sizes and kinds, some of them in folders further below."""
    rng = np.random.default_rng(SEED)
    for name, count in (("b two", 7), ("a", 4), ("é", 1)):
        for i in range(count):
            file = tmp_path / name / ("A/b" if i == 2 else "") / f"{10 - i}.{('png', 'bmp', 'JPG')[i % 3]}"
            file.parent.mkdir(parents=True, exist_ok=True)
            height, width = rng.integers(2, 40, 2)
            mode = ("RGB", "L", "RGB")[i % 3]
            shape = (height, width, 3)[: 3 if mode == "RGB" else 2]
            Image.fromarray(rng.integers(0, 256, shape, np.uint8)).save(file)
        (tmp_path / name / "notes.txt").write_text("no image")
    return str(tmp_path)


@pytest.mark.parametrize("subset", [None, "training", "validation"])
@pytest.mark.parametrize("class_mode", ["categorical", "sparse", "binary", "input", None])
def test_the_same_files_labels_and_images(folder, class_mode, subset):
    options = {"target_size": (9, 12), "class_mode": class_mode, "shuffle": False, "batch_size": 4, "subset": subset}
    our, their = (g.flow_from_directory(folder, **options) for g in both(validation_split=0.3, rescale=1 / 255))
    assert our.filenames == their.filenames
    for attribute in ("class_indices", "num_classes", "samples", "n", "filepaths", "image_shape", "batch_size"):
        assert getattr(our, attribute) == getattr(their, attribute), attribute
    np.testing.assert_array_equal(our.classes, their.classes)
    assert len(our) == len(their)
    for index in range(len(their)):
        ours_, theirs_ = our[index], their[index]
        if not isinstance(theirs_, tuple):
            ours_, theirs_ = (ours_,), (theirs_,)
        for a, b in zip(ours_, theirs_, strict=True):
            assert (a.dtype, a.shape) == (b.dtype, b.shape)
            np.testing.assert_allclose(a, b, atol=1e-6)


@pytest.mark.parametrize("keep_aspect_ratio", [False, True])
@pytest.mark.parametrize("interpolation", ["nearest", "bilinear", "bicubic", "lanczos"])
@pytest.mark.parametrize("color_mode", ["rgb", "grayscale"])
def test_the_same_resizing(tmp_path, color_mode, interpolation, keep_aspect_ratio):
    options = {"color_mode": color_mode, "interpolation": interpolation, "keep_aspect_ratio": keep_aspect_ratio}
    for name, shape in (("wide", (60, 120)), ("high", (90, 50)), ("small", (24, 31))):
        rows, columns = np.mgrid[: shape[0], : shape[1]]
        pixels = np.stack([200 * rows / shape[0], 200 * columns / shape[1], 100 + 0 * rows], axis=-1)
        (tmp_path / name).mkdir()
        Image.fromarray(pixels.astype(np.uint8)).save(tmp_path / name / "gradient.png")
    ours_, theirs_ = (next(g.flow_from_directory(tmp_path, (32, 20), shuffle=False, **options))[0] for g in both())
    assert ours_.shape == theirs_.shape
    assert np.abs(ours_ - theirs_).max() <= (12 if keep_aspect_ratio else 1)  # a crop begins within a pixel of theirs


@pytest.mark.parametrize("shuffle", [False, True])
def test_arrays_come_with_the_same_labels(shuffle):
    x, y = np.arange(10.0).reshape(10, 1, 1, 1), np.arange(10) % 2
    for generator in both(validation_split=0.4):
        for subset, expected in ((None, range(10)), ("training", range(4, 10)), ("validation", range(4))):
            flow = generator.flow(x, y, batch_size=3, shuffle=shuffle, subset=subset, sample_weight=y * 2.0)
            batches = [next(flow) for _ in range(len(flow))]
            images, labels, weights = (np.concatenate(parts) for parts in zip(*batches))
            np.testing.assert_array_equal(images.ravel() % 2, labels)
            np.testing.assert_array_equal(weights, labels * 2)
            assert sorted(images.ravel()) == list(expected)
            assert shuffle or images.ravel().tolist() == list(expected)


def test_single_images(tmp_path):
    rng = np.random.default_rng(SEED)
    pixels = rng.uniform(-3, 8, (11, 7, 3))
    for scale in (True, False):
        array = pixels if scale else np.clip(pixels * 20, 0, 255)
        a, b = (library.array_to_img(array, scale=scale) for library in (ours, theirs))
        np.testing.assert_array_equal(a, b)
        assert (a.mode, a.size) == (b.mode, b.size)
    for channels in (1, 4):
        a, b = (library.array_to_img(pixels[..., [0, 1, 2, 0][:channels]]) for library in (ours, theirs))
        np.testing.assert_array_equal(a, b)
        np.testing.assert_array_equal(ours.img_to_array(a), theirs.img_to_array(b))
    file = str(tmp_path / "image.png")
    ours.save_img(file, pixels)
    for options in (
        {},
        {"color_mode": "grayscale"},
        {"target_size": (5, 6)},
        {"target_size": (4, 4), "keep_aspect_ratio": True},
    ):
        a, b = (library.load_img(file, **options) for library in (ours, theirs))
        assert (a.mode, a.size) == (b.mode, b.size)
        np.testing.assert_array_equal(a, b)
