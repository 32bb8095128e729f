"""Fused kernels of dense layers, and dense layers of many sizes: what the reference computes in float64."""

import numpy as np
import pytest

from minicnn.kernels import cpu, fused, portable
from minicnn.kernels.cpu import dense, dense_input_grad, dense_weight_grad, threads
from minicnn.kernels.cpu import fused as fast

#: N, C, K: one of each, edges of tiles and panels, long and short sums, too large for the way of small batches
SIZES = [
    (1, 1, 1),
    (1, 7, 9),
    (1, 700, 40),
    (2, 5, 130),
    (3, 100, 3),
    (4, 530, 17),
    (5, 33, 1),
    (7, 50, 17),
    (9, 6, 16),
    (13, 49, 33),
    (20, 1100, 512),
    (20, 512, 1),
    (32, 2100, 50),
    (40, 20, 1200),
    (128, 84, 10),
    (150, 300, 20),
    (260, 30, 270),
    (300, 64, 64),
]
every_size = pytest.mark.parametrize("size", SIZES, ids=str)

#: fused kernel, number of states, options
UPDATES = [
    ("dense_weight_grad_sgd_update", 0, {}),
    ("dense_weight_grad_sgd_update", 1, {"momentum": 0.9, "nesterov": True}),
    ("dense_weight_grad_rmsprop_update", 1, {}),
    ("dense_weight_grad_rmsprop_update", 3, {"rho": 0.8, "momentum": 0.9, "epsilon": 1e-3}),
    ("dense_weight_grad_adamw_update", 2, {"step": 3, "weight_decay": 0.0}),
    ("dense_weight_grad_adamw_update", 3, {"step": 7, "weight_decay": 0.1, "beta_1": 0.8, "epsilon": 1e-3}),
]
every_update = pytest.mark.parametrize(("kernel", "states", "options"), UPDATES)


def arrays(size):
    """x, w, b, dy and the ReLU's output y that x would be."""
    n, c, k = size
    rng = np.random.default_rng(n + c + k)
    x, w, b, dy = (rng.standard_normal(shape, np.float32) for shape in [(n, c), (c, k), (k,), (n, k)])
    return x, w, b, dy, np.maximum(x, 0)


def states_of(w, count):
    """State arrays; the first is a mean of squares, larger than any gradient's square."""
    rng = np.random.default_rng(1)
    return [np.abs(rng.standard_normal(w.shape, np.float32)) + (1e4 if i == 0 else 0.1) for i in range(count)]


def wide(*numbers):
    return [a.astype(np.float64) for a in numbers]


def check(actual, expected):
    largest = np.abs(expected[np.isfinite(expected)]).max(initial=0)
    np.testing.assert_allclose(actual, expected, rtol=0, atol=2e-5 * largest)


@pytest.fixture
def on_any_threads():
    """on_any_threads(f): what f returns, after it has returned the same bits on 1, 2, 3 and 8 threads."""
    before = threads.get_num_threads()

    def run(function):
        results = []
        for number in (1, 2, 3, 8):
            threads.set_num_threads(number)
            results.append(function())
        for other in results[1:]:
            np.testing.assert_array_equal(other, results[0])
        return results[0]

    yield run
    threads.set_num_threads(before)


@every_size
def test_forward(size, on_any_threads):
    x, w, b, _, _ = arrays(size)
    check(on_any_threads(lambda: dense(x, w)), portable.dense(*wide(x, w)))
    check(on_any_threads(lambda: dense(x, w, b)), portable.dense(*wide(x, w, b)))
    check(on_any_threads(lambda: fast.dense_relu(x, w, b)), fused.dense_relu(portable, *wide(x, w, b)))
    check(on_any_threads(lambda: fast.dense_relu(x, w)), fused.dense_relu(portable, *wide(x, w)))


@every_size
def test_gradients(size, on_any_threads):
    x, w, _, dy, y = arrays(size)
    check(on_any_threads(lambda: dense_weight_grad(x, dy)), portable.dense_weight_grad(*wide(x, dy)))
    check(on_any_threads(lambda: dense_input_grad(dy, w)), portable.dense_input_grad(*wide(dy, w)))
    masked = on_any_threads(lambda: fast.dense_input_grad_relu(dy, w, y))
    check(masked, fused.dense_input_grad_relu(portable, *wide(dy, w, y)))
    np.testing.assert_array_equal(masked, np.where(y > 0, dense_input_grad(dy, w), 0))


@every_size
@every_update
def test_updates(kernel, states, options, size, on_any_threads):
    x, w, _, dy, _ = arrays(size)

    def update():
        changed = [w.copy(), *states_of(w, states)]
        getattr(fast, kernel)(x, dy, *changed, learning_rate=0.1, **options)
        return np.stack(changed)

    exact = wide(w, *states_of(w, states))
    getattr(fused, kernel)(portable, *wide(x, dy), *exact, learning_rate=0.1, **options)
    for actual, expected in zip(on_any_threads(update), exact, strict=True):
        check(actual, expected)


@every_size
@every_update
def test_updates_are_those_of_the_gradient_to_the_last_bit(kernel, states, options, size):
    x, w, _, dy, _ = arrays(size)
    changed, expected = [[w.copy(), *states_of(w, states)] for _ in range(2)]
    getattr(fast, kernel)(x, dy, *changed, learning_rate=0.1, **options)
    getattr(fused, kernel)(cpu, x, dy, *expected, learning_rate=0.1, **options)
    np.testing.assert_array_equal(changed, expected)


@pytest.mark.parametrize("relu", [False, True])
@every_size
@every_update
def test_input_gradient_and_update_are_those_of_the_parts_to_the_last_bit(
    kernel, states, options, size, relu, on_any_threads
):
    kernel = kernel.replace("weight_grad", "backward")
    x, w, _, dy, y = arrays(size)
    expected = [w.copy(), *states_of(w, states)]
    dx = getattr(fused, kernel)(cpu, y if relu else x, dy, *expected, learning_rate=0.1, relu=relu, **options)

    def backward():
        changed = [w.copy(), *states_of(w, states)]
        found = getattr(fast, kernel)(y if relu else x, dy, *changed, learning_rate=0.1, relu=relu, **options)
        np.testing.assert_array_equal(found, dx)
        return np.stack(changed)

    np.testing.assert_array_equal(on_any_threads(backward), expected)


@pytest.mark.parametrize("value", [np.nan, np.inf])
@pytest.mark.parametrize("size", [(5, 600, 20), (20, 70, 33), (7, 50, 1)], ids=str)
def test_nan_and_infinity_reach_exactly_the_sums_that_contain_them(size, value):
    x, w, b, dy, y = arrays(size)
    for victim in (x, w, b, dy, y):
        for place in (0, victim.size // 2, victim.size - 1):
            kept = victim.flat[place]
            victim.flat[place] = value
            check(fast.dense_relu(x, w, b), fused.dense_relu(portable, *wide(x, w, b)))
            check(dense_input_grad(dy, w), portable.dense_input_grad(*wide(dy, w)))
            check(fast.dense_input_grad_relu(dy, w, y), fused.dense_input_grad_relu(portable, *wide(dy, w, y)))
            check(dense_weight_grad(x, dy), portable.dense_weight_grad(*wide(x, dy)))
            actual, expected = w.copy(), w.astype(np.float64)
            fast.dense_weight_grad_sgd_update(x, dy, actual, learning_rate=0.1)
            fused.dense_weight_grad_sgd_update(portable, *wide(x, dy), expected, learning_rate=0.1)
            check(actual, expected)
            victim.flat[place] = kept


@every_update
def test_any_memory_layout(kernel, states, options, layout):
    x, w, b, dy, y = arrays((5, 70, 20))
    odd = [layout(a) for a in (x, w, b, dy, y)]
    np.testing.assert_array_equal(fast.dense_relu(*odd[:3]), fast.dense_relu(x, w, b))
    relu_grad = fast.dense_input_grad_relu(odd[3], odd[1], odd[4])
    np.testing.assert_array_equal(relu_grad, fast.dense_input_grad_relu(dy, w, y))
    changed, expected = [layout(a) for a in (w, *states_of(w, states))], [w.copy(), *states_of(w, states)]
    getattr(fast, kernel)(odd[0], odd[3], *changed, learning_rate=0.1, **options)
    getattr(fast, kernel)(x, dy, *expected, learning_rate=0.1, **options)
    for actual, wanted in zip(changed, expected, strict=True):
        check(actual, wanted)


def guarded(array):
    """The same numbers with NaN on all sides in memory."""
    memory = np.full(array.size + 4096, np.nan, np.float32)
    inside = memory[2048 : 2048 + array.size].reshape(array.shape)
    inside[...] = array
    return inside, memory


@pytest.mark.parametrize("size", [(1, 7, 9), (5, 33, 3), (20, 101, 17), (33, 70, 50)], ids=str)
def test_what_lies_around_an_array_is_neither_read_nor_written(size):
    x, w, b, dy, y = arrays(size)
    states = states_of(w, 2)
    (x_, _), (w_, around), (b_, _), (dy_, _), (y_, _) = (guarded(a) for a in (x, w, b, dy, y))
    np.testing.assert_array_equal(fast.dense_relu(x_, w_, b_), fast.dense_relu(x, w, b))
    np.testing.assert_array_equal(fast.dense_input_grad_relu(dy_, w_, y_), fast.dense_input_grad_relu(dy, w, y))
    np.testing.assert_array_equal(dense_weight_grad(x_, dy_), dense_weight_grad(x, dy))
    (m_, _), (v_, _) = (guarded(a) for a in states)
    options = {"learning_rate": 0.1, "step": 2, "weight_decay": 0.1}
    fast.dense_weight_grad_adamw_update(x_, dy_, w_, m_, v_, **options)
    fast.dense_weight_grad_adamw_update(x, dy, w, *states, **options)
    np.testing.assert_array_equal(w_, w)
    dx_ = fast.dense_backward_adamw_update(x_, dy_, w_, m_, v_, relu=False, **options)
    np.testing.assert_array_equal(dx_, fast.dense_backward_adamw_update(x, dy, w, *states, relu=False, **options))
    np.testing.assert_array_equal(w_, w)
    assert np.isnan(around[:2048]).all()
    assert np.isnan(around[2048 + w.size :]).all()
