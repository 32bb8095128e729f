"""Batches on their way to a GPU, which is emulated here."""

import numpy as np
import pytest

import minicnn as mc
from minicnn.data.batches import Batches
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
            runs.append([batch for _ in range(3) for batch in passed(batches)])
    assert_same(*runs[::-1])


def test_the_next_batch_is_sent_before_one_is_used(machine):
    for x, _ in Batches(data(), batch_size=4):
        assert is_on_gpu(x)
        machine.events.append(("used", len(x)))
    assert machine.events == [("sent", 4), ("sent", 4), ("used", 4), ("sent", 3), ("used", 4), ("used", 3)]


def test_from_the_second_pass_on_the_data_is_there(machine):
    batches = Batches(data(), batch_size=4)
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
    batches = Batches(data(), batch_size=4)
    for _ in range(3):
        passed(batches)
    assert machine.events == [("sent", 4), ("sent", 4), ("sent", 3)] * 3


def test_float64_stays_on_the_host(machine):
    assert not any(is_on_gpu(x) for x, _ in Batches(data(np.float64), batch_size=4))


def test_several_inputs(machine):
    x, y = data()
    batches = Batches(([x, x.astype(np.uint8)], y), batch_size=6)
    for _ in range(2):
        found = [np.concatenate([on_host(part[i]) for part, _ in batches]) for i in (0, 1)]
        for array in found:
            np.testing.assert_array_equal(array, x)


def test_what_is_augmented_is_made_when_it_is_asked_for(machine):
    """It draws random numbers, in turns with the steps of the model."""
    drawn = []
    batches = Batches(data(), batch_size=4, augment=lambda x, rng: drawn.append(len(x)) or x)
    for count, _ in enumerate(batches, 1):
        assert len(drawn) == count
