"""Convolution of images with few channels on a GPU: what the general kernels compute, also fused with the pooling."""

import numpy as np
import pytest

from minicnn.kernels import fused, portable
from minicnn.kernels.gpu import few_channels
from minicnn.kernels.gpu.machine import using

from ..emulator import Emulator, Schedule, missing

pytestmark = pytest.mark.skipif(missing() is not None, reason=str(missing()))

# x, kernel, filters, strides, pads, dilation: edges of tiles; one thread for the filters or several, or several blocks
CASES = {
    "grey": ((2, 12, 17, 1), (5, 5), 6, (1, 1), ((2, 2), (2, 2)), (1, 1)),
    "colours": ((1, 19, 18, 3), (3, 3), 32, (1, 1), ((0, 0), (0, 0)), (1, 1)),
    "many filters": ((1, 9, 10, 3), (3, 2), 35, (1, 1), ((1, 1), (0, 1)), (1, 1)),
    "stride": ((1, 21, 22, 3), (7, 7), 12, (2, 3), ((3, 2), (3, 3)), (1, 1)),
    "dilation": ((1, 13, 12, 4), (3, 3), 16, (1, 1), ((2, 1), (3, 3)), (2, 3)),
}
every_case = pytest.mark.parametrize("case", CASES)


def inputs(case):
    shape, kernel, filters, *window = CASES[case]
    rng = np.random.default_rng(len(case))
    x, w, b = (rng.standard_normal(s, np.float32) for s in (shape, (*kernel, shape[3], filters), (filters,)))
    return x, w, b, dict(zip(("strides", "pads", "dilation"), window, strict=True))


def wide(*arrays):
    return [array.astype(np.float64) for array in arrays]


def run(kernel, x, w, b, *options, machine=None):
    machine = machine or Emulator()
    with using(machine):
        found = kernel(machine.put(x), machine.put(w), None if b is None else machine.put(b), *options)
        return [array.get() for array in found] if isinstance(found, tuple) else found.get()


def close(found, expected):
    np.testing.assert_allclose(found, expected, rtol=0, atol=2e-5 * np.abs(expected[np.isfinite(expected)]).max())


@every_case
def test_convolution(case):
    x, w, b, window = inputs(case)
    close(run(few_channels.conv2d, x, w, b, False, *window.values()), portable.conv2d(*wide(x, w, b), **window))
    found = run(few_channels.conv2d, x, w, None, True, *window.values())
    close(found, fused.conv2d_relu(portable, *wide(x, w), **window))


@pytest.mark.parametrize("schedule", Schedule)
@every_case
def test_with_pooling(case, schedule):
    """NaN and infinities among the pixels, and no gradient where all are negative."""
    x, w, b, window = inputs(case)
    x.ravel()[:: x.size // 3] = np.resize(np.float32([np.nan, np.inf, -np.inf]), len(x.ravel()[:: x.size // 3]))
    machine = Emulator(schedule, seed=3)
    y, code = run(few_channels.conv2d_relu_max_pool, x, w, b, *window.values(), machine=machine)
    expected, place = fused.conv2d_relu_max_pool(portable, *wide(x, w, b), **window)
    assert np.isnan(expected).any()
    close(y, expected)
    flows = ~(expected <= 1e-4)
    np.testing.assert_array_equal(code[flows], place[flows])
    assert code.dtype == np.uint8
    assert code.max() <= 3


@every_case
def test_ties_go_to_the_first_pixel(case):
    """Whole numbers, few of them, so that every sum is exact and many are equal."""
    x, w, b, window = inputs(case)
    x, w, b = (np.sign(array.round()) for array in (x, w, b))
    y, code = run(few_channels.conv2d_relu_max_pool, x, w, b, *window.values())
    expected, place = fused.conv2d_relu_max_pool(portable, *wide(x, w, b), **window)
    np.testing.assert_array_equal(y, expected)
    np.testing.assert_array_equal(code[y > 0], place[y > 0])


def test_what_suits():
    """Few channels, without groups, in tiles that are not empty, with weights that have room."""
    x, w = np.empty((1, 32, 32, 3)), np.empty((3, 3, 3, 8))
    window = (1, 1), ((1, 1), (1, 1)), (1, 1)
    assert few_channels.suits(x, w, *window, 1)
    assert not few_channels.suits(np.empty((1, 32, 32, 5)), np.empty((3, 3, 5, 8)), *window, 1)
    assert not few_channels.suits(x, np.empty((3, 3, 1, 9)), *window, 3)
    assert not few_channels.suits(np.empty((1, 8, 8, 3)), w, *window, 1)
    assert not few_channels.suits(x, np.empty((15, 15, 3, 32)), (1, 1), ((9, 9), (9, 9)), (1, 1), 1)
