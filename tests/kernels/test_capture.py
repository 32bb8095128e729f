"""Captured runs: the same launches again, with other numbers in the same places."""

import os

import numpy as np
import pytest

from minicnn.kernels import cpu
from minicnn.kernels.cpu.arena import Arena
from minicnn.kernels.cpu.capture import Capture, every_run, expect_finite
from minicnn.kernels.cpu.memory import contiguous, empty
from minicnn.kernels.rates import RATES


def draw(*shape):
    return np.random.default_rng(shape[0]).standard_normal(shape, np.float32)


def test_a_run_computes_anew_from_the_same_places():
    x, w, b, others = draw(4, 9, 9, 3), draw(3, 3, 3, 5), draw(5), draw(5, 9, 9, 3)[:4]
    capture = Capture()
    with capture:
        y = cpu.relu(cpu.conv2d(x, w, b))
    np.testing.assert_array_equal(y, cpu.relu(cpu.conv2d(x, w, b)))  # it has run once
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


def test_what_a_capture_computes_is_not_known_to_be_finite():
    with Capture() as capture:
        assert not expect_finite(cpu.negative(draw(3, 3)))
    assert capture.ready()


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


def test_a_call_of_python_holds_no_place_of_its_arrays():
    x, seen = draw(1000), []
    with (capture := Capture()):
        y = cpu.negative(x)
        every_run(lambda *arrays: seen.append([array.copy() for array in arrays]), y, x[::2])
        del y
        cpu.add(x, x)
    assert capture.arena.peak < 2 * x.nbytes
    x[...] = 3
    capture.run()
    first, second = seen
    np.testing.assert_array_equal(first[1], -first[0][::2])
    np.testing.assert_array_equal(second[0], np.full(1000, -3))
    np.testing.assert_array_equal(second[1], np.full(500, 3))


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


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
def test_a_forked_process_has_places_of_its_own():
    place = Arena().empty((8,), np.float32)
    place[...] = 1
    if child := os.fork():
        os.waitpid(child, 0)
    else:
        place[...] = 2
        os._exit(0)
    assert (place == 1).all()


# Every kernel


def draw_labels(classes, *shape):
    return np.random.default_rng(shape[0]).integers(0, classes, shape)


IMAGES = (3, 7, 6, 5)
POOL = {"pool_size": (2, 3), "strides": (2, 2), "pads": ((0, 1), (1, 0))}
LARGE_POOL = {"pool_size": (17, 17), "strides": (2, 2)}
POOLED = (3, 4, 3, 5)
MATRIX = (6, 33)
NEGATIVES = {"negative_slope": 0.3, "threshold": 0.1}
BOUNDS = {"low": -0.4, "high": 0.6}
WINDOW = {"strides": (2, 1), "pads": ((1, 1), (0, 1))}
NORM = {"epsilon": 1e-3}

#: kernel, the shapes of its arrays of numbers, or what draws another array, and its options
CASES = [
    *[(name, [MATRIX, MATRIX], {}) for name in ("add", "subtract", "multiply", "divide")],
    *[(name, [(2, 1, 4, 1, 3, 5), (7, 1, 2, 1, 5)], {}) for name in ("add", "divide")],
    ("multiply", [MATRIX, (6, 1)], {}),
    *[("power", [MATRIX], {"exponent": exponent}) for exponent in (2, 0.5, -3)],
    *[(name, [MATRIX], {}) for name in ("negative", "absolute", "sign", "exp", "log")],
    *[("sum", [IMAGES], {"axis": axis}) for axis in [(0,), (1, 2), (3, 0), (0, 1, 2, 3)]],
    ("sum", [(3000, 2)], {"axis": (0,)}),
    *[("matmul", [(i, m), (m, j)], {}) for i, m, j in [(6, 9, 17), (2, 9, 33), (33, 9, 2), (30, 5000, 7)]],
    ("reshape", [MATRIX], {"shape": (3, -1)}),
    ("transpose", [IMAGES], {"axes": (1, 3, 0, 2)}),
    ("broadcast_to", [(6, 1)], {"shape": (2, 6, 4)}),
    ("pad", [IMAGES], {"widths": ((0, 0), (1, 2), (3, 0), (0, 0))}),
    ("getitem", [IMAGES], {"key": np.s_[:, ::2, None, 1:]}),
    ("getitem_grad", [(2, 3)], {"key": np.s_[1, ..., 2:0:-1, :], "shape": (3, 4, 3)}),
    ("getitem_grad", [()], {"key": (1, -2), "shape": (3, 4)}),
    ("relu", [MATRIX], {}),
    ("relu_grad", [MATRIX, MATRIX], {}),
    ("leaky_relu", [MATRIX], NEGATIVES),
    ("leaky_relu_grad", [MATRIX, MATRIX], NEGATIVES),
    ("clip", [MATRIX], BOUNDS),
    ("clip_grad", [MATRIX, MATRIX], BOUNDS),
    *[(name, [MATRIX], {}) for name in ("sigmoid", "tanh", "softmax", "log_softmax")],
    *[(name, [MATRIX, MATRIX], {}) for name in ("sigmoid_grad", "tanh_grad", "softmax_grad", "log_softmax_grad")],
    *[("dense", [(n, c), (c, k), (k,)], {}) for n, c, k in [(6, 9, 17), (2, 9, 33), (33, 9, 2), (30, 5000, 7)]],
    *[("dense_input_grad", [(n, k), (c, k)], {}) for n, c, k in [(6, 9, 17), (2, 9, 33), (33, 2, 9), (30, 7, 5000)]],
    *[("dense_weight_grad", [(n, c), (n, k)], {}) for n, c, k in [(9, 6, 17), (9, 40, 2), (9, 40, 1), (5000, 7, 5)]],
    ("conv2d", [IMAGES, (3, 2, 5, 4), (4,)], WINDOW),
    ("conv2d", [(2, 6, 7, 4), (3, 2, 1, 8), (8,)], {**WINDOW, "groups": 4}),
    ("conv2d_input_grad", [(2, 3, 6, 4), (3, 2, 5, 4)], {**WINDOW, "input_size": (6, 6)}),
    ("conv2d_input_grad", [(2, 3, 6, 8), (3, 2, 1, 8)], {**WINDOW, "input_size": (6, 6), "groups": 4}),
    ("batch_norm", [IMAGES, (5,), (5,)], NORM),
    ("batch_norm_grad", [IMAGES, IMAGES, (5,), (5,), (5,)], NORM),
    ("batch_norm_inference", [IMAGES, (5,), (5,), (5,), (5,)], NORM),
    ("batch_norm_inference_grad", [IMAGES, IMAGES, (5,), (5,), (5,)], NORM),
    ("update_moving_average", [(5,), (5,)], {"momentum": 0.9}),
    ("max_pool2d", [IMAGES], POOL),
    ("max_pool2d_grad", [POOLED, lambda: draw_labels(2, *POOLED).astype(np.uint8) + 1], {**POOL, "input_size": (7, 6)}),
    ("avg_pool2d", [IMAGES], POOL),
    ("avg_pool2d_grad", [POOLED], {**POOL, "input_size": (7, 6)}),
    ("global_avg_pool2d", [IMAGES], {}),
    ("global_avg_pool2d_grad", [(3, 5)], {"input_size": (7, 6)}),
    ("global_max_pool2d", [IMAGES], {}),
    ("global_max_pool2d_grad", [(3, 5), lambda: draw_labels(42, 3, 5)], {"input_size": (7, 6)}),
    ("dropout_grad", [MATRIX, lambda: draw(*MATRIX) > 0], {"rate": 0.3}),
    ("softmax_cross_entropy", [MATRIX, MATRIX], {}),
    ("sparse_softmax_cross_entropy", [MATRIX, lambda: draw_labels(33, 6)], {}),
    ("sigmoid_cross_entropy", [MATRIX, MATRIX], {}),
    ("sgd_update", [MATRIX] * 2, {"learning_rate": 0.1}),
    ("sgd_update", [MATRIX] * 3, {"learning_rate": 0.1, "momentum": 0.9, "nesterov": True}),
    ("rmsprop_update", [MATRIX] * 5, {"learning_rate": 0.1, "momentum": 0.9}),
    ("adam_update", [MATRIX] * 4, {"learning_rate": 0.1, "step": 3}),
    ("adamw_update", [MATRIX] * 5, {"learning_rate": 0.1, "step": 3, "weight_decay": 0.1}),
]

#: what Python computes in every run: keys that list places, windows of more places than a uint8 can name, casts
BY_PYTHON = [
    ("getitem", [IMAGES], {"key": ([2, 0], slice(None), 3)}),
    ("getitem_grad", [(3, 4)], {"key": [3, 3, 0], "shape": (5, 4)}),
    ("cast", [MATRIX], {"dtype": "float64"}),
    ("max_pool2d", [(2, 19, 17, 3)], LARGE_POOL),
    ("max_pool2d_grad", [(2, 2, 1, 3), lambda: draw_labels(289, 2, 2, 1, 3)], {**LARGE_POOL, "input_size": (19, 17)}),
    ("update_moving_average", [lambda: draw(9)[::2], (5,)], {"momentum": 0.9}),
]


def check_replay(kernel, given, options, capture):
    """Run it, change all that it was given, run it again: everything is as if it had been called then."""
    given = [one() if callable(one) else np.abs(draw(*one, 1)).reshape(one) for one in given]
    others = [np.roll(array, 1) for array in given]
    expected = [array.copy() for array in others]
    results = getattr(cpu, kernel)(*expected, **options)
    with capture:
        places = getattr(cpu, kernel)(*given, **options)
    for array, numbers in zip(given, others):
        array[...] = numbers
    assert capture.ready()
    capture.run()
    results, places = (list(r) if isinstance(r, tuple) else [r] for r in (results, places))
    for actual, wanted in zip([*given, *places], [*expected, *results], strict=True):
        if wanted is not None:
            np.testing.assert_array_equal(actual, wanted)


@pytest.mark.parametrize(("kernel", "given", "options"), CASES, ids=str)
def test_every_kernel_computes_in_launches_alone(kernel, given, options, monkeypatch):
    def refuse(self, function):
        raise AssertionError("Python computes something")

    monkeypatch.setattr(Capture, "step", refuse)
    check_replay(kernel, given, options, Capture())


@pytest.mark.parametrize(("kernel", "given", "options"), BY_PYTHON, ids=str)
def test_what_python_computes_is_computed_anew(kernel, given, options):
    check_replay(kernel, given, options, Capture())


def test_concatenate_is_captured():
    a, b = draw(3, 4), draw(3, 2)
    capture = Capture()
    with capture:
        y = cpu.concatenate([a, b], axis=1)
    a[...], b[...] = 1, 2
    capture.run()
    np.testing.assert_array_equal(y, [[1, 1, 1, 1, 2, 2]] * 3)


def test_dropout_draws_anew_in_every_run():
    x, rng = np.ones((50, 40), np.float32), np.random.default_rng(0)
    capture = Capture()
    with capture:
        y, keep = cpu.dropout(x, rate=0.5, rng=rng)
    rng, masks = np.random.default_rng(0), [keep.copy()]
    x[...] = 3
    for _ in range(2):
        capture.run()
        masks.append(keep.copy())
        np.testing.assert_array_equal(y, 6 * keep)
    for mask in masks:
        np.testing.assert_array_equal(mask, rng.random((50, 40), np.float32) >= 0.5)


@pytest.mark.parametrize(
    ("kernel", "states", "first", "second"),
    [
        ("sgd_update", 1, {"momentum": 0.9, "nesterov": True}, {"momentum": 0.8, "nesterov": False}),
        ("rmsprop_update", 3, {"rho": 0.9, "momentum": 0.9}, {"rho": 0.8, "momentum": 0.7, "epsilon": 0.1}),
        ("adam_update", 2, {"step": 1}, {"step": 2, "beta_1": 0.8, "beta_2": 0.9, "epsilon": 0.1}),
        ("adamw_update", 3, {"step": 5, "weight_decay": 0.1}, {"step": 6, "weight_decay": 0.2}),
    ],
)
def test_an_update_is_given_the_numbers_of_the_next_step(kernel, states, first, second):
    arrays = [np.abs(draw(i + 7, 9)[:7]) for i in range(2 + states)]
    capture = Capture()
    with capture:
        getattr(cpu, kernel)(*arrays, learning_rate=0.1, **first)
    expected = [array.copy() for array in arrays]
    (rates,) = capture.numbers
    rates[...] = RATES[kernel](learning_rate=0.2, **second)
    capture.run()
    getattr(cpu, kernel)(*expected, learning_rate=0.2, **second)
    np.testing.assert_array_equal(arrays, expected)
