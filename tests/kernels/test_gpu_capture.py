"""A captured run gives what its kernels give, as often as wanted, in little memory."""

import threading

import numpy as np
import pytest

from minicnn.kernels import gpu
from minicnn.kernels.gpu.arena import Arena
from minicnn.kernels.gpu.capture import CannotCapture, Capture, drawn, told
from minicnn.kernels.gpu.machine import OutOfMemory, in_words, machine, using
from minicnn.kernels.gpu.memory import empty

from ..emulator import Emulator, missing

pytestmark = pytest.mark.skipif(missing() is not None, reason=str(missing()))


class Watched(Emulator):
    """A machine with little memory, that says what was asked of it."""

    def __init__(self, room=1 << 30):
        super().__init__()
        self.room, self.asked = room, []

    def empty(self, shape, dtype):
        self.asked.append(int(np.prod(shape)) * dtype.itemsize)
        if self.asked[-1] > self.room:
            raise OutOfMemory(self.asked[-1], self.room)
        return super().empty(shape, dtype)


@pytest.fixture
def emulated():
    with using(Watched()) as _:
        yield machine()


def draw(*shape, seed=0):
    return np.random.default_rng(seed).standard_normal(shape).astype(np.float32)


def test_every_run_computes_with_the_numbers_of_then(emulated):
    weights, capture = emulated.put(draw(3, 5)), Capture()

    def function(a, b):
        return gpu.softmax_grad(gpu.relu(a), gpu.tanh(b)), gpu.relu(weights)

    first, second = capture.record(function, [draw(3, 5, seed=0), draw(3, 5, seed=10)])
    for seed in (0, 1, 2):
        a, b = draw(3, 5, seed=seed), draw(3, 5, seed=seed + 10)
        if seed:
            weights.set(a)
            capture.run([a, b if seed == 1 else emulated.put(np.ascontiguousarray(b.T)).transpose()])
        dy, y = np.maximum(a, 0), np.tanh(b)
        np.testing.assert_allclose(first.get(), y * (dy - (dy * y).sum(axis=1, keepdims=True)), atol=1e-6)
        np.testing.assert_array_equal(second.get(), np.maximum(a, 0))


def test_arrays_that_nobody_holds_leave_their_places_to_others(emulated):
    def chain(y):
        for _ in range(20):
            y = gpu.clip(y, low=-1, high=1)
        return y

    x, capture = draw(64, 64), Capture()
    y = capture.record(chain, [x])
    np.testing.assert_array_equal(y.get(), np.clip(x, -1, 1))
    assert Capture().rehearse(chain, [x]).nbytes == capture.nbytes == 3 * x.nbytes
    assert max(emulated.asked) == 3 * x.nbytes


def test_inputs_are_nobody_elses_place(emulated):
    """What is computed of them is computed again, when they are done with."""
    capture, x = Capture(), draw(50)
    y = capture.record(lambda x: gpu.tanh(gpu.tanh(gpu.tanh(x))), [x])
    capture.run()
    np.testing.assert_allclose(y.get(), np.tanh(np.tanh(np.tanh(x))), rtol=1e-6)


def test_what_is_still_held_keeps_its_place(emulated):
    x, capture = emulated.put(draw(7)), Capture()
    half = capture.record(lambda: [gpu.clip(x, low=0, high=limit) for limit in (1, 2, 3)])
    for y, limit in zip(half, (1, 2, 3)):
        np.testing.assert_array_equal(y.get(), np.clip(draw(7), 0, limit))


def test_constants_are_nobody_elses_place(emulated):
    """The constant is made when the place of the first result is free again."""

    def function():
        first = gpu.relu(x).size
        return first, gpu.relu(machine().put(draw(50, seed=1)))

    x, capture = emulated.put(draw(50)), Capture()
    _, y = capture.record(function)
    capture.run()
    np.testing.assert_array_equal(y.get(), np.maximum(draw(50, seed=1), 0))


def test_a_run_is_told_other_numbers(emulated):
    capture = Capture()
    many = capture.record(lambda: [gpu.relu(told(draw(3, seed=seed))) for seed in range(3)])
    for seed, y in enumerate(many):
        np.testing.assert_array_equal(y.get(), np.maximum(draw(3, seed=seed), 0))
    assert len(capture.numbers) == 3
    capture.numbers[1][...] = 5, -6, 7
    capture.run()
    np.testing.assert_array_equal(many[1].get(), [5, 0, 7])
    np.testing.assert_array_equal(many[2].get(), np.maximum(draw(3, seed=2), 0))


def test_every_run_draws_once(emulated):
    rng, capture = np.random.default_rng(4), Capture()
    y = capture.record(lambda: gpu.relu(drawn(lambda: rng.random(6, np.float32), (6,), np.float32)))
    same = np.random.default_rng(4)
    for _ in range(3):
        np.testing.assert_array_equal(y.get(), same.random(6, np.float32))
        capture.run()


def test_outside_of_a_capture_numbers_are_just_there(emulated):
    np.testing.assert_array_equal(told(draw(4)).get(), draw(4))
    np.testing.assert_array_equal(drawn(lambda: draw(4), (4,), np.float32).get(), draw(4))


def test_numbers_cannot_be_read_while_nothing_is_computed(emulated):
    x = emulated.put(draw(4))
    with pytest.raises(CannotCapture, match="not computed yet"):
        Capture().record(lambda: machine().get([gpu.relu(x)]))


def test_too_little_memory_is_said_before_anything_is_done(emulated):
    x = emulated.put(draw(600))
    emulated.room = 4000
    with pytest.raises(
        OutOfMemory, match=r"the GPU has 3\.9 KiB of memory left, of 5\.0 KiB that are needed"
    ) as caught:
        Capture().record(lambda: gpu.relu(gpu.relu(x)))
    assert (caught.value.need, caught.value.free) == (5120, 4000)
    emulated.room = 6000
    Capture().record(lambda: gpu.relu(gpu.relu(x)))


def test_sections_are_timed_one_by_one(emulated):
    x, capture = emulated.put(draw(40)), Capture()

    def function():
        capture.begin_section()
        y = gpu.relu(x)
        capture.begin_section()
        return gpu.tanh(gpu.tanh(y))

    y = capture.record(function)
    x.set(draw(40, seed=1))
    times = capture.times()
    assert len(times) == 2
    assert min(times) > 0
    np.testing.assert_allclose(y.get(), np.tanh(np.tanh(np.maximum(draw(40, seed=1), 0))), rtol=1e-6)


def test_other_threads_are_not_captured(emulated):
    results = []

    def function():
        thread = threading.Thread(target=lambda: results.append(gpu.relu(emulated.put(draw(5))).get()))
        thread.start()
        thread.join()
        return empty((1,))

    Capture().record(function)
    for result in results:
        np.testing.assert_array_equal(result, np.maximum(draw(5), 0))
    assert len(results) == 2


def test_an_arena_asks_for_more_where_its_first_piece_is_full(emulated):
    arena = Arena(emulated, 1000)
    arrays = [arena.empty((100,), np.float32) for _ in range(3)]
    assert emulated.asked == [1000, 1000, 1000]
    addresses = {array.data.ptr for array in arrays}
    assert len(addresses) == 3
    del arrays
    assert arena.empty((2, 50), np.float32).data.ptr in addresses
    assert len(emulated.asked) == 3


@pytest.mark.parametrize(
    ("nbytes", "words"), [(100, "0.1 KiB"), (5 << 19, "2.5 MiB"), (3 << 29, "1.5 GiB"), (1 << 43, "8192.0 GiB")]
)
def test_sizes_in_words(nbytes, words):
    assert in_words(nbytes) == words
