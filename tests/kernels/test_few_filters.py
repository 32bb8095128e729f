"""Convolution to few filters with pooling: blocks of every kind, whether the machine would choose this way or not."""

import numpy as np
import pytest

from minicnn.kernels import fused, portable
from minicnn.kernels.cpu import direct, few_filters
from minicnn.kernels.cpu.simd import LANES
from minicnn.kernels.cpu.windows import forward_reach
from minicnn.kernels.geometry import window_output

# name: x, kernel, filters, strides, pads, dilation, groups
CASES = {
    "images in several blocks": ((70, 28, 26, 1), (5, 5), 6, (1, 1), ((2, 2), (2, 2)), (1, 1), 1),
    "small images": ((33, 7, 5, 3), (3, 3), 5, (1, 1), ((1, 1), (1, 1)), (1, 1), 1),
    "rows in several blocks": ((2, 131, 150, 3), (3, 3), 4, (1, 1), ((2, 1), (0, 1)), (1, 1), 1),
    "one filter, one window": ((1, 3, 3, 2), (2, 2), 1, (1, 1), ((0, 0), (0, 0)), (1, 1), 1),
    "strides": ((2, 40, 45, 2), (3, 4), 6, (2, 3), ((1, 0), (0, 2)), (1, 1), 1),
    "strides beyond the kernel": ((2, 33, 38, 2), (2, 1), 3, (3, 4), ((0, 0), (0, 0)), (1, 1), 1),
    "dilation": ((3, 20, 22, 2), (3, 3), 6, (1, 1), ((4, 1), (0, 3)), (3, 2), 1),
    "groups": ((3, 12, 13, 6), (3, 3), 15, (1, 1), ((1, 1), (1, 1)), (1, 1), 3),
    "groups of one filter": ((2, 9, 11, 20), (3, 3), 20, (1, 1), ((1, 1), (1, 1)), (1, 1), 20),
    "a kernel larger than the image": ((2, 4, 5, 3), (9, 9), 6, (1, 1), ((6, 6), (6, 6)), (1, 1), 1),
    "padding beyond the kernel": ((2, 6, 6, 1), (2, 2), 2, (1, 1), ((9, 8), (7, 9)), (1, 1), 1),
}


def arrays(case):
    """(x, w, b, options)."""
    shape, kernel, filters, strides, pads, dilation, groups = CASES[case]
    rng = np.random.default_rng(len(case))
    x = rng.standard_normal(shape, np.float32)
    w = rng.standard_normal((*kernel, shape[3] // groups, filters), np.float32)
    options = {"strides": strides, "pads": pads, "dilation": dilation, "groups": groups}
    return x, w, rng.standard_normal(filters, np.float32), options


def pooled(x, w, b, options, put=np.copy):
    """(y, code), each in memory that `put` makes."""
    strides, pads, dilation, groups = options.values()
    size = window_output(x.shape[1:3], w.shape[:2], strides, pads, dilation)
    shape = len(x), size[0] // 2, size[1] // 2, w.shape[3]
    y, code = put(np.full(shape, np.pi, np.float32)), put(np.full(shape, 99, np.uint8))
    few_filters.correlate(x, direct.packed(w, groups), b, y, code, forward_reach(w.shape[:2], *window(options)), groups)
    return y, code


def window(options):
    return options["strides"], options["pads"], options["dilation"]


def reference(x, w, b, options):
    return fused.conv2d_relu_max_pool(portable, *(a.astype(np.float64) for a in (x, w, b)), **options)


@pytest.mark.parametrize("case", CASES)
def test_agrees_in_double_precision_and_bit_by_bit_on_any_threads(case, any_threads):
    x, w, b, options = arrays(case)
    expected, place = reference(x, w, b, options)
    results = []
    for number in (1, 2, 3, 8):
        any_threads(number)
        results.append(pooled(x, w, b, options))
    y, code = results[0]
    np.testing.assert_allclose(y, expected, atol=1e-5 * expected.max())
    clear = expected > 1e-4
    np.testing.assert_array_equal(code[clear], place[clear])
    for other in results[1:]:
        assert y.tobytes() == other[0].tobytes()
        assert code.tobytes() == other[1].tobytes()


@pytest.mark.parametrize("case", CASES)
def test_ties_go_to_the_first_pixel(case):
    """Whole numbers, few of them, so that every sum is exact and many are equal."""
    x, w, b, options = (a if isinstance(a, dict) else np.sign(a.round()) for a in arrays(case))
    expected, place = reference(x, w, b, options)
    y, code = pooled(x, w, b, options)
    np.testing.assert_array_equal(y, expected)
    np.testing.assert_array_equal(code[y > 0], place[y > 0])


@pytest.mark.parametrize("case", CASES)
def test_nan_and_infinities_go_where_they_belong(case):
    x, w, b, options = arrays(case)
    x.ravel()[:: x.size // 6 + 1] = np.resize(np.float32([np.inf, np.nan, -np.inf]), len(x.ravel()[:: x.size // 6 + 1]))
    expected, place = reference(x, w, b, options)
    assert not np.isfinite(expected).all()
    y, code = pooled(x, w, b, options)
    np.testing.assert_allclose(y, expected, rtol=1e-5, atol=1e-4)
    np.testing.assert_array_equal(code[np.isnan(y)], place[np.isnan(y)])


@pytest.mark.parametrize("case", CASES)
def test_nothing_is_read_or_written_beyond_the_arrays(case, before_a_forbidden_page):
    x, w, b, options = arrays(case)
    y, code = pooled(*map(before_a_forbidden_page, (x, w, b)), options, before_a_forbidden_page)
    assert not (y == np.float32(np.pi)).any()
    assert code.max() <= 3


@pytest.mark.parametrize("number", [1, 8])
@pytest.mark.parametrize("case", CASES)
def test_nothing_is_written_before_the_results(case, number, any_threads):
    any_threads(number)
    kept = []

    def behind_others(array):
        kept.append(np.full(array.size + 64, 77, array.dtype))
        return kept[-1][64:].reshape(array.shape)

    pooled(*arrays(case), behind_others)
    assert all((memory[:64] == 77).all() for memory in kept)


@pytest.mark.skipif(LANES != 16, reason="written for vectors of 16 numbers")
@pytest.mark.parametrize(
    ("shape", "out", "kernel", "stride", "expected"),
    [
        ((128, 28, 28, 1), (128, 14, 14, 6), 5, 1, True),
        ((128, 28, 28, 1), (128, 14, 14, 7), 5, 1, False),  # more filters than a tile has rows
        ((64, 10, 10, 8), (64, 3, 3, 5), 5, 1, False),  # more lanes between the windows than of them
        ((16, 66, 66, 3), (16, 16, 16, 6), 3, 2, False),  # more to copy than to multiply
    ],
)
def test_is_chosen_where_it_takes_less(shape, out, kernel, stride, expected):
    reach = forward_reach((kernel, kernel), (stride, stride), ((0, 0), (0, 0)), (1, 1))
    assert few_filters.suits(shape, out, reach, 1) is expected
