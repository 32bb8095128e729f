"""Dot products along the channels: all shapes, any cut of the work, and not one number beyond the arguments."""

import numpy as np
import pytest

from minicnn.kernels import backend
from minicnn.kernels.cpu import dots
from minicnn.kernels.cpu.windows import forward_reach
from minicnn.kernels.geometry import window_output

# name: x, kernel, filters, strides, pads, dilation
CASES = {
    "whole vectors": ((2, 7, 8, 32), (3, 3), 2, (1, 1), ((0, 0), (0, 0)), (1, 1)),
    "whole vectors and padding": ((2, 7, 8, 16), (3, 2), 1, (1, 1), ((1, 1), (2, 0)), (1, 1)),
    "less than a vector": ((3, 9, 7, 5), (3, 3), 3, (1, 1), ((0, 0), (0, 0)), (1, 1)),
    "a vector and some": ((2, 9, 11, 23), (5, 5), 4, (2, 2), ((2, 2), (2, 2)), (1, 1)),
    "stride and dilation": ((2, 13, 17, 19), (3, 3), 1, (3, 2), ((2, 1), (0, 3)), (2, 3)),
    "rows in several blocks": ((1, 70, 60, 20), (3, 3), 2, (1, 1), ((1, 1), (1, 1)), (1, 1)),
    "images in several blocks": ((30, 9, 9, 32), (3, 3), 3, (1, 1), ((0, 0), (0, 0)), (1, 1)),
    "a kernel larger than the image": ((2, 4, 5, 17), (9, 9), 2, (1, 1), ((6, 6), (6, 6)), (1, 1)),
    "one pixel": ((1, 1, 1, 40), (1, 2), 3, (1, 1), ((0, 0), (1, 1)), (1, 1)),
}


def arrays(case):
    shape, kernel, filters, strides, pads, dilation = CASES[case]
    rng = np.random.default_rng(len(case))
    options = {"strides": strides, "pads": pads, "dilation": dilation}
    size = window_output(shape[1:3], kernel, strides, pads, dilation)
    x, w, b = (rng.standard_normal(a, np.float32) for a in (shape, (*kernel, shape[3], filters), filters))
    return x, w, b, (shape[0], *size, filters), forward_reach(kernel, strides, pads, dilation), options


def correlated(x, w, b, shape, reach):
    y = np.full(shape, np.nan, np.float32)
    dots.correlate(x, w, b, y, reach)
    return y


@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize("case", CASES)
def test_agrees_in_double_precision_and_bit_by_bit_on_any_threads(case, bias, any_threads):
    x, w, b, shape, reach, options = arrays(case)
    b = b if bias else None
    expected = backend("portable").conv2d(*(a if a is None else a.astype(np.float64) for a in (x, w, b)), **options)
    results = []
    for threads in (1, 2, 3, 8):
        any_threads(threads)
        results.append(correlated(x, w, b, shape, reach))
        np.testing.assert_allclose(results[-1], expected, atol=1e-5 * np.abs(expected).max())
    assert all(found.tobytes() == results[0].tobytes() for found in results)


@pytest.mark.parametrize("value", [np.nan, np.inf])
@pytest.mark.parametrize("where", [0, 0.6, 1])
@pytest.mark.parametrize("victim", [0, 1, 2], ids=["x", "w", "b"])
@pytest.mark.parametrize("case", [case for case in CASES if "blocks" not in case])
def test_what_is_not_finite_reaches_the_sums_that_contain_it(case, victim, where, value):
    *inputs, shape, reach, options = arrays(case)
    array = inputs[victim].reshape(-1)
    array[int(where * (array.size - 1))] = value
    expected = backend("reference").conv2d(*(array.astype(np.float64) for array in inputs), **options)
    np.testing.assert_allclose(correlated(*inputs, shape, reach), expected, atol=1e-3)


@pytest.mark.parametrize("case", CASES)
def test_nothing_is_read_or_written_beyond_the_arrays(case, before_a_forbidden_page, any_threads):
    any_threads(2)
    x, w, b, shape, reach, _ = arrays(case)
    y = before_a_forbidden_page(np.full(shape, np.nan, np.float32))
    dots.correlate(*(before_a_forbidden_page(array) for array in (x, w, b)), y, reach)
    np.testing.assert_array_equal(y, correlated(x, w, b, shape, reach))


@pytest.mark.parametrize("case", CASES)
def test_whatever_is_left_in_scratch(case, monkeypatch):
    arguments = arrays(case)[:-1]
    expected = correlated(*arguments)
    monkeypatch.setattr(dots, "scratch", lambda _, rows, columns: np.full((rows, columns), np.nan, np.float32))
    np.testing.assert_array_equal(correlated(*arguments), expected)
