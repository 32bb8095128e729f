"""Batches on their way to a GPU, which is emulated here."""

import numpy as np
import pytest
from PIL import Image

import minicnn as mc
from minicnn.data.batches import Batches
from minicnn.data.folder import find_images
from minicnn.data.image_dataset import ImageDataset
from minicnn.data.on_device import for_gpu
from minicnn.device import is_on_gpu, on_host
from minicnn.kernels.gpu.machine import using

from ..emulator import Emulator, missing

pytestmark = pytest.mark.skipif(missing() is not None, reason=str(missing()))


class Watched(Emulator):
    """Says what went there, and when."""

    def __init__(self):
        super().__init__()
        self.events, self.room = [], 1 << 30

    def free_memory(self):
        return self.room

    def put(self, array):
        self.events.append(("put", array.shape))
        return super().put(array)

    def send(self, array):
        self.events.append(("sent", len(array)))
        arrived = super().put(array)
        return lambda: arrived


@pytest.fixture
def machine():
    watched = Watched()
    with using(watched), mc.device("gpu"):
        yield watched


def data(dtype=np.float32):
    return np.arange(33).reshape(11, 3).astype(dtype), np.arange(11)


def passed(batches):
    return [(on_host(x), y) for x, y in batches]


def assert_same(found, expected):
    assert len(found) == len(expected)
    for (x, y), (other_x, other_y) in zip(found, expected):
        np.testing.assert_array_equal(x, other_x)
        np.testing.assert_array_equal(y, other_y)
        assert x.dtype == other_x.dtype


@pytest.mark.parametrize("dtype", [np.float32, np.uint8])
@pytest.mark.parametrize("shuffle", [False, True])
def test_they_are_those_of_the_host_in_every_pass(machine, dtype, shuffle):
    runs = []
    for device in ("portable", "gpu"):
        with mc.device(device):
            mc.utils.set_random_seed(1)
            batches = Batches(data(dtype), batch_size=4, shuffle=shuffle)
            batches = for_gpu(batches) if device == "gpu" else batches
            runs.append([batch for _ in range(3) for batch in passed(batches)])
    assert_same(*runs[::-1])


def test_the_next_batch_is_sent_before_one_is_used(machine):
    for x, _ in for_gpu(Batches(data(), batch_size=4)):
        assert is_on_gpu(x)
        machine.events.append(("used", len(x)))
    assert machine.events == [("sent", 4), ("sent", 4), ("used", 4), ("sent", 3), ("used", 4), ("used", 3)]


def test_from_the_second_pass_on_the_data_is_there(machine):
    batches = for_gpu(Batches(data(), batch_size=4))
    for _ in range(3):
        passed(batches)
        machine.events.append("end")
    assert [event for event in machine.events if event != ("sent", 4)] == [
        ("sent", 3),
        "end",
        ("put", (11, 3)),
        "end",
        "end",
    ]


def test_data_that_does_not_fit_is_sent_in_every_pass(machine):
    machine.room = 2 * data()[0].nbytes - 1
    batches = for_gpu(Batches(data(), batch_size=4))
    for _ in range(3):
        passed(batches)
    assert machine.events == [("sent", 4), ("sent", 4), ("sent", 3)] * 3


def test_float64_stays_on_the_host(machine):
    assert not any(is_on_gpu(x) for x, _ in for_gpu(Batches(data(np.float64), batch_size=4)))


def test_several_inputs(machine):
    x, y = data()
    batches = for_gpu(Batches(([x, x.astype(np.uint8)], y), batch_size=6))
    for _ in range(2):
        found = [np.concatenate([on_host(part[i]) for part, _ in batches]) for i in (0, 1)]
        for array in found:
            np.testing.assert_array_equal(array, x)


def test_what_is_augmented_is_made_when_it_is_asked_for(machine):
    """It draws random numbers, in turns with the steps of the model."""
    drawn = []
    augment = lambda x, rng: drawn.append(len(x)) or x  # noqa: E731
    batches = for_gpu(Batches(data(), batch_size=4, augment=augment))
    for count, _ in enumerate(batches, 1):
        assert len(drawn) == count


def test_pixels_of_files_are_sent_as_they_are_decoded(machine, tmp_path):
    pixels = np.random.default_rng(0).integers(0, 256, (5, 4, 6, 3)).astype(np.uint8)
    for i, image in enumerate(pixels):
        (tmp_path / "ab"[i % 2]).mkdir(exist_ok=True)
        Image.fromarray(image).save(tmp_path / "ab"[i % 2] / f"{i}.png")
    images = ImageDataset(find_images(tmp_path), image_size=(4, 6), batch_size=2, shuffle=False)
    for _ in range(2):
        found, expected = passed(for_gpu(images)), list(images)
        assert {x.dtype for x, _ in found} == {np.dtype(np.uint8)}
        assert_same([(x.astype(np.float32), y) for x, y in found], expected)


class TestFit:
    """What a model is trained on."""

    def run(self, *layers, x, **options):
        model = mc.Sequential([mc.Input(x.shape[1:]), *layers, mc.layers.Flatten(), mc.layers.Dense(3, "softmax")])
        model.compile("sgd", "sparse_categorical_crossentropy", run_eagerly=True)
        model.fit(x, np.arange(len(x)) % 3, batch_size=4, epochs=2, verbose=0, **options)
        return model

    def test_batches_are_sent(self, machine):
        self.run(x=data()[0])
        assert machine.events.count(("sent", 4)) == 2
        assert ("put", (11, 3)) in machine.events

    def test_not_where_layers_change_images_on_the_host(self, machine):
        self.run(mc.layers.RandomFlip(), x=np.zeros((11, 4, 4, 1), np.float32))
        assert not any(event[0] == "sent" for event in machine.events)
