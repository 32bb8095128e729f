"""What only the GPU's kernels of pooling have: a ReLU in front, and vectors of channels where these are aligned."""

import numpy as np
import pytest

from minicnn.kernels import backend, fused, gpu
from minicnn.kernels.gpu.columns import Columns
from minicnn.kernels.gpu.machine import using
from minicnn.kernels.gpu.pooling import relu_max_pool

from ..emulator import Emulator

reference = backend("reference")
machine = Emulator()


@pytest.fixture(autouse=True)
def _emulator():
    with using(machine):
        yield


def whole_numbers(*shape):
    """Many of them equal, or NaN."""
    rng = np.random.default_rng(sum(shape))
    x = rng.integers(-3, 3, shape).astype(np.float32)
    x[rng.random(shape) < 0.1] = np.nan
    return x


@pytest.mark.parametrize("channels", [1, 5, 8])
def test_relu_max_pool(channels):
    x = whole_numbers(3, 7, 9, channels)
    y, code = (array.get() for array in relu_max_pool(machine.put(x)))
    expected, expected_code = fused.relu_max_pool(reference, x)
    np.testing.assert_array_equal(y, expected)
    flows = ~(expected <= 0)
    np.testing.assert_array_equal(code[flows], expected_code[flows])
    assert code.dtype == np.uint8
    assert code.max() <= 3


@pytest.mark.parametrize("offset", [1, 2, 4])
def test_channels_that_are_not_aligned(offset):
    """Four channels are taken at once only from addresses that are multiples of 16."""
    x = whole_numbers(2, 6, 6, 8)
    memory = machine.put(np.concatenate([np.zeros(offset, np.float32), x.ravel()]))
    window = {"pool_size": (2, 2), "strides": (2, 2)}
    y, code = gpu.max_pool2d(memory[offset:].reshape(x.shape), **window)
    expected, expected_code = reference.max_pool2d(x, **window)
    np.testing.assert_array_equal(y.get(), expected)
    np.testing.assert_array_equal(code.get(), expected_code)
    average = gpu.global_avg_pool2d(memory[offset:].reshape(x.shape)).get()
    np.testing.assert_allclose(average, reference.global_avg_pool2d(x.astype(np.float64)), rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("rows", [1, 31, 1000, 10**6])
@pytest.mark.parametrize(("channels", "width"), [(1, 1), (3, 1), (4, 4), (12, 4), (129, 1), (512, 4), (10**5, 1)])
def test_blocks_cover_all_rows_and_channels(rows, channels, width):
    columns = Columns(rows, channels, width)
    (groups, parts), (lanes, height) = columns.grid, columns.block
    assert lanes * height == 256
    assert groups * lanes * width >= channels > (groups - 1) * lanes * width
    assert 1 <= parts <= -(-rows // height)
    assert parts <= 1024
