"""Products of windows that are added up: all shapes, any cut of the work, and not one number beyond the arguments."""

import numpy as np
import pytest

from minicnn.kernels import backend
from minicnn.kernels.cpu import col2im
from minicnn.kernels.geometry import window_output

# name: the result's shape, kernel, filters, strides, pads, dilation, groups
CASES = {
    "one channel": ((3, 9, 11, 1), (5, 5), 6, (1, 1), ((2, 2), (2, 2)), (1, 1), 1),
    "whole windows are whole vectors": ((2, 9, 8, 4), (2, 4), 7, (1, 1), ((0, 0), (0, 0)), (1, 1), 1),
    "a window's row is longer than a vector": ((2, 9, 8, 7), (3, 3), 21, (1, 1), ((1, 1), (1, 1)), (1, 1), 1),
    "stride": ((2, 15, 17, 3), (7, 7), 20, (2, 2), ((3, 3), (3, 3)), (1, 1), 1),
    "a stride beyond the kernel": ((2, 17, 19, 4), (2, 2), 5, (3, 4), ((0, 0), (0, 0)), (1, 1), 1),
    "rows and columns that no window reads": ((1, 12, 14, 3), (3, 3), 5, (4, 5), ((0, 0), (0, 0)), (1, 1), 1),
    "dilation": ((2, 15, 15, 5), (3, 3), 19, (1, 1), ((2, 2), (2, 2)), (3, 2), 1),
    "groups": ((2, 13, 9, 12), (5, 5), 8, (3, 2), ((2, 1), (0, 3)), (1, 1), 4),
    "dilated groups": ((1, 13, 12, 6), (3, 2), 9, (2, 1), ((1, 2), (1, 0)), (2, 3), 3),
    "a kernel larger than the image": ((2, 4, 5, 3), (9, 9), 7, (1, 1), ((6, 6), (6, 6)), (1, 1), 1),
    "padding that hides windows": ((1, 5, 5, 2), (3, 3), 4, (1, 1), ((6, 7), (5, 9)), (1, 1), 1),
    "images in bands": ((1, 70, 240, 4), (3, 3), 5, (1, 1), ((1, 1), (1, 1)), (1, 1), 1),
    "rows in pieces": ((1, 7, 60, 40), (4, 4), 5, (1, 1), ((1, 1), (1, 1)), (1, 1), 1),
    "as many outputs as a tile has": ((5, 2, 3, 2), (1, 1), 3, (1, 1), ((0, 0), (0, 0)), (1, 1), 1),
}


def arrays(case):
    shape, kernel, filters, strides, pads, dilation, groups = CASES[case]
    rng = np.random.default_rng(len(case))
    size = window_output(shape[1:3], kernel, strides, pads, dilation)
    w = rng.standard_normal((*kernel, shape[3] // groups, filters), np.float32)
    dy = rng.standard_normal((shape[0], *size, filters), np.float32)
    options = {"input_size": shape[1:3], "strides": strides, "pads": pads, "dilation": dilation, "groups": groups}
    return dy, w, options


def test_the_work_of_the_cases_is_cut():
    """The cases are what their names say: 1 << 15 numbers a band, 1 << 14 products at once."""
    assert np.prod(CASES["images in bands"][0]) > 2 * col2im._BAND
    _, _, width, channels = CASES["rows in pieces"][0]
    assert 16 * channels * width > 2 * col2im.PRODUCTS


@pytest.mark.parametrize("case", CASES)
def test_agrees_in_double_precision_and_bit_by_bit_on_any_threads(case, any_threads):
    dy, w, options = arrays(case)
    expected = backend("portable").conv2d_input_grad(dy.astype(np.float64), w.astype(np.float64), **options)
    results = []
    for threads in (1, 2, 3, 8):
        any_threads(threads)
        results.append(col2im.input_grad(dy, w, **options))
        np.testing.assert_allclose(results[-1], expected, atol=1e-5 * np.abs(expected).max())
    assert all(found.tobytes() == results[0].tobytes() for found in results)


@pytest.mark.parametrize("value", [np.nan, np.inf])
@pytest.mark.parametrize("where", [0, 0.6, 1])
@pytest.mark.parametrize("victim", ["dy", "w"])
@pytest.mark.parametrize("case", [case for case in CASES if "bands" not in case and "pieces" not in case])
def test_what_is_not_finite_reaches_the_sums_that_contain_it(case, victim, where, value):
    dy, w, options = arrays(case)
    array = {"dy": dy, "w": w}[victim].reshape(-1)
    array[int(where * (array.size - 1))] = value
    expected = backend("reference").conv2d_input_grad(dy.astype(np.float64), w.astype(np.float64), **options)
    np.testing.assert_allclose(col2im.input_grad(dy, w, **options), expected, atol=1e-4)


@pytest.mark.parametrize("case", CASES)
def test_nothing_is_read_or_written_beyond_the_arrays(case, before_a_forbidden_page, monkeypatch, any_threads):
    any_threads(2)
    dy, w, options = arrays(case)
    expected = col2im.input_grad(dy, w, **options)
    dy, w = before_a_forbidden_page(dy), before_a_forbidden_page(w)
    monkeypatch.setattr(col2im, "empty", lambda shape: before_a_forbidden_page(np.full(shape, np.nan, np.float32)))
    np.testing.assert_array_equal(col2im.input_grad(dy, w, **options), expected)


@pytest.mark.parametrize("case", CASES)
def test_whatever_is_left_in_scratch(case, monkeypatch):
    dy, w, options = arrays(case)
    expected = col2im.input_grad(dy, w, **options)
    monkeypatch.setattr(col2im, "scratch", lambda _, rows, columns: np.full((rows, columns), np.nan, np.float32))
    np.testing.assert_array_equal(col2im.input_grad(dy, w, **options), expected)
