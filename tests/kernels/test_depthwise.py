"""Depthwise convolution: runs of every kind, whatever their number, and not one number beyond them."""

import numpy as np
import pytest

from minicnn.kernels import backend
from minicnn.kernels.cpu import depthwise, windows
from minicnn.kernels.geometry import window_output

# name: x, kernel, filters, stride, pad, dilation
CASES = {
    "rows of pixels": ((2, 19, 21, 4), (3, 3), 4, 1, 1, 1),
    "rows of pixels that fill vectors, and some": ((2, 9, 10, 18), (3, 2), 18, 1, 0, 1),
    "rows shorter than a vector": ((3, 5, 3, 2), (2, 2), 2, 1, 0, 1),
    "fewer rows than a tile": ((1, 4, 30, 3), (3, 3), 3, 1, 1, 1),
    "whole vectors": ((2, 9, 11, 32), (3, 3), 32, 1, 1, 1),
    "whole vectors, fewer pixels than a tile": ((1, 3, 3, 64), (2, 2), 64, 1, 0, 1),
    "several filters a channel": ((2, 8, 9, 5), (3, 3), 15, 1, 1, 1),
    "stride, less than a vector": ((2, 11, 12, 3), (3, 3), 6, 2, 1, 1),
    "stride, vectors that overlap": ((2, 11, 12, 37), (3, 3), 37, 2, 1, 1),
    "a stride beyond the kernel": ((2, 17, 19, 40), (2, 2), 40, 3, 0, 1),
    "dilation": ((2, 15, 15, 5), (3, 3), 5, 1, 2, 3),
    "rows in several blocks": ((1, 90, 90, 20), (3, 3), 20, 1, 1, 1),
    "a last block of fewer rows than a tile": ((1, 33, 300, 20), (3, 3), 20, 1, 1, 1),
    "images in several blocks": ((40, 12, 12, 32), (3, 3), 32, 1, 1, 1),
    "vectors split among threads": ((1, 2, 2, 700), (2, 2), 700, 1, 0, 1),
    "a kernel larger than the image": ((2, 4, 5, 3), (9, 9), 3, 1, 6, 1),
}


def arrays(case):
    shape, kernel, filters, stride, pad, dilation = CASES[case]
    rng = np.random.default_rng(len(case))
    w = rng.standard_normal((*kernel, 1, filters), np.float32)
    pads, strides = ((pad, pad), (pad, pad)), (stride, stride)
    size = window_output(shape[1:3], kernel, strides, pads, (dilation, dilation))
    options = {"strides": strides, "pads": pads, "dilation": (dilation, dilation), "groups": shape[3]}
    x, dy = rng.standard_normal(shape, np.float32), rng.standard_normal((shape[0], *size, filters), np.float32)
    return x, w, rng.standard_normal(filters, np.float32), dy, options


@pytest.mark.parametrize("case", CASES)
def test_agrees_in_double_precision_and_bit_by_bit_on_any_threads(case, any_threads):
    x, w, b, dy, options = arrays(case)
    wide = [a.astype(np.float64) for a in (x, w, b, dy)]
    y = backend("portable").conv2d(*wide[:3], **options)
    dx = backend("portable").conv2d_input_grad(wide[3], wide[1], input_size=x.shape[1:3], **options)
    dw = backend("portable").conv2d_weight_grad(wide[0], wide[3], kernel_size=w.shape[:2], **options)
    results = []
    for number in (1, 2, 3, 8):
        any_threads(number)
        found = backend("cpu").conv2d(x, w, b, **options)
        found_dx = backend("cpu").conv2d_input_grad(dy, w, input_size=x.shape[1:3], **options)
        found_dw = backend("cpu").conv2d_weight_grad(x, dy, kernel_size=w.shape[:2], **options)
        np.testing.assert_allclose(found, y, atol=1e-5 * np.abs(y).max())
        np.testing.assert_allclose(found_dx, dx, atol=1e-5 * np.abs(dx).max())
        np.testing.assert_allclose(found_dw, dw, atol=1e-5 * np.abs(dw).max())
        results.append((found.tobytes(), found_dx.tobytes(), found_dw.tobytes()))
    assert all(same == results[0] for same in results)


@pytest.mark.parametrize("number", [1, 8])
@pytest.mark.parametrize("case", CASES)
def test_nothing_beyond_an_image_is_read_and_nothing_beyond_the_result_is_written(case, number, any_threads):
    any_threads(number)
    x, w, b, dy, options = arrays(case)
    x = depthwise.repeated(x, len(b))
    surroundings, around = np.full(x.size + 64, np.nan, np.float32), np.full(dy.size + 64, np.pi, np.float32)
    image, y = surroundings[32:-32].reshape(x.shape), around[32:-32].reshape(dy.shape)
    image[...] = x
    reach = windows.forward_reach(w.shape[:2], options["strides"], options["pads"], options["dilation"])
    taps = np.arange(w[..., 0, 0].size, dtype=np.intp)
    depthwise.correlate(image, w, taps, b, y, dy.shape[1:3], reach)
    assert (around[:32] == np.float32(np.pi)).all()
    assert (around[-32:] == np.float32(np.pi)).all()
    assert np.isfinite(y).all()
    assert not (y == np.float32(np.pi)).any()


@pytest.mark.parametrize("case", CASES)
def test_weight_gradients_read_nothing_beyond_their_arguments(case, before_a_forbidden_page):
    x, w, _, dy, options = arrays(case)
    x, dy = before_a_forbidden_page(x), before_a_forbidden_page(dy)
    assert np.isfinite(backend("cpu").conv2d_weight_grad(x, dy, kernel_size=w.shape[:2], **options)).all()


def test_an_infinite_weight_meets_the_zeros_around_an_image():
    x, w, b, _, options = arrays("rows of pixels")
    w[0, 0, 0, 1] = np.inf
    expected = backend("portable").conv2d(*(a.astype(np.float64) for a in (x, w, b)), **options)
    assert np.isnan(expected[:, 0, :, 1]).all()
    np.testing.assert_allclose(backend("cpu").conv2d(x, w, b, **options), expected, atol=1e-4)
