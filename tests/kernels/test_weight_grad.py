"""Weight gradients: every way to cut them up, the same bits on any threads, and not one number beyond the arrays."""

import numpy as np
import pytest

from minicnn.kernels import backend
from minicnn.kernels.cpu import choose, weight_grad
from minicnn.kernels.geometry import NO_PADS, window_output

ROUND = ((1, 1), (1, 1))

# name: x, kernel, filters, strides, pads, dilation, groups
CASES = {
    "few filters, an odd number of outputs": ((3, 13, 11, 2), (3, 3), 5, (1, 1), ROUND, (1, 1), 1),
    "half a vector": ((2, 8, 10, 3), (2, 3), 8, (1, 1), NO_PADS, (1, 1), 1),
    "a panel and some": ((2, 9, 9, 3), (3, 2), 21, (1, 1), NO_PADS, (1, 1), 1),
    "more than half a vector": ((1, 9, 9, 3), (3, 3), 13, (1, 1), ROUND, (1, 1), 1),
    "whole panels": ((2, 8, 8, 4), (3, 3), 32, (1, 1), ROUND, (1, 1), 1),
    "panels for several threads": ((1, 5, 5, 8), (3, 3), 100, (1, 1), ROUND, (1, 1), 1),
    "groups, no whole panel": ((2, 9, 10, 6), (3, 3), 15, (2, 2), ROUND, (1, 1), 3),
    "groups of whole panels": ((1, 9, 10, 6), (3, 3), 32, (1, 1), NO_PADS, (1, 1), 2),
    "images in several pieces": ((40, 12, 12, 8), (5, 5), 17, (1, 1), ((2, 2), (2, 2)), (1, 1), 1),
    "rows in several pieces": ((1, 90, 90, 16), (3, 3), 20, (1, 1), ROUND, (1, 1), 1),
    "a stride beyond the kernel": ((2, 17, 19, 4), (2, 2), 18, (3, 3), NO_PADS, (1, 1), 1),
    "dilated": ((2, 15, 15, 5), (3, 3), 19, (1, 1), ((2, 2), (2, 2)), (3, 3), 1),
    "a kernel larger than the image": ((2, 4, 5, 3), (9, 9), 7, (1, 1), ((6, 6), (6, 6)), (1, 1), 1),
    "another pad on every side": ((3, 9, 12, 4), (3, 2), 10, (2, 1), ((0, 2), (3, 1)), (1, 2), 2),
    "one pixel": ((1, 1, 1, 3), (1, 2), 4, (1, 1), ROUND, (1, 1), 1),
}


def arrays(case):
    shape, kernel, filters, strides, pads, dilation, groups = CASES[case]
    rng = np.random.default_rng(len(case))
    size = window_output(shape[1:3], kernel, strides, pads, dilation)
    options = {"kernel_size": kernel, "strides": strides, "pads": pads, "dilation": dilation, "groups": groups}
    return rng.standard_normal(shape, np.float32), rng.standard_normal((shape[0], *size, filters), np.float32), options


def expected(x, dy, options):
    """In double precision."""
    with np.errstate(invalid="ignore"):
        return backend("portable").conv2d_weight_grad(x.astype(np.float64), dy.astype(np.float64), **options)


def within(array, value):
    """A copy of the array in the midst of other numbers."""
    around = np.full(array.size + 128, value, np.float32)
    copy = around[64:-64].reshape(array.shape)
    copy[...] = array
    return copy


@pytest.fixture(autouse=True)
def _preferred():
    with choose.preferring("direct"):
        yield


@pytest.mark.parametrize("case", CASES)
def test_agrees_in_double_precision_and_bit_by_bit_on_any_threads(case, any_threads):
    x, dy, options = arrays(case)
    dw = expected(x, dy, options)
    results = []
    for number in (1, 2, 3, 8):
        any_threads(number)
        results.append(backend("cpu").conv2d_weight_grad(x, dy, **options))
        np.testing.assert_allclose(results[-1], dw, atol=1e-5 * np.abs(dw).max())
    for found in results[1:]:
        np.testing.assert_array_equal(found, results[0])


@pytest.mark.parametrize("value", [np.nan, np.inf])
@pytest.mark.parametrize("case", CASES)
def test_nan_and_infinity_reach_exactly_the_sums_that_contain_them(case, value):
    for victim in (0, 1):
        for where in (0, 0.4, 1):
            x, dy, options = arrays(case)
            numbers = (x, dy)[victim].reshape(-1)
            numbers[int(where * (numbers.size - 1))] = value
            dw, wanted = backend("cpu").conv2d_weight_grad(x, dy, **options), expected(x, dy, options)
            finite = np.isfinite(wanted)
            np.testing.assert_allclose(dw, wanted, atol=1e-5 * np.abs(wanted[finite]).max(initial=1))


@pytest.mark.parametrize("case", CASES)
def test_what_lies_around_the_arrays_does_not_matter(case):
    x, dy, options = arrays(case)
    dw = backend("cpu").conv2d_weight_grad(x, dy, **options)
    around = backend("cpu").conv2d_weight_grad(within(x, np.nan), within(dy, np.nan), **options)
    np.testing.assert_array_equal(around, dw)


@pytest.mark.parametrize("number", [1, 2, 8])
@pytest.mark.parametrize("case", CASES)
def test_nothing_is_written_beyond_the_results(case, number, any_threads, monkeypatch):
    any_threads(number)
    given = []

    def empty(shape):
        given.append(within(np.zeros(shape), np.pi))
        return given[-1]

    monkeypatch.setattr(weight_grad, "empty", empty)
    x, dy, options = arrays(case)
    backend("cpu").conv2d_weight_grad(x, dy, **options)
    assert given
    for array in given:
        np.testing.assert_array_equal(np.delete(array.base, np.s_[64:-64]), np.float32(np.pi))
