"""Batches of image files: the right images with the right labels, whatever files and threads do."""

import gc
import itertools
import os
import sys
import threading
import warnings
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import minicnn
from minicnn.data import ImageDataset, decoding
from minicnn.data.folder import ImageFolder
from minicnn.images import ImageFileError, load_image


def brightened(images, rng):
    """Each time by another amount."""
    return images + rng.random(dtype=np.float32)


SIZE = (6, 5)


@pytest.fixture
def make_folder(tmp_path):
    """A function of the number of images, and of the files that are to be empty: image n is of grey n throughout."""

    def make(count, damaged=()):
        paths = [tmp_path / f"{n:03}.png" for n in range(count)]
        for n, path in enumerate(paths):
            Image.new("RGB", SIZE[::-1], (n, n, n)).save(path)
        for n in damaged:
            paths[n].write_bytes(b"")
        return ImageFolder(tmp_path, ["a", "b", "c"], paths, np.arange(count) % 3)

    return make


def numbers(batches):
    """Which images there are in each batch."""
    return [(x if isinstance(x, np.ndarray) else x[0])[:, 0, 0, 0].astype(int).tolist() for x in batches]


def background_threads():
    return [thread for thread in threading.enumerate() if thread.name == "minicnn-background"]


def expect_no_thread_left():
    for thread in background_threads():
        thread.join(10)
    assert not background_threads()


# -------------------------------------------------------------------------------------------------------- batches


@pytest.mark.filterwarnings("ignore:memory is kept")
@pytest.mark.parametrize("cache", [True, False, 4 * 6 * 5 * 3])  # the last one keeps four images
def test_images_come_in_order_with_their_labels(make_folder, cache):
    data = ImageDataset(make_folder(7), SIZE, batch_size=3, shuffle=False, cache=cache)
    assert len(data) == 3
    for _ in range(3):
        batches = list(data)
        assert numbers(batches) == [[0, 1, 2], [3, 4, 5], [6]]
        assert [y.tolist() for _, y in batches] == [[0, 1, 2], [0, 1, 2], [0]]
        assert {(x.dtype, x.shape[1:], y.dtype) for x, y in batches} == {(np.dtype("f4"), (6, 5, 3), np.dtype("i4"))}


@pytest.mark.parametrize("options", [{}, {"channels": 1}, {"interpolation": "nearest", "fit": "crop"}])
def test_pixels_are_those_of_load_image(tmp_path, options):
    rng, paths = np.random.default_rng(0), [tmp_path / f"{n}.png" for n in range(3)]
    for path in paths:
        Image.fromarray(rng.integers(0, 256, (9, 14, 3), np.uint8)).save(path)
    data = ImageDataset(
        ImageFolder(tmp_path, [], paths, np.zeros(3)), (4, 6), label_mode=None, shuffle=False, **options
    )
    expected = [load_image(path, (4, 6), **options) for path in paths]
    for _ in range(2):
        (x,) = data
        np.testing.assert_array_equal(x, expected)


def test_kinds_of_labels(make_folder):
    folder = make_folder(4)
    first = lambda folder, mode: next(iter(ImageDataset(folder, SIZE, label_mode=mode, shuffle=False)))  # noqa: E731
    np.testing.assert_array_equal(first(folder, "categorical")[1], np.eye(3, dtype="f4")[[0, 1, 2, 0]])
    assert isinstance(first(folder, None), np.ndarray)
    two = ImageFolder(folder.root, ["a", "b"], folder.paths, np.array([1, 0, 0, 1]))
    y = first(two, "binary")[1]
    assert (y.tolist(), y.dtype) == ([[1], [0], [0], [1]], np.float32)


def test_images_one_by_one(make_folder):
    folder = make_folder(5, damaged=[2])
    data = ImageDataset(folder, SIZE, batch_size=None, shuffle=False)
    assert repr(data).endswith("one by one>")
    with pytest.warns(UserWarning, match="1 of 5"):
        samples = list(data)
    assert [(x.shape, x[0, 0, 0], y) for x, y in samples] == [((6, 5, 3), n, n % 3) for n in (0, 1, 3, 4)]
    assert len(data) == 4
    assert numbers(data.map(lambda x, y: (x + 1, y)).batch(3)) == [[1, 2, 4], [5]]
    alone = next(iter(ImageDataset(folder, SIZE, batch_size=None, label_mode=None, shuffle=False)))
    assert alone.shape == (6, 5, 3)
    with pytest.raises(ValueError, match="batches of 2 already"):
        ImageDataset(folder, SIZE, 2).batch(4)


def test_every_pass_has_an_order_of_its_own_with_every_image_once(make_folder):
    folder = make_folder(20)
    data = ImageDataset(folder, SIZE, batch_size=8, seed=1)
    first, second = ([(n, y) for x, y in data for n, y in zip(x[:, 0, 0, 0], y)] for _ in range(2))
    assert first != second
    assert sorted(first) == sorted(second) == [(n, n % 3) for n in range(20)]


def test_orders_come_from_the_seed_of_everything_or_one_of_their_own(make_folder):
    folder = make_folder(20)

    def orders(seed=None):
        minicnn.utils.set_random_seed(5)
        data = ImageDataset(folder, SIZE, seed=seed)
        return numbers(data), numbers(data)

    assert orders() == orders()
    assert orders(1) == orders(1) != orders(2)
    assert orders() != orders(1)


def test_a_pass_can_be_had_again_from_the_state_of_the_generator(make_folder):
    data = ImageDataset(make_folder(20), SIZE, seed=1, augment=brightened)
    next(iter(data))
    state = data.generator.bit_generator.state
    expected = list(data)
    data.generator.bit_generator.state = state
    for (x, y), (x_again, y_again) in zip(data, expected, strict=True):
        np.testing.assert_array_equal(x, x_again)
        np.testing.assert_array_equal(y, y_again)
    data.generator = np.random.default_rng(7)
    again = ImageDataset(data.folder, SIZE, seed=7, augment=brightened)
    np.testing.assert_array_equal(next(iter(data))[0], next(iter(again))[0])


def test_random_numbers_are_drawn_when_a_pass_begins_and_never_later(make_folder):
    data = ImageDataset(make_folder(9), SIZE, batch_size=2, augment=brightened)
    minicnn.utils.set_random_seed(0)
    batches = iter(data)
    state = data.generator.bit_generator.state
    list(batches)
    assert data.generator.bit_generator.state == state


@pytest.mark.parametrize("threads", [1, 4])
@pytest.mark.parametrize("cache", [True, False])
def test_the_same_bits_at_any_number_of_threads(make_folder, monkeypatch, threads, cache):
    folder = make_folder(20, damaged=[2, 11])
    data = [ImageDataset(folder, SIZE, 6, seed=3, cache=c, augment=brightened) for c in (cache, True)]
    with pytest.warns(UserWarning, match="2 of 20 images"):
        expected = [x for _ in range(2) for x, _ in data[1]]
    monkeypatch.setattr(decoding, "get_num_threads", lambda: threads)
    with pytest.warns(UserWarning, match="2 of 20 images"):
        found = [x for _ in range(2) for x, _ in data[0]]
    assert [x.tobytes() for x in found] == [x.tobytes() for x in expected]


def test_every_image_is_augmented_by_itself_and_differently(make_folder):
    seen = []

    def noise(images, rng):
        seen.append((images.shape, images.dtype))
        return images + rng.random(images.shape, np.float32) / 2

    data = ImageDataset(make_folder(4), SIZE, shuffle=False, augment=noise)
    (first, _), (second, _) = next(iter(data)), next(iter(data))
    assert set(seen) == {((1, *SIZE, 3), np.dtype("f4"))}
    assert numbers([first, second]) == [[0, 1, 2, 3]] * 2
    assert len({image.tobytes() for image in [*(first - first // 1), *(second - second // 1)]}) == 8


@pytest.mark.parametrize("batches", [0, 1, 5])
def test_so_many_images_are_decoded_in_advance(make_folder, batches):
    begun = []
    data = ImageDataset(make_folder(12), SIZE, 2, label_mode=None, augment=lambda x, _: begun.append(1) or x)
    data = data.prefetch(batches)
    next(iter(data))
    expect_no_thread_left()
    assert len(begun) <= 2 + 2 * batches + 1
    assert data.prefetch(-1) is data


# ---------------------------------------------------------------------------------------------------------- cache


@pytest.fixture
def decoded(monkeypatch):
    """The names of the files that are decoded."""
    names = []

    def load(path, **options):
        names.append(path.name)
        return load_image(path, **options)

    monkeypatch.setattr("minicnn.data.image_dataset.load_image", load)
    return names


@pytest.mark.parametrize(("room", "decoded_again"), [(0, 5), (2, 3), (4, 1), (5, 0), (100, 0)])
def test_files_are_decoded_again_where_there_is_no_room(make_folder, decoded, room, decoded_again):
    data = ImageDataset(make_folder(5), SIZE, 2, seed=0, cache=room * 6 * 5 * 3)
    list(data)
    assert sorted(decoded) == [f"{n:03}.png" for n in range(5)]
    decoded.clear()
    if 0 < room < 5:
        with pytest.warns(UserWarning, match=f"memory is kept for {room} of 5 decoded images.* say cache=450 "):
            list(data)
    else:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            list(data)
    assert len(decoded) == decoded_again
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        list(data)


def test_more_room_on_request(make_folder, decoded):
    data = ImageDataset(make_folder(5), SIZE, 2, shuffle=False, cache=False).cache().prefetch(1)
    assert numbers(data) == numbers(data) == [[0, 1], [2, 3], [4]]
    assert len(decoded) == 5
    assert data.cache(1) is data


def test_augmented_images_are_decoded_once(make_folder, decoded):
    data = ImageDataset(make_folder(5), SIZE, 2, augment=brightened)
    for _ in range(3):
        list(data)
    assert len(decoded) == 5


def test_batches_may_be_written_to(make_folder):
    data = ImageDataset(make_folder(4), SIZE, 2, shuffle=False)
    for x, _ in itertools.chain(data, data):
        x[:] = -1
    assert numbers(data) == [[0, 1], [2, 3]]


# ----------------------------------------------------------------------------------------------- unreadable files


@pytest.mark.parametrize("cache", [True, False])
def test_the_next_image_takes_the_place_of_an_unreadable_one(make_folder, cache):
    folder = make_folder(9, damaged=[0, 4, 5])
    data = ImageDataset(folder, SIZE, 2, shuffle=False, cache=cache)
    assert len(data) == 5
    with pytest.warns(UserWarning, match="images are left out") as caught:
        assert numbers(data) == [[1, 2], [3, 6], [7, 8]]
    (warning,) = caught
    assert str(warning.message).startswith("3 of 9 images are left out:\n")
    assert [line.split(": ")[0].strip() for line in str(warning.message).splitlines()[1:]] == [
        str(folder.paths[n]) for n in (0, 4, 5)
    ]
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # once is enough
        assert numbers(data) == [[1, 2], [3, 6], [7, 8]]
    assert len(data) == 3
    assert list(data.unreadable) == [str(folder.paths[n]) for n in (0, 4, 5)]
    assert all(reason.startswith("an empty file") for reason in data.unreadable.values())
    assert [path.name for path in data.readable.paths] == [f"{n:03}.png" for n in (1, 2, 3, 6, 7, 8)]
    assert data.readable.labels.tolist() == [1, 2, 0, 0, 1, 2]


def test_a_long_list_of_unreadable_files_is_cut(make_folder):
    data = ImageDataset(make_folder(20, damaged=range(8)), SIZE)
    with pytest.warns(UserWarning, match=r"8 of 20 images(.*\n){5}.* … and 3 more"):
        list(data)
    assert len(data.unreadable) == 8


def test_unreadable_files_are_told_of_even_if_nobody_asks_for_the_end(make_folder):
    data = ImageDataset(make_folder(6, damaged=[1]), SIZE, 2, shuffle=False)
    with pytest.warns(UserWarning, match="1 of 6 images"):
        assert numbers(itertools.islice(data, 3)) == [[0, 2], [3, 4], [5]]


def test_nothing_but_unreadable_files(make_folder, tmp_path):
    data = ImageDataset(make_folder(3, damaged=range(3)), SIZE)
    with pytest.raises(ImageFileError, match=r"none .* can be read") as caught:
        list(data)
    assert str(caught.value).startswith(str(tmp_path))


def test_errors_come_before_the_first_batch_if_they_are_to_be_raised(make_folder, decoded):
    folder = make_folder(40, damaged=[30, 38])
    data = ImageDataset(folder, SIZE, 2, seed=0, on_error="raise")
    with pytest.raises(ImageFileError, match=r"030\.png.* Nor can be read: .*038\.png$") as caught:
        next(iter(data))
    assert str(caught.value).startswith(str(folder.paths[30]))
    assert len(decoded) == 40
    sound = ImageDataset(folder.take(range(30)), SIZE, 2, seed=0, on_error="raise")
    decoded.clear()
    assert sum(len(x) for x, _ in sound) == 30
    assert len(decoded) == 30


def test_files_are_looked_through_once(make_folder, decoded):
    data = ImageDataset(make_folder(5), SIZE, on_error="raise", cache=False)
    for passes in (1, 2):
        list(data)
        assert len(decoded) == 5 * (1 + passes)


def test_a_single_error_is_raised_as_it_is(make_folder):
    with pytest.raises(ImageFileError, match=r"001\.png: an empty file; copy or download it again$"):
        ImageDataset(make_folder(4, damaged=[1]), SIZE).check()


@pytest.mark.parametrize("on_error", ["skip", "raise"])
def test_a_file_that_vanishes_later(make_folder, on_error):
    folder = make_folder(6)
    data = ImageDataset(folder, SIZE, 2, shuffle=False, cache=False, on_error=on_error)
    assert numbers(data) == [[0, 1], [2, 3], [4, 5]]
    folder.paths[3].unlink()
    if on_error == "raise":
        with pytest.raises(ImageFileError, match=r"003\.png"):
            list(data)
    else:
        with pytest.warns(UserWarning, match=r"003\.png"):
            assert numbers(data) == [[0, 1], [2, 4], [5]]
        Image.new("RGB", SIZE[::-1]).save(folder.paths[3])
        assert numbers(data) == [[0, 1], [2, 4], [5]]


def test_a_file_that_vanishes_or_changes_does_not_matter_once_it_is_in_memory(make_folder):
    folder = make_folder(4)
    data = ImageDataset(folder, SIZE, shuffle=False)
    list(data)
    folder.paths[1].unlink()
    folder.paths[2].write_bytes(folder.paths[3].read_bytes())
    assert numbers(data) == [[0, 1, 2, 3]]


def test_a_file_that_changes_is_read_as_it_is(make_folder):
    folder = make_folder(4)
    data = ImageDataset(folder, SIZE, shuffle=False, cache=False)
    list(data)
    folder.paths[1].write_bytes(folder.paths[3].read_bytes())
    assert numbers(data) == [[0, 3, 2, 3]]


def test_every_messy_file_is_a_picture_or_named(shared_data):
    paths = sorted(path for path in (shared_data / "messy-images").iterdir() if not path.name.startswith("LICENSE"))
    broken = ("broken_data_stream.png", "truncated_jpeg.jpg")
    folder = ImageFolder(shared_data, ["messy"], paths, np.zeros(len(paths), np.int64))
    data = ImageDataset(folder, (24, 32), 8, shuffle=False)
    with pytest.warns(UserWarning, match=f"of {len(paths)} images are left out"):
        first = np.concatenate([x for x, _ in data])
    assert sorted(Path(path).name for path in data.unreadable) == sorted(broken)
    np.testing.assert_array_equal(first, [load_image(path, (24, 32)) for path in paths if path.name not in broken])
    np.testing.assert_array_equal(np.concatenate([x for x, _ in data]), first)


# -------------------------------------------------------------------------------------- threads, processes, errors


def fail(images, rng):
    raise OSError("the disk is on fire")


def test_errors_in_the_background_come_to_the_foreground(make_folder):
    data = ImageDataset(make_folder(9), SIZE, 2, augment=fail)
    with pytest.raises(OSError, match="the disk is on fire"):
        list(data)
    expect_no_thread_left()


def by_break(data):
    for _ in data:
        break


def by_error(error):
    def stop(data):
        for _ in data:
            raise error

    return stop


def by_garbage_collection(data):
    batches = iter(data)
    next(batches)
    del batches
    gc.collect()


def never_begun(data):
    iter(data)


@pytest.mark.parametrize(
    "stop", [by_break, by_error(KeyError), by_error(KeyboardInterrupt), by_garbage_collection, never_begun]
)
def test_an_interrupted_pass_leaves_no_threads(make_folder, stop):
    data = ImageDataset(make_folder(30), SIZE, 2, shuffle=False, cache=False)
    with suppress(KeyError, KeyboardInterrupt):
        stop(data)
    expect_no_thread_left()
    assert numbers(data) == [[n, n + 1] for n in range(0, 30, 2)]


def test_what_nobody_will_ask_for_is_not_decoded(make_folder, monkeypatch, decoded):
    monkeypatch.setattr(decoding, "get_num_threads", lambda: 1)
    paused, go_on = threading.Event(), threading.Event()

    def augment(images, rng):
        if len(decoded) == 3:
            paused.set()
            go_on.wait(10)
        return images

    data = ImageDataset(make_folder(30), SIZE, 1, augment=augment, cache=False).prefetch(20)
    batches = iter(data)
    next(batches)
    paused.wait(10)
    batches.close()
    go_on.set()
    expect_no_thread_left()
    assert len(decoded) == 3


def test_a_pass_that_rests_holds_no_threads(make_folder):
    batches = iter(ImageDataset(make_folder(30), SIZE, 2, shuffle=False))
    next(batches)
    expect_no_thread_left()
    assert numbers(batches) == [[n, n + 1] for n in range(2, 30, 2)]


@pytest.mark.parametrize("cache", [True, False])
def test_two_passes_at_once(make_folder, cache):
    data = ImageDataset(make_folder(12), SIZE, 4, seed=2, cache=cache)
    generator = np.random.default_rng(2)
    expected = [generator.permutation(12).reshape(3, 4).tolist() for _ in range(2)]
    found = list(zip(*zip(iter(data), iter(data))))
    assert [numbers(batches) for batches in found] == expected


@pytest.mark.skipif(not hasattr(os, "fork"), reason="the system cannot fork")
@pytest.mark.filterwarnings("ignore:This process:DeprecationWarning")  # about threads, newer Pythons
def test_a_forked_process_reads_on_its_own(make_folder):
    data = ImageDataset(make_folder(12), SIZE, 4, shuffle=False)
    resting = iter(data)
    next(resting)
    child = os.fork()
    if child == 0:
        try:
            assert numbers(data) == [[0, 1, 2, 3], [4, 5, 6, 7], [8, 9, 10, 11]]
            with pytest.raises(RuntimeError, match="forked"):
                next(resting)
            os._exit(0)
        finally:
            os._exit(1)
    _, status = os.waitpid(child, 0)
    assert status == 0
    assert numbers(resting) == [[4, 5, 6, 7], [8, 9, 10, 11]]


def test_a_hundred_thousand_files_need_little_more_than_their_names(monkeypatch):
    count = 100_000
    folder = ImageFolder(Path(), ["a", "b"], [Path(f"{n}.png") for n in range(count)], np.arange(count) % 2)
    monkeypatch.setattr("minicnn.data.image_dataset.load_image", lambda path, size, **_: np.zeros((*size, 1), np.uint8))
    data = ImageDataset(folder, (2, 2), 1000, channels=1, seed=0)
    blocks = sys.getallocatedblocks()
    for _ in itertools.islice(data, 3):
        assert sys.getallocatedblocks() - blocks < count / 2


# ----------------------------------------------------------------------------------------------------- what is said


def test_what_a_dataset_knows(make_folder):
    folder = make_folder(7)
    data = ImageDataset(folder, 6, batch_size=3)
    assert repr(data) == "<ImageDataset: 7 images of 3 classes, 6×6×3, in batches of 3>"
    assert data.class_names == ["a", "b", "c"]
    assert data.file_paths == [str(path) for path in folder.paths]
    np.testing.assert_array_equal(data.labels, folder.labels)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"batch_size": 0}, "batch_size must be a positive whole number, got 0"),
        ({"batch_size": 2.5}, "batch_size"),
        ({"image_size": (3, 0)}, "width must be"),
        ({"image_size": (3, 4, 3)}, r"image_size must be \(height, width\)"),
        ({"channels": 4}, "channels must be 1 or 3, got 4"),
        ({"label_mode": "onehot"}, "label_mode must be 'int', 'categorical', 'binary' or None, got 'onehot'"),
        ({"label_mode": "binary"}, "needs 2 classes, and these are 3"),
        ({"on_error": "ignore"}, "on_error"),
        ({"interpolation": "gaussian"}, "interpolation must be 'nearest', .* got 'gaussian'"),
        ({"fit": "squeeze"}, "fit"),
    ],
)
def test_arguments_that_cannot_be(make_folder, options, message):
    with pytest.raises(ValueError, match=message):
        ImageDataset(make_folder(3), **({"image_size": SIZE} | options))


# -------------------------------------------------------------------------------------------------------- training


def test_models_train_evaluate_and_predict_with_it(make_folder):
    folder = make_folder(10, damaged=[4])
    layers = minicnn.layers
    model = minicnn.Sequential(
        [minicnn.Input((*SIZE, 3)), layers.Rescaling(1 / 255), layers.Flatten(), layers.Dense(3)]
    )
    loss = minicnn.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile("sgd", loss, metrics=["accuracy"])
    ordered = ImageDataset(folder, SIZE, 4, shuffle=False)
    with pytest.warns(UserWarning, match=r"004\.png"):
        history = model.fit(ImageDataset(folder, SIZE, 4), epochs=3, validation_data=ordered, verbose=0)
    assert len(history.history["val_loss"]) == 3
    predictions = model.predict(ordered, verbose=0)
    x, y = (np.concatenate(parts) for parts in zip(*ordered))
    np.testing.assert_allclose(predictions, model.predict(x, verbose=0), rtol=1e-5)
    np.testing.assert_array_equal(ordered.readable.labels, y)
    loss, _ = model.evaluate(ordered, verbose=0)
    assert loss == pytest.approx(model.evaluate(x, y, verbose=0)[0], rel=1e-5)


@pytest.mark.parametrize("scaled", [False, True])
def test_a_model_that_does_not_scale_pixels_is_warned_of(make_folder, scaled):
    data = ImageDataset(make_folder(4), SIZE)
    rescaling = minicnn.Sequential([minicnn.layers.Rescaling(1 / 255)])
    layers = [*([rescaling] if scaled else []), minicnn.layers.Flatten(), minicnn.layers.Dense(3)]
    model = minicnn.Sequential([minicnn.Input((*SIZE, 3)), *layers])
    model.compile("sgd", minicnn.losses.SparseCategoricalCrossentropy(from_logits=True))
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        model.fit(data, verbose=0)
        model.fit(data.map(lambda x, y: (x / 255, y)), verbose=0)
    assert ["nothing scales them" in str(warning.message) for warning in caught] == [True] * (not scaled)


def test_a_training_that_was_interrupted_ends_with_the_same_bits(make_folder, tmp_path):
    folder = make_folder(20, damaged=[3])

    def weights(backup, last_step=None):
        minicnn.utils.set_random_seed(2)
        data = ImageDataset(folder, SIZE, 6, augment=brightened)
        layers = [minicnn.layers.Rescaling(1 / 255), minicnn.layers.Flatten(), minicnn.layers.Dense(3)]
        model = minicnn.Sequential([minicnn.Input((*SIZE, 3)), *layers])
        model.compile("adam", minicnn.losses.SparseCategoricalCrossentropy(from_logits=True))
        steps = itertools.count(1)

        def stop(batch, logs):
            if next(steps) == last_step:
                raise KeyboardInterrupt

        callbacks = minicnn.callbacks
        listeners = [callbacks.BackupAndRestore(backup, save_freq=1), callbacks.LambdaCallback(on_train_batch_end=stop)]
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            with suppress(KeyboardInterrupt):
                model.fit(data, epochs=3, callbacks=listeners, verbose=0)
        return b"".join(array.tobytes() for array in model.get_weights())

    expected = weights(tmp_path / "whole")
    for last_step in (1, 4, 6, 10):
        interrupted = weights(tmp_path / f"backup {last_step}", last_step)
        assert weights(tmp_path / f"backup {last_step}") == expected != interrupted
