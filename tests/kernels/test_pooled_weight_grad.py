"""Weight gradients behind a pooling: what the kernels that they replace would say, on any threads."""

import numpy as np
import pytest

from minicnn.kernels import backend, fused
from minicnn.kernels.cpu import add, pooled_fours, pooled_lists, pooled_weight_grad
from minicnn.kernels.cpu import fused as fast
from minicnn.kernels.cpu.capture import Capture
from minicnn.kernels.geometry import NO_PADS, window_output

ROUND = ((1, 1), (1, 1))

# name: x, kernel, filters, strides, pads, dilation, groups
CASES = {
    "one block": ((1, 8, 8, 16), (3, 3), 16, (1, 1), ROUND, (1, 1), 1),
    "several images in a block": ((11, 9, 8, 12), (3, 3), 20, (1, 1), ROUND, (1, 1), 1),
    "several blocks in an image": ((2, 41, 39, 13), (3, 3), 7, (1, 1), ROUND, (1, 1), 1),
    "rows and columns that the pooling leaves over": ((2, 21, 23, 16), (3, 3), 18, (1, 1), NO_PADS, (1, 1), 1),
    "rows that fill more than a tile": ((2, 12, 12, 40), (3, 3), 9, (1, 1), ROUND, (1, 1), 1),
    "more filters than have lists at once": ((1, 10, 10, 12), (3, 3), 135, (1, 1), ROUND, (1, 1), 1),
    "rows of more numbers than a block should read": ((1, 9, 19, 520), (3, 3), 6, (1, 1), ROUND, (1, 1), 1),
    "strides": ((2, 25, 30, 17), (3, 2), 5, (2, 3), ((1, 0), (0, 1)), (1, 1), 1),
    "dilated": ((2, 15, 17, 20), (3, 3), 6, (1, 1), ((2, 2), (2, 2)), (1, 2), 1),
    "another pad on every side": ((3, 11, 14, 12), (4, 3), 10, (1, 1), ((0, 2), (3, 1)), (1, 1), 1),
    "one by one": ((2, 14, 14, 128), (1, 1), 6, (1, 1), NO_PADS, (1, 1), 1),
    "short windows": ((3, 13, 12, 3), (3, 3), 11, (1, 1), ROUND, (1, 1), 1),
    "half a vector, an odd number of pixels": ((3, 11, 10, 1), (5, 5), 6, (1, 1), NO_PADS, (1, 1), 1),
    "short windows, a panel and some": ((2, 41, 39, 3), (3, 3), 19, (2, 1), ROUND, (1, 2), 1),
    "short windows of many filters": ((2, 12, 11, 2), (3, 2), 70, (1, 1), ((0, 1), (2, 0)), (2, 1), 1),
    "groups": ((2, 13, 12, 32), (3, 3), 6, (1, 1), ROUND, (1, 1), 2),
    "a channel a group": ((2, 13, 12, 5), (3, 3), 10, (1, 1), ROUND, (1, 1), 5),
    "a pixel": ((1, 2, 2, 33), (3, 3), 3, (1, 1), ROUND, (1, 1), 1),
}


def arrays(case):
    shape, kernel, filters, strides, pads, dilation, groups = CASES[case]
    rng = np.random.default_rng(len(case))
    size = window_output(shape[1:3], kernel, strides, pads, dilation)
    options = {"strides": strides, "pads": pads, "dilation": dilation, "groups": groups}
    x, dy = rng.standard_normal(shape, np.float32), rng.standard_normal((shape[0], *size, filters), np.float32)
    dy = dy[:, : size[0] // 2, : size[1] // 2].copy()
    dy[rng.random(dy.shape) < 0.3] = 0
    return x, dy, rng.integers(0, 4, dy.shape, np.uint8), {"output_size": size, "kernel_size": kernel, **options}


def expected(x, dy, code, options):
    """What it replaces, in double precision."""
    with np.errstate(invalid="ignore"):
        x, dy = x.astype(np.float64), dy.astype(np.float64)
        return fused.conv2d_weight_grad_of_pool(backend("portable"), x, dy, code, **options)


def within(array, value):
    """A copy of the array in the midst of other numbers."""
    around = np.full(array.size + 128, value, array.dtype)
    copy = around[64:-64].reshape(array.shape)
    copy[...] = array
    return copy


@pytest.mark.parametrize("case", CASES)
def test_agrees_in_double_precision_and_bit_by_bit_on_any_threads(case, any_threads):
    x, dy, code, options = arrays(case)
    dw = expected(x, dy, code, options)
    results = []
    for number in (1, 2, 3, 8):
        any_threads(number)
        results.append(fast.conv2d_weight_grad_of_pool(x, dy, code, **options))
        np.testing.assert_allclose(results[-1], dw, atol=1e-5 * np.abs(dw).max())
    for found in results[1:]:
        np.testing.assert_array_equal(found, results[0])


@pytest.mark.parametrize("value", [np.nan, np.inf])
@pytest.mark.parametrize("victim", ["x", "dy"])
@pytest.mark.parametrize("case", CASES)
def test_nan_and_infinity_reach_exactly_the_sums_that_contain_them(case, victim, value):
    """An infinity in x meets the zeros that the pooling makes, and one in dy those of the padding."""
    for where in (0, 0.4, 1):
        x, dy, code, options = arrays(case)
        numbers = {"x": x, "dy": dy}[victim].reshape(-1)
        numbers[int(where * (numbers.size - 1))] = value
        dw, wanted = fast.conv2d_weight_grad_of_pool(x, dy, code, **options), expected(x, dy, code, options)
        finite = np.isfinite(wanted)
        np.testing.assert_allclose(dw, wanted, atol=1e-5 * np.abs(wanted[finite]).max(initial=1))


def test_an_infinity_of_the_call_before_does_not_matter():
    x, dy, code, options = arrays("one block")
    dw = fast.conv2d_weight_grad_of_pool(x, dy, code, **options)
    larger, *others, its_options = arrays("several images in a block")
    fast.conv2d_weight_grad_of_pool(np.full_like(larger, np.inf), *others, **its_options)
    np.testing.assert_array_equal(fast.conv2d_weight_grad_of_pool(x, dy, code, **options), dw)


@pytest.mark.parametrize("case", ["several blocks in an image", "short windows"])
def test_an_infinity_in_a_later_run_of_a_capture(case):
    x, dy, code, options = arrays(case)
    with (capture := Capture()):
        moved, gradients = add(x, np.float32(0)), add(dy, np.float32(0))
        dw = fast.conv2d_weight_grad_of_pool(moved, gradients, code, **options)
        del moved, gradients
        add(x, np.float32(1))  # takes the place of one of them
    x.flat[x.size // 3] = np.inf
    for _ in range(2):
        capture.run()
        np.testing.assert_array_equal(dw, fast.conv2d_weight_grad_of_pool(x, dy, code, **options))
        x.flat[x.size // 3] = 1


@pytest.mark.parametrize("case", CASES)
def test_what_lies_around_the_arrays_does_not_matter(case):
    x, dy, code, options = arrays(case)
    dw = fast.conv2d_weight_grad_of_pool(x, dy, code, **options)
    around = fast.conv2d_weight_grad_of_pool(within(x, np.nan), within(dy, np.nan), within(code, 3), **options)
    np.testing.assert_array_equal(around, dw)


@pytest.mark.parametrize("number", [1, 8])
@pytest.mark.parametrize("case", CASES)
def test_nothing_is_written_beyond_the_results(case, number, any_threads, monkeypatch):
    any_threads(number)
    given = []

    def empty(shape):
        given.append(within(np.zeros(shape, np.float32), np.pi))
        return given[-1]

    for module in (pooled_weight_grad, pooled_lists, pooled_fours):
        monkeypatch.setattr(module, "empty", empty)
    x, dy, code, options = arrays(case)
    fast.conv2d_weight_grad_of_pool(x, dy, code, **options)
    for array in given:
        np.testing.assert_array_equal(np.delete(array.base, np.s_[64:-64]), np.float32(np.pi))


@pytest.mark.parametrize("case", CASES)
def test_nothing_is_read_beyond_the_arguments(case, before_a_forbidden_page):
    """A page that may not be touched follows each of them: to read it would end the process."""
    *arguments, options = arrays(case)
    expected = fast.conv2d_weight_grad_of_pool(*arguments, **options)
    found = fast.conv2d_weight_grad_of_pool(*map(before_a_forbidden_page, arguments), **options)
    np.testing.assert_array_equal(found, expected)
