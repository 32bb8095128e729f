"""What becomes of a block of results, whatever its steps: the kernels of the contract, and not one number beyond."""

import numpy as np
import pytest

from minicnn.kernels import backend
from minicnn.kernels.cpu import epilogue
from minicnn.kernels.cpu.parallel import parallel, unpack
from minicnn.kernels.cpu.simd import LANES

CHANNELS = (1, 2, 3, 6, 7, 8, 9, 15, 16, 17, 24, 31, 32, 33, 64, 65, 100)
SPECIAL = np.array([np.nan, -np.nan, np.inf, -np.inf, 0.0, -0.0, 1.0, -1.0], np.float32)
POOL = {"pool_size": (2, 2), "strides": (2, 2)}
UNTOUCHED = np.float32(np.pi)
_BLOCK = "f4[::1], intp, intp, intp, intp, intp, intp"
_RESULT = "intp, intp, intp, intp"


@parallel(f"{_BLOCK}, f4[::1], {_RESULT}")
def relu(worker, workers, arguments):
    block, at, row, pixel, rows, columns, channels, out, place, out_row, out_pixel, spill = unpack(arguments)
    steps, size, out_steps = (row, pixel), (rows, columns), (out_row, out_pixel)
    epilogue.relu(block, at, steps, size, channels, out, place, out_steps, spill)


@parallel(f"{_BLOCK}, f4[::1], u1[::1], {_RESULT}")
def relu_max_pool(worker, workers, arguments):
    block, at, row, pixel, rows, columns, channels, out, code, place, out_row, out_pixel, spill = unpack(arguments)
    steps, size, out_steps = (row, pixel), (rows, columns), (out_row, out_pixel)
    epilogue.relu_max_pool(block, at, steps, size, channels, out, code, place, out_steps, spill)


@parallel(f"{_BLOCK}, f4[::1], f4[::1], {_RESULT}")
def relu_grad(worker, workers, arguments):
    block, at, row, pixel, rows, columns, channels, y, out, place, out_row, out_pixel, spill = unpack(arguments)
    steps, size, out_steps = (row, pixel), (rows, columns), (out_row, out_pixel)
    epilogue.relu_grad(block, at, steps, size, channels, y, out, place, out_steps, spill)


def special_numbers(rng, shape):
    """Random numbers, half of them special ones, so that ties are frequent."""
    return np.where(rng.random(shape) < 0.5, rng.choice(SPECIAL, shape), rng.standard_normal(shape, np.float32))


class Block:
    """A block of numbers in a larger piece of memory, and results: some channels of an image, or every second pixel."""

    def __init__(self, rows, columns, channels, spill, pool=1):
        rng = np.random.default_rng(channels)
        self.memory = special_numbers(rng, rows * (columns + 1) * (channels + 5) + LANES)
        self.at, self.steps = 3, ((columns + 1) * (channels + 5), channels + 5)
        self.numbers = view(self.memory[self.at :], (rows, columns, channels), self.steps).copy()
        self.size, self.spill = (rows // pool, columns // pool), spill
        pixel = channels + 3 if spill else 2 * channels
        self.place, self.out_steps = 16 + 2 * channels, ((self.size[1] + 1) * pixel, pixel)
        self.shape = *self.size, channels
        self.y = special_numbers(rng, self.place + (self.size[0] - 1) * self.out_steps[0] + self.size[1] * pixel + 50)

    def run(self, kernel, *results):
        block = self.memory, self.at, *self.steps, *self.size, self.shape[2]
        kernel(1, *block, *results, self.place, *self.out_steps, self.spill)

    def empty(self, dtype=np.float32):
        return np.full(self.y.size, UNTOUCHED, dtype)

    def written(self, memory):
        """The results, after a look at all numbers that must not be written."""
        rest, (rows, columns, channels), (row, pixel) = memory.copy(), self.shape, self.out_steps
        if self.spill:
            view(rest[self.place :], (rows, (columns - 1) * pixel + channels), (row,))[...] = UNTOUCHED
        else:
            view(rest[self.place :], self.shape, self.out_steps)[...] = UNTOUCHED
        assert (rest == memory.dtype.type(UNTOUCHED)).all()
        return view(memory[self.place :], self.shape, self.out_steps)


def view(numbers, shape, steps):
    strides = [step * numbers.itemsize for step in (*steps, 1)]
    return np.lib.stride_tricks.as_strided(numbers, shape, strides)


@pytest.mark.parametrize("spill", [False, True])
@pytest.mark.parametrize("channels", CHANNELS)
def test_relu(channels, spill):
    block = Block(3, 5, channels, spill)
    out = block.empty()
    block.run(relu, out)
    np.testing.assert_array_equal(block.written(out), backend("reference").relu(block.numbers))


@pytest.mark.parametrize("spill", [False, True])
@pytest.mark.parametrize("channels", CHANNELS)
def test_relu_max_pool(channels, spill):
    block = Block(7, 9, channels, spill, pool=2)
    out, code = block.empty(), block.empty(np.uint8)
    block.run(relu_max_pool, out, code)
    y, place = backend("reference").max_pool2d(backend("reference").relu(block.numbers[None]), **POOL)
    np.testing.assert_array_equal(block.written(out), y[0])
    np.testing.assert_array_equal(block.written(code)[y[0] != 0], place[y != 0])
    assert block.written(code).max() <= 3


@pytest.mark.parametrize("spill", [False, True])
@pytest.mark.parametrize("channels", CHANNELS)
def test_relu_grad(channels, spill):
    block = Block(3, 5, channels, spill)
    out = block.empty()
    block.run(relu_grad, block.y, out)
    y = view(block.y[block.place :], block.shape, block.out_steps)
    np.testing.assert_array_equal(block.written(out), backend("reference").relu_grad(block.numbers, y))
