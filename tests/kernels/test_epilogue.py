"""What becomes of a block of results, whatever its steps: the kernels of the contract, and not one number beyond."""

import numpy as np
import pytest

from minicnn.kernels import backend
from minicnn.kernels.cpu import epilogue
from minicnn.kernels.cpu.parallel import parallel, unpack

CHANNELS = (1, 2, 3, 6, 7, 8, 9, 15, 16, 17, 24, 31, 32, 33, 64, 65, 100)
SPECIAL = np.array([np.nan, -np.nan, np.inf, -np.inf, 0.0, -0.0, 1.0, -1.0], np.float32)
POOL = {"pool_size": (2, 2), "strides": (2, 2)}
UNTOUCHED = np.float32(np.pi)


@parallel("f4[::1], intp, intp, intp, intp, intp, intp, f4[::1], intp, intp, intp")
def relu(worker, workers, arguments):
    block, at, row, pixel, rows, columns, channels, out, place, out_row, out_pixel = unpack(arguments)
    epilogue.relu(block, at, (row, pixel), (rows, columns), channels, out, place, (out_row, out_pixel))


@parallel("f4[::1], intp, intp, intp, intp, intp, intp, f4[::1], u1[::1], intp, intp, intp")
def relu_max_pool(worker, workers, arguments):
    block, at, row, pixel, rows, columns, channels, out, code, place, out_row, out_pixel = unpack(arguments)
    size, out_steps = (rows, columns), (out_row, out_pixel)
    epilogue.relu_max_pool(block, at, (row, pixel), size, channels, out, code, place, out_steps)


@parallel("f4[::1], intp, intp, intp, intp, intp, intp, f4[::1], f4[::1], intp, intp, intp")
def relu_grad(worker, workers, arguments):
    block, at, row, pixel, rows, columns, channels, y, out, place, out_row, out_pixel = unpack(arguments)
    epilogue.relu_grad(block, at, (row, pixel), (rows, columns), channels, y, out, place, (out_row, out_pixel))


def special_numbers(rng, shape):
    """Random numbers, half of them special ones, so that ties are frequent."""
    return np.where(rng.random(shape) < 0.5, rng.choice(SPECIAL, shape), rng.standard_normal(shape, np.float32))


class Block:
    """A block of numbers in a larger piece of memory, and results that are every second pixel of an image."""

    def __init__(self, rows, columns, channels, pool=1):
        rng = np.random.default_rng(channels)
        self.memory = special_numbers(rng, (rows, columns + 1, channels + 5)).ravel()
        self.at, self.steps = 3, ((columns + 1) * (channels + 5), channels + 5)
        rest = np.lib.stride_tricks.as_strided(
            self.memory[self.at :], (rows, columns, channels), (*(4 * step for step in self.steps), 4)
        )
        self.numbers = rest.copy()[None]
        self.size = rows // pool, columns // pool
        self.place, self.out_steps = 16 + 2 * channels, (2 * (self.size[1] + 1) * channels, 2 * channels)
        self.y = special_numbers(rng, 64 + self.place + rows * self.out_steps[0])

    def source(self):
        return self.memory, self.at, *self.steps, *self.size, self.numbers.shape[3]

    def empty(self, dtype=np.float32):
        return np.full(self.y.size, UNTOUCHED, dtype)

    def written(self, memory):
        shape, steps = (*self.size, self.numbers.shape[3]), (*self.out_steps, 1)
        return np.lib.stride_tricks.as_strided(memory[self.place :], shape, [step * memory.itemsize for step in steps])[
            None
        ]

    def untouched(self, memory):
        """Whether all but the results still is what it was."""
        rest = memory.copy()
        self.written(rest)[...] = memory.dtype.type(UNTOUCHED)
        return (rest == memory.dtype.type(UNTOUCHED)).all()


@pytest.mark.parametrize("channels", CHANNELS)
def test_relu(channels):
    block = Block(3, 5, channels)
    out = block.empty()
    relu(1, *block.source(), out, block.place, *block.out_steps)
    np.testing.assert_array_equal(block.written(out), backend("reference").relu(block.numbers))
    assert block.untouched(out)


@pytest.mark.parametrize("channels", CHANNELS)
def test_relu_max_pool(channels):
    block = Block(7, 9, channels, pool=2)
    out, code = block.empty(), block.empty(np.uint8)
    relu_max_pool(1, *block.source(), out, code, block.place, *block.out_steps)
    rectified = backend("reference").relu(block.numbers)
    expected, place = backend("reference").max_pool2d(rectified, **POOL)
    np.testing.assert_array_equal(block.written(out), expected)
    np.testing.assert_array_equal(block.written(code)[expected != 0], place[expected != 0])
    assert block.written(code).max() <= 3
    assert block.untouched(out)
    assert block.untouched(code)


@pytest.mark.parametrize("channels", CHANNELS)
def test_relu_grad(channels):
    block = Block(3, 5, channels)
    out = block.empty()
    relu_grad(1, *block.source(), block.y, out, block.place, *block.out_steps)
    expected = backend("reference").relu_grad(block.numbers, block.written(block.y))
    np.testing.assert_array_equal(block.written(out), expected)
    assert block.untouched(out)
