"""Sums over the rows of a matrix, in an order that depends on its size alone: sums.cu."""

from math import gcd
from typing import NamedTuple

from .launch import Kernel
from .machine import Array
from .memory import empty

_column_sums = Kernel("sums", "column_sums")

_LANES, _WARPS = 32, 8  # of sums.cu
_SHARED = _LANES * _WARPS * 4

_LEAST_ROWS = 64  # of a block: its sums are then little to write beside what it reads
_BLOCKS = 528  # four for each of an H200's multiprocessors; the same everywhere, as it decides on the order


class Finish(NamedTuple):
    """What becomes of a sum before it is written (finish.cuh)."""

    bias: Array | None = None
    mask: Array | None = None
    relu: bool = False


NO_FINISH = Finish()


def column_sums(x: Array) -> Array:
    """Σ over the rows of a matrix in row-major order."""
    columns = x.shape[1]
    x = _with_full_lanes(x)
    rows_of_block = max(_LEAST_ROWS, -(-len(x) // max(_BLOCKS // -(-x.shape[1] // _LANES), 1)))
    if len(x) > rows_of_block:
        sums = empty((-(-len(x) // rows_of_block), x.shape[1]))
        _launch(x, sums, rows_of_block, columns)
        x = sums
    y = empty((columns,))
    add_parts(x.reshape(-1, columns), y)
    return y


def add_parts(parts: Array, y: Array, finish: Finish = NO_FINISH) -> None:
    """y = the sum of the rows of a matrix, finished; the bias is that of y's last axis."""
    _launch(parts, y, len(parts), y.shape[-1], finish)


def _with_full_lanes(x: Array) -> Array:
    """Some rows side by side, where one has few columns."""
    rows, columns = x.shape
    together = gcd(rows, 1 << (_LANES // columns).bit_length() - 1) if columns < _LANES else 1
    return x.reshape(rows // together, columns * together)


def _launch(x: Array, y: Array, rows_of_block: int, filters: int, finish: Finish = NO_FINISH) -> None:
    rows, columns = x.shape
    grid = -(-columns // _LANES), -(-rows // rows_of_block)
    numbers = rows, columns, rows_of_block, filters, int(finish.relu)
    _column_sums(grid, (_LANES, _WARPS), x, finish.bias, finish.mask, y, *numbers, shared=_SHARED)
