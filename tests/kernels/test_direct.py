"""Direct convolution: blocks of every kind, whatever their number, and not one number beyond them."""

import itertools

import numpy as np
import pytest

from minicnn.kernels import backend
from minicnn.kernels.cpu import choose, direct, windows
from minicnn.kernels.geometry import window_output

# name: x, kernel, filters, stride, pad, dilation, groups
CASES = {
    "few filters": ((3, 13, 11, 2), (3, 3), 5, 1, 1, 1, 1),
    "a panel and some": ((2, 9, 9, 3), (3, 2), 21, 1, 0, 1, 1),
    "whole panels": ((2, 8, 8, 4), (3, 3), 32, 1, 1, 1, 1),
    "groups, no whole panel": ((2, 9, 10, 6), (3, 3), 15, 2, 1, 1, 3),
    "groups of half a panel": ((2, 9, 10, 6), (3, 3), 24, 1, 1, 1, 3),
    "a group of half a panel, no padding": ((1, 7, 8, 2), (3, 3), 8, 1, 0, 1, 1),
    "groups of a panel and a half": ((2, 7, 8, 4), (3, 3), 48, 1, 1, 1, 2),
    "filters split among threads": ((1, 3, 3, 8), (3, 3), 100, 1, 1, 1, 1),
    "images in several blocks": ((40, 12, 12, 8), (5, 5), 17, 1, 2, 1, 1),
    "rows in several blocks": ((1, 90, 90, 16), (3, 3), 20, 1, 1, 1, 1),
    "a stride beyond the kernel": ((2, 17, 19, 4), (2, 2), 18, 3, 0, 1, 1),
    "dilated": ((2, 15, 15, 5), (3, 3), 19, 1, 2, 3, 1),
    "a kernel larger than the image": ((2, 4, 5, 3), (9, 9), 7, 1, 6, 1, 1),
    "one pixel": ((1, 1, 1, 3), (1, 2), 4, 1, 1, 1, 1),
}


@pytest.fixture(autouse=True)
def preferred():
    with choose.preferring("direct"):
        yield


def arrays(case):
    shape, kernel, filters, stride, pad, dilation, groups = CASES[case]
    rng = np.random.default_rng(len(case))
    w = rng.standard_normal((*kernel, shape[3] // groups, filters), np.float32)
    pads, strides = ((pad, pad), (pad, pad)), (stride, stride)
    size = window_output(shape[1:3], kernel, strides, pads, (dilation, dilation))
    options = {"strides": strides, "pads": pads, "dilation": (dilation, dilation), "groups": groups}
    x, dy = rng.standard_normal(shape, np.float32), rng.standard_normal((shape[0], *size, filters), np.float32)
    return x, w, rng.standard_normal(filters, np.float32), dy, options


@pytest.mark.parametrize("case", CASES)
def test_agrees_in_double_precision_and_bit_by_bit_on_any_threads(case, any_threads):
    x, w, b, dy, options = arrays(case)
    wide = [a.astype(np.float64) for a in (x, w, b, dy)]
    y = backend("portable").conv2d(*wide[:3], **options)
    dx = backend("portable").conv2d_input_grad(wide[3], wide[1], input_size=x.shape[1:3], **options)
    results = []
    for number in (1, 2, 3, 8):
        any_threads(number)
        results.append(
            (
                backend("cpu").conv2d(x, w, b, **options),
                backend("cpu").conv2d_input_grad(dy, w, input_size=x.shape[1:3], **options),
            )
        )
        np.testing.assert_allclose(results[-1][0], y, atol=1e-5 * np.abs(y).max())
        np.testing.assert_allclose(results[-1][1], dx, atol=1e-5 * np.abs(dx).max())
    for found in results[1:]:
        np.testing.assert_array_equal(found[0], results[0][0])
        np.testing.assert_array_equal(found[1], results[0][1])


@pytest.mark.parametrize(("case", "number"), list(itertools.product(CASES, (1, 2, 8))))
def test_nothing_is_written_beyond_the_result(case, number, any_threads):
    any_threads(number)
    x, w, b, dy, options = arrays(case)
    around = np.full(dy.size + 64, np.pi, np.float32)
    y = around[32:-32].reshape(dy.shape)
    reach = windows.forward_reach(w.shape[:2], options["strides"], options["pads"], options["dilation"])
    direct.correlate(x, direct.packed(w, options["groups"]), b, y, dy.shape[1:3], reach, options["groups"])
    np.testing.assert_array_equal(around[:32], np.float32(np.pi))
    np.testing.assert_array_equal(around[-32:], np.float32(np.pi))
    assert not (y == np.float32(np.pi)).any()


@pytest.mark.parametrize("case", CASES)
def test_phases_write_only_their_own_pixels(case):
    x, w, _, dy, options = arrays(case)
    phases = windows.backward_phases(x.shape[1:3], w.shape[:2], *list(options.values())[:3])
    for phase in phases:
        if phase.taps.size == 0:
            continue
        dx = np.full(x.shape, np.pi, np.float32)
        panels = direct.packed_transposed(w, phase.taps, options["groups"])
        direct.correlate(dy, panels, None, dx, phase.size, phase.reach, options["groups"])
        own = np.zeros(x.shape[1:3], bool)
        own[phase.reach.first[0] :: phase.reach.steps[0], phase.reach.first[1] :: phase.reach.steps[1]] = True
        assert (dx[:, ~own] == np.float32(np.pi)).all()
        assert not (dx[:, own] == np.float32(np.pi)).any()


@pytest.mark.parametrize("kernel", [(3, 3), (3, 2)])
def test_an_infinity_meets_no_zeros_beyond_the_filters(kernel):
    rng = np.random.default_rng(0)
    x, w = rng.standard_normal((2, 9, 10, 1)), rng.standard_normal((*kernel, 1, 5))
    x[0, 4, 4], x[1, 1, 8] = np.inf, -np.inf
    expected = backend("portable").conv2d(x, w)
    assert np.isinf(expected).any()
    assert not np.isnan(expected).any()
    found = backend("cpu").conv2d(x.astype(np.float32), w.astype(np.float32))
    np.testing.assert_allclose(found, expected, atol=1e-5)


@pytest.mark.parametrize("case", CASES)
def test_nothing_is_read_beyond_the_arguments(case, before_a_forbidden_page):
    x, w, b, dy, options = arrays(case)
    guarded = x, w, b, dy = [before_a_forbidden_page(array) for array in (x, w, b, dy)]
    assert all(array.flags.c_contiguous for array in guarded)  # or copies would be read
    found = (
        backend("cpu").conv2d(x, w, b, **options),
        backend("cpu").conv2d_input_grad(dy, w, input_size=x.shape[1:3], **options),
        backend("cpu").conv2d_weight_grad(x, dy, kernel_size=w.shape[:2], **options),
    )
    assert all(np.isfinite(array).all() for array in found)
