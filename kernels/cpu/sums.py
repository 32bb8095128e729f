"""Sums over axes, in an order that depends on nothing but the shape.

What is summed is cut into chunks: these are summed one by one, and their sums in float64.
"""

import math

import numpy as np

from .compile import compiled
from .memory import empty
from .parallel import parallel, share, unpack, workers_for
from .simd import LANES, add, beyond, flat, get, load, put, total, zeros

_CHUNK = 1024  # rows
_STRETCH = 512  # numbers of a row that one task sums


def sum_axes(a: np.ndarray, axes: tuple[int, ...]) -> np.ndarray:
    """Σ a over some axes of a contiguous array; they stay, with length 1.

    >>> sum_axes(np.ones((2, 3, 4), np.float32), (0, 1))
    array([[[6., 6., 6., 6.]]], dtype=float32)
    """
    for first, end in _neighbours(axes):
        before, after = a.shape[:first], a.shape[end:]
        lengths = math.prod(before), math.prod(a.shape[first:end]), math.prod(after)
        a = _sum_middle(a.reshape(lengths)).reshape(*before, *[1] * (end - first), *after)
    return a


def sum_parts(parts: np.ndarray, out: np.ndarray) -> np.ndarray:
    """out = Σ_i parts[i], one part after the other."""
    _sum_parts(workers_for(parts.size), parts.reshape(len(parts), -1), out)
    return out


def _neighbours(axes: tuple[int, ...]) -> list[tuple[int, int]]:
    """The axes as (first, end) of those that follow upon one another.

    >>> _neighbours((3, 0, 1))
    [(0, 2), (3, 4)]
    """
    starts = sorted(axis for axis in axes if axis - 1 not in axes)
    ends = sorted(axis + 1 for axis in axes if axis + 1 not in axes)
    return list(zip(starts, ends))


def _sum_middle(a: np.ndarray) -> np.ndarray:
    """out[i, j] = Σ_d a[i, d, j]."""
    outer, length, inner = a.shape
    chunks, out = empty((outer, max(1, -(-length // _CHUNK)), inner), np.float64), empty((outer, inner))
    _sum_chunks(workers_for(a.size), a, chunks)
    _sum_sums(workers_for(chunks.size), chunks, out)
    return out


@compiled
def row_sum(x):
    """The sum of a row, a vector at a time."""
    whole = len(x) // LANES * LANES
    lanes = zeros()
    for k in range(0, whole, LANES):
        lanes = add(lanes, load(x, k))
    sums = total(lanes)
    for k in range(whole, len(x)):
        sums += get(x, k)
    return sums


@parallel("f4[:, :, ::1], f8[:, :, ::1]")
def _sum_chunks(worker, workers, arguments):
    a, chunks = unpack(arguments)
    (_, length, inner), count = a.shape, chunks.shape[1]
    numbers, sums, stretches = flat(a), flat(chunks), (inner + _STRETCH - 1) // _STRETCH
    for task in range(worker, len(a) * count * stretches, workers):
        row, start = task // stretches, task % stretches * _STRETCH
        i, chunk = divmod(row, count)
        first, end = chunk * _CHUNK, min((chunk + 1) * _CHUNK, length)
        at = (i * length + first) * inner
        if inner == 1:
            sums[row] = row_sum(numbers[at : at + end - first])
        else:
            width = min(_STRETCH, inner - start)
            _sum_rows(beyond(numbers, at + start), end - first, inner, beyond(sums, row * inner + start), width)


@compiled
def _sum_rows(numbers, rows, step, sums, width):
    for j in range(width):
        put(sums, j, 0.0)
    for d in range(rows):
        for j in range(width):
            put(sums, j, get(sums, j) + get(numbers, d * step + j))


@parallel("f8[:, :, ::1], f4[:, ::1]")
def _sum_sums(worker, workers, arguments):
    chunks, out = unpack(arguments)
    chunks, out = share(chunks, worker, workers), share(out, worker, workers)
    for i in range(len(out)):
        for j in range(out.shape[1]):
            whole = 0.0
            for chunk in range(chunks.shape[1]):
                whole += chunks[i, chunk, j]
            out[i, j] = whole


@parallel("f4[:, ::1], f4[::1]")
def _sum_parts(worker, workers, arguments):
    parts, out = unpack(arguments)
    size = len(out)
    numbers, first, end = flat(parts), size * worker // workers, size * (worker + 1) // workers
    for i in range(first, end):
        put(out, i, get(numbers, i))
    for part in range(1, len(parts)):
        for i in range(first, end):
            put(out, i, get(out, i) + get(numbers, part * size + i))
