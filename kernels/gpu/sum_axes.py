"""Sums over axes, in an order that depends on nothing but the shape."""

from math import prod

import numpy as np

from .launch import Kernel
from .machine import Array
from .memory import empty

#: by the dtypes of the numbers and of the sums
_SUMS = {
    ("float32", "float32"): Kernel("sum_axes", "sum<float, float>"),
    ("float32", "float64"): Kernel("sum_axes", "sum<float, double>"),
    ("float64", "float32"): Kernel("sum_axes", "sum<double, float>"),
}

_THREADS = 512
_COLUMNS = 32  # numbers side by side that are read together
_ROWS = 16  # that a thread has to sum, or more blocks are not worth their start
_STRETCHES = 256  # as many as one block then sums at once


def sum_axes(a: Array, axes: tuple[int, ...]) -> Array:
    """Σ a over some axes of an array in row-major order; they stay, with length 1."""
    for first, end in _neighbours(axes):
        before, after = a.shape[:first], a.shape[end:]
        total = _sum_middle(a, prod(before), prod(a.shape[first:end]), prod(after))
        a = total.reshape((*before, *[1] * (end - first), *after))
    return a


def _neighbours(axes: tuple[int, ...]) -> list[tuple[int, int]]:
    """The axes as (first, end) of those that follow upon one another.

    >>> _neighbours((3, 0, 1))
    [(0, 2), (3, 4)]
    """
    starts = sorted(axis for axis in axes if axis - 1 not in axes)
    ends = sorted(axis + 1 for axis in axes if axis + 1 not in axes)
    return list(zip(starts, ends))


def _sum_middle(a: Array, outer: int, length: int, inner: int) -> Array:
    """Σ_d a[i, d, j], where a is (outer, length, inner): of stretches of the rows first, if the blocks would be few."""
    width = max(1, min(inner, _COLUMNS))
    lines = _power_of_two(min(length, _THREADS // width))
    groups = max(1, min(outer, _THREADS // (width * lines)))
    blocks = -(-outer // groups) * -(-inner // width)
    stretches = max(1, min(-(-length // (_ROWS * lines)), _STRETCHES // max(blocks, 1)))
    rows = max(1, -(-length // stretches))
    stretches = max(1, -(-length // rows))

    sums = empty((outer, stretches, inner), np.float32 if stretches == 1 else np.float64)
    threads = groups * lines * width
    shape = outer, length, inner, stretches, rows, lines, width
    _SUMS[a.dtype.name, sums.dtype.name](blocks * stretches, threads, a, sums, *shape, shared=8 * threads)
    return sums if stretches == 1 else _sum_middle(sums, outer, stretches, inner)


def _power_of_two(most: int) -> int:
    """The largest that is no more.

    >>> _power_of_two(12)
    8
    """
    return 1 << max(0, most.bit_length() - 1)
