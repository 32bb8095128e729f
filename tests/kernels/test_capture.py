"""Captured runs: the same launches again, with other numbers in the same places."""

import numpy as np
import pytest

from minicnn.kernels import cpu
from minicnn.kernels.cpu.arena import Arena
from minicnn.kernels.cpu.capture import Capture, expect_finite
from minicnn.kernels.cpu.memory import contiguous, empty


def draw(*shape):
    return np.random.default_rng(shape[0]).standard_normal(shape, np.float32)


def test_a_run_computes_anew_from_the_same_places():
    x, w, b, others = draw(4, 9, 9, 3), draw(3, 3, 3, 5), draw(5), draw(5, 9, 9, 3)[:4]
    capture = Capture()
    with capture:
        y = cpu.relu(cpu.conv2d(x, w, b))
    np.testing.assert_array_equal(y, cpu.relu(cpu.conv2d(x, w, b)))
    x[...] = others
    capture.run()
    np.testing.assert_array_equal(y, cpu.relu(cpu.conv2d(others, w, b)))


def test_what_lies_otherwise_in_memory_is_copied_in_every_run():
    wide = draw(6, 8)
    capture = Capture()
    with capture:
        y = cpu.relu(wide[:, ::2])
        z = contiguous(wide.T)
    wide[...] = -draw(7, 8)[:6]
    capture.run()
    np.testing.assert_array_equal(y, np.maximum(wide[:, ::2], 0))
    np.testing.assert_array_equal(z, wide.T)


def test_calls_of_python_keep_their_place_between_launches():
    x, seen = draw(3, 4), []
    capture = Capture()
    with capture:
        y = cpu.relu(x)
        capture.step(lambda: seen.append(y.sum()))
        cpu.relu(y)
    x[...] = 5
    capture.run()
    assert seen[-1] == 60


def test_a_capture_is_not_ready_with_infinite_weights_where_finite_ones_were_expected():
    w = draw(3, 3)
    capture = Capture()
    with capture:
        assert expect_finite(w)
    assert capture.ready()
    w[0, 0] = np.inf
    assert not capture.ready()


def test_memory_of_arrays_that_are_gone_is_used_again():
    x, w = draw(10, 30, 30, 4), draw(3, 3, 4, 4)
    capture = Capture()
    with capture:
        y = x
        for _ in range(10):
            y = cpu.conv2d(y, w, pads=((1, 1), (1, 1)))
    assert 2 * x.nbytes <= capture.arena.peak < 3 * x.nbytes
    x[...] = 0
    capture.run()
    assert (y == 0).all()


def test_outside_a_capture_memory_is_no_ones_but_the_arrays():
    capture = Capture()
    with capture:
        pass
    assert empty((1000,)).base is None
    assert capture.nbytes == 0


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 1, 0), (1, 0, 2)])
def test_places_side_by_side_become_one_again(order):
    arena = Arena()
    arrays = {i: arena.empty((1000,), np.float32) for i in range(3)}
    after = arena.empty((8,), np.float32)
    start = arrays[0].ctypes.data
    for i in order:
        del arrays[i]
    assert arena.empty((3000,), np.float32).ctypes.data == start
    assert arena.peak == after.ctypes.data - start + 64


def test_places_never_overlap():
    rng, arena, arrays = np.random.default_rng(0), Arena(), {}
    for step in range(300):
        if rng.random() < 0.4 and arrays:
            key = rng.choice(list(arrays))
            assert (arrays.pop(key) == key).all()
        else:
            arrays[step] = arena.empty((int(rng.integers(0, 500)),), np.int64)
            arrays[step][...] = step
    assert all((array == key).all() for key, array in arrays.items())
