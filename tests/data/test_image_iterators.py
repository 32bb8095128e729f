"""Batches from arrays and folders: each image once a pass with its label, the same bits for a seed at any timing."""

import itertools
import random
import threading
import time
import warnings

import numpy as np
import pytest
from PIL import Image

import minicnn as mc
from minicnn.data import image_iterators
from minicnn.images import ImageFileError
from minicnn.preprocessing.image import ImageDataGenerator

X = np.arange(10, dtype=np.float32).reshape(10, 1, 1, 1)
Y = np.arange(10) * 10
AUGMENTING = {"rotation_range": 40, "zoom_range": 0.3, "brightness_range": (0.5, 1.5), "horizontal_flip": True}


def plain():
    return ImageDataGenerator()


def values(images):
    return images[:, 0, 0, 0].astype(int).tolist()


def assert_same_batches(some, others):
    for one, other in zip(some, others, strict=True):
        for a, b in zip(one, other, strict=True):
            np.testing.assert_array_equal(a, b)


# ----------------------------------------------------------------------------------------------------- arrays


def test_in_order_the_last_batch_is_smaller_and_then_it_begins_anew():
    flow = plain().flow(X, Y, batch_size=4, shuffle=False)
    assert (len(flow), flow.n) == (3, 10)
    found = [(values(x), y.tolist()) for x, y in itertools.islice(flow, 4)]
    assert [x for x, _ in found] == [[0, 1, 2, 3], [4, 5, 6, 7], [8, 9], [0, 1, 2, 3]]
    assert all(y == [10 * i for i in x] for x, y in found)


def test_without_labels_batches_are_images_and_weights_come_third():
    assert values(next(plain().flow(X, batch_size=2, shuffle=False))) == [0, 1]
    _, _, weights = next(plain().flow(X, Y, batch_size=3, shuffle=False, sample_weight=Y / 2))
    assert weights.tolist() == [0, 5, 10]


def test_shuffled_passes_hold_every_image_once_in_ever_new_orders():
    flow = plain().flow(X, Y, batch_size=3, seed=0)
    passes = [[values(x) for x, _ in itertools.islice(flow, len(flow))] for _ in range(3)]
    orders = [list(itertools.chain(*batches)) for batches in passes]
    assert all(sorted(order) == list(range(10)) for order in orders)
    assert len({tuple(order) for order in orders}) == 3


def test_by_number_they_are_the_batches_of_one_pass():
    flow = plain().flow(X, Y, batch_size=4, seed=0)
    order = [number for i in (2, 0, 1) for number in values(flow[i][0])]
    assert sorted(order) == list(range(10))
    assert values(flow[2][0]) == order[:2]
    flow.on_epoch_end()
    assert values(flow[2][0]) != order[:2]
    with pytest.raises(IndexError, match="there are 3 batches, numbered from 0, and no number 3"):
        flow[3]


def test_reset_begins_a_new_pass():
    flow = plain().flow(X, batch_size=4, shuffle=False)
    assert values(next(flow)) == [0, 1, 2, 3]
    flow.reset()
    assert values(next(flow)) == [0, 1, 2, 3]


def test_images_are_augmented_anew_every_time():
    image = np.random.default_rng(0).uniform(0, 255, (1, 8, 8, 3))
    flow = ImageDataGenerator(**AUGMENTING).flow(np.repeat(image, 8, axis=0), batch_size=4)
    batches = [next(flow) for _ in range(4)]  # of two passes
    assert all(batch.shape == (4, 8, 8, 3) and batch.dtype == np.float32 for batch in batches)
    assert len(np.unique(np.concatenate(batches), axis=0)) == 16


def batches_of(seed, count=7, project_seed=5, slow=False, **options):
    """Some batches; where slow, threads take random times."""
    mc.utils.set_random_seed(project_seed)

    def wait(image):
        time.sleep(random.uniform(0, 0.002))
        return image

    generator = ImageDataGenerator(**AUGMENTING, preprocessing_function=wait if slow else None)
    images = np.random.default_rng(0).uniform(0, 255, (10, 6, 6, 3))
    return list(itertools.islice(generator.flow(images, Y, batch_size=4, seed=seed, **options), count))


@pytest.mark.parametrize("seed", [None, 3])
def test_a_seed_gives_the_same_bits_whatever_the_timing(seed):
    assert_same_batches(batches_of(seed), batches_of(seed, slow=True))


def test_a_seed_of_its_own_does_not_depend_on_the_projects():
    assert_same_batches(batches_of(3), batches_of(3, project_seed=6))
    assert not np.array_equal(batches_of(None)[0][0], batches_of(None, project_seed=6)[0][0])


def test_equal_seeds_keep_images_and_masks_together():
    images = np.random.default_rng(0).uniform(0, 255, (6, 8, 8, 1))
    pair = [ImageDataGenerator(**AUGMENTING).flow(images, batch_size=2, seed=1) for _ in range(2)]
    for image, mask in itertools.islice(zip(*pair), 5):
        np.testing.assert_array_equal(image, mask)


def test_training_gets_the_passes_that_indices_give():
    images = np.random.default_rng(0).uniform(0, 1, (10, 4, 4, 1)).astype(np.float32)
    flows = [ImageDataGenerator(horizontal_flip=True).flow(images, Y % 20, batch_size=4, seed=2) for _ in range(2)]
    models = []
    for _ in range(2):
        mc.utils.set_random_seed(0)
        models.append(mc.Sequential([mc.Input((4, 4, 1)), mc.layers.Flatten(), mc.layers.Dense(1)]))
        models[-1].compile("sgd", "mean_squared_error")
    models[0].fit(flows[0], epochs=2, verbose=0)
    for _ in range(2):
        for index in range(3):
            models[1].train_on_batch(*flows[1][index])
        flows[1].on_epoch_end()
    np.testing.assert_array_equal(models[0].get_weights()[0], models[1].get_weights()[0])


class Interrupted(Exception):
    pass


@pytest.mark.filterwarnings("ignore:the data ran out")
@pytest.mark.parametrize("steps_per_epoch", [None, 2])
@pytest.mark.parametrize("seed", [None, 2])
def test_a_training_that_was_interrupted_goes_on_with_the_same_batches(tmp_path, seed, steps_per_epoch):
    images = np.random.default_rng(0).uniform(0, 1, (10, 4, 4, 1)).astype(np.float32)

    def train(interrupt_at):
        mc.utils.set_random_seed(1)
        model = mc.Sequential([mc.Input((4, 4, 1)), mc.layers.Flatten(), mc.layers.Dense(1)])
        model.compile("sgd", "mean_squared_error")
        flow = ImageDataGenerator(horizontal_flip=True, rotation_range=40).flow(images, Y % 20, batch_size=4, seed=seed)
        steps = itertools.count()

        def interrupt(*_):
            if next(steps) == interrupt_at:
                raise Interrupted

        backup = mc.callbacks.BackupAndRestore(tmp_path, save_freq=1)
        callbacks = [mc.callbacks.LambdaCallback(on_train_batch_begin=interrupt), backup]
        model.fit(flow, epochs=3, steps_per_epoch=steps_per_epoch, callbacks=callbacks, verbose=0)
        return model.get_weights()

    expected = train(interrupt_at=None)
    with pytest.raises(Interrupted):
        train(interrupt_at=4)
    for a, b in zip(train(interrupt_at=None), expected):
        np.testing.assert_array_equal(a, b)


def test_subsets_of_arrays():
    generator = ImageDataGenerator(validation_split=0.35)
    y = np.arange(10) % 3
    parts = {name: generator.flow(X, y, subset=name, shuffle=False) for name in ("training", "validation")}
    assert values(next(parts["validation"])[0]) == [0, 1, 2]
    assert next(parts["training"])[1].tolist() == y[3:].tolist()
    with pytest.raises(ValueError, match="hold other classes than the rest: shuffle the arrays before"):
        generator.flow(X, Y, subset="training")
    assert generator.flow(X, Y, subset="training", ignore_class_split=True).n == 7


@pytest.mark.parametrize(
    ("arguments", "options", "message"),
    [
        ((X[0],), {}, r"flow needs images of shape \(N, H, W, C\), got shape \(1, 1, 1\)"),
        ((X, Y[:3]), {}, "x and y must hold equally many samples, got 10 and 3"),
        ((X, Y), {"sample_weight": [1]}, "x and sample_weight must hold equally many samples, got 10 and 1"),
        ((X[:0],), {}, "there are no images"),
        ((X, Y), {"batch_size": 0}, "batch_size must be a positive integer, got 0"),
        ((X, Y), {"subset": "test"}, "subset must be 'training', 'validation' or None, got 'test'"),
        ((X, Y), {"subset": "training"}, "subset='training' needs an ImageDataGenerator"),
    ],
)
def test_arrays_that_do_not_fit_are_refused(arguments, options, message):
    with pytest.raises(ValueError, match=message):
        plain().flow(*arguments, **options)


# ---------------------------------------------------------------------------------------------------- folders


@pytest.fixture
def folder(tmp_path):
    """Classes a (5 images), b (4, one of them below it in a folder of its own) and c (1), of 6 × 8 pixels."""
    for name, count in (("b", 4), ("a", 5), ("c", 1)):
        for i in range(count):
            file = tmp_path / name / ("inner" if (name, i) == ("b", 3) else "") / f"{i}.png"
            file.parent.mkdir(parents=True, exist_ok=True)
            pixels = np.full((6, 8, 3), (ord(name), 10 * i, 0), np.uint8)
            Image.fromarray(pixels).save(file)
    return tmp_path


def test_what_is_known_of_a_folder(folder, capsys):
    flow = plain().flow_from_directory(folder, target_size=(3, 5), batch_size=4)
    assert capsys.readouterr().out == "Found 10 images belonging to 3 classes.\n"
    assert flow.class_indices == {"a": 0, "b": 1, "c": 2}
    assert flow.classes.tolist() == flow.labels.tolist() == [0] * 5 + [1] * 4 + [2]
    assert flow.filenames[:2] == ["a/0.png", "a/1.png"]
    assert flow.filenames[8:] == ["b/inner/3.png", "c/0.png"]
    assert flow.filepaths[0] == str(folder / "a/0.png")
    assert (flow.samples, flow.n, flow.num_classes, len(flow), flow.batch_size) == (10, 10, 3, 3, 4)
    assert (flow.image_shape, flow.target_size) == ((3, 5, 3), (3, 5))


def test_images_come_with_their_labels(folder):
    flow = ImageDataGenerator(rescale=0.1).flow_from_directory(folder, target_size=(3, 5), batch_size=4, seed=0)
    images, labels = (np.concatenate(parts) for parts in zip(*itertools.islice(flow, 3)))
    assert images.shape == (10, 3, 5, 3)
    letters = (images[:, 0, 0, 0] * 10).round().astype(int)
    np.testing.assert_array_equal(labels, np.eye(3)[letters - ord("a")])


@pytest.mark.parametrize(
    ("class_mode", "expected"),
    [("sparse", [0, 1, 1]), ("binary", [0, 1, 1]), ("categorical", [[1, 0], [0, 1], [0, 1]])],
)
def test_kinds_of_labels(folder, class_mode, expected):
    generator = ImageDataGenerator(validation_split=0.4)
    options = {"classes": ["b", "a"], "class_mode": class_mode, "subset": "validation", "shuffle": False}
    _, labels = next(generator.flow_from_directory(folder, (2, 2), **options))
    assert labels.dtype == np.float32
    assert labels.tolist() == expected


def test_images_as_labels_and_no_labels(folder):
    images, again = next(plain().flow_from_directory(folder, (2, 2), class_mode="input"))
    np.testing.assert_array_equal(images, again)
    assert not np.shares_memory(images, again)
    assert next(plain().flow_from_directory(folder, (2, 2), class_mode=None)).shape == (10, 2, 2, 3)


def test_one_folder_will_do_without_classes(folder):
    flow = plain().flow_from_directory(folder / "b", class_mode=None)
    assert flow.filenames == ["inner/3.png"]


def test_classes_are_numbered_as_given(folder):
    flow = plain().flow_from_directory(folder, classes=["c", "a"], shuffle=False)
    assert flow.class_indices == {"c": 0, "a": 1}
    assert flow.classes.tolist() == [0, 1, 1, 1, 1, 1]


def test_the_first_of_each_class_are_for_validation(folder):
    generator = ImageDataGenerator(validation_split=0.5)
    parts = {name: generator.flow_from_directory(folder, subset=name) for name in ("training", "validation")}
    assert parts["validation"].filenames == ["a/0.png", "a/1.png", "b/0.png", "b/1.png"]
    assert parts["training"].filenames == ["a/2.png", "a/3.png", "a/4.png", "b/2.png", "b/inner/3.png", "c/0.png"]


def test_grey_images_have_one_channel(folder):
    flow = plain().flow_from_directory(folder, (2, 2), color_mode="grayscale")
    assert flow.image_shape == (2, 2, 1)
    assert next(flow)[0].shape == (10, 2, 2, 1)


def test_files_are_decoded_once_as_long_as_there_is_room(folder, monkeypatch):
    loaded = []

    def load(path, *arguments, **options):
        loaded.append(path)
        return np.zeros((2, 2, 3), np.uint8)

    monkeypatch.setattr(image_iterators, "load_image", load)
    for room, times in ((1 << 20, 1), (0, 3)):
        monkeypatch.setattr(image_iterators, "CACHE_MEMORY", room)
        loaded.clear()
        flow = plain().flow_from_directory(folder, (2, 2), batch_size=10)
        for _ in range(3):
            flow[0]
        assert len(loaded) == 10 * times


@pytest.mark.parametrize(("options", "warned"), [({}, True), ({"rescale": 1 / 255}, False)])
def test_pixels_that_nobody_scales_are_warned_of(folder, options, warned):
    model = mc.Sequential([mc.Input((2, 2, 3)), mc.layers.Flatten(), mc.layers.Dense(3, "softmax")])
    model.compile("sgd", "categorical_crossentropy")
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        model.fit(ImageDataGenerator(**options).flow_from_directory(folder, (2, 2)), verbose=0)
    assert warned == any("nothing scales them" in str(warning.message) for warning in caught)


def test_a_damaged_file_is_named(folder):
    (folder / "a/0.png").write_bytes(b"no image")
    flow = plain().flow_from_directory(folder, (2, 2))
    with pytest.raises(ImageFileError, match=r"0\.png"):
        next(flow)


def test_damaged_files_are_left_out_on_request(folder):
    whole = plain().flow_from_directory(folder, (2, 2), shuffle=False)
    expected = [(path, *sample) for path, *sample in zip(whole.filenames, *whole[0])]
    (folder / "a/0.png").write_bytes(b"no image")
    with pytest.warns(UserWarning, match=rf"1 of {whole.samples} images are left out:\n  .*a.0\.png: text"):
        flow = plain().flow_from_directory(folder, (2, 2), shuffle=False, on_error="skip")
    assert flow.samples == len(flow.classes) == whole.samples - 1
    left = [sample for sample in expected if sample[0] not in ("a/0.png", "a\\0.png")]
    for found, (name, x, y) in zip(zip(flow.filenames, *flow[0]), left, strict=True):
        assert found[0] == name
        np.testing.assert_array_equal(found[1], x)
        np.testing.assert_array_equal(found[2], y)
    for path in folder.rglob("*.png"):
        path.write_bytes(b"no image")
    with pytest.raises(ImageFileError, match="none of its images can be read"):
        plain().flow_from_directory(folder, on_error="skip")
    with pytest.raises(ValueError, match="on_error must be 'raise' or 'skip'"):
        plain().flow_from_directory(folder, on_error="stop")


def test_other_options_are_refused(folder):
    with pytest.raises(ValueError, match="color_mode must be 'rgb' or 'grayscale', got 'rgba'"):
        plain().flow_from_directory(folder, color_mode="rgba")
    with pytest.raises(ValueError, match=r"class_mode must be .*, got 'one-hot'"):
        plain().flow_from_directory(folder, class_mode="one-hot")
    with pytest.raises(ValueError, match=r"validation_split=0.1 of 10 images leaves none for validation"):
        ImageDataGenerator(validation_split=0.1).flow_from_directory(folder, subset="validation")


def test_nothing_runs_on_after_a_reset(folder):
    flow = plain().flow_from_directory(folder, (2, 2))
    before = set(threading.enumerate())
    next(flow)
    flow.reset()
    for thread in set(threading.enumerate()) - before:
        thread.join(timeout=10)
        assert not thread.is_alive()
