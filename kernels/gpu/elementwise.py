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
    launch_rows(kernel, *map(contiguous, arrays), y, shape=y.shape)
    return y


def launch_rows(kernel: Kernel, *arrays: Array, shape: tuple[int, ...]) -> None:
    """kernel(arrays…, rows, length), a warp a row of a shape."""
    rows, length = prod(shape[:-1]), shape[-1]
    kernel(blocks(rows, _ROWS), (_LANES, _ROWS), *arrays, rows, length)
