"""Launches of kernels that compute each number, or each row, by itself."""

from math import prod

from .launch import THREADS, Kernel, blocks
from .machine import Array
from .memory import contiguous, empty

_LANES = 32  # of the warp that computes a row
_ROWS = 8  # of a block


def each_number(kernel: Kernel, *arrays: Array, numbers: tuple[float, ...] = ()) -> Array:
    """y like the first array, of arrays of its shape: kernel(arrays…, y, n, numbers…)."""
    y = empty(arrays[0].shape)
    kernel(blocks(y.size), THREADS, *map(contiguous, arrays), y, y.size, *map(float, numbers))
    return y


def each_row(kernel: Kernel, *arrays: Array) -> Array:
    """y like the first array, of arrays of its shape: kernel(arrays…, y, rows, length)."""
    y = empty(arrays[0].shape)
    rows, length = prod(y.shape[:-1]), y.shape[-1]
    kernel(blocks(rows, _ROWS), (_LANES, _ROWS), *map(contiguous, arrays), y, rows, length)
    return y
