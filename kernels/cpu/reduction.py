"""Sums over every axis but the last, in one order whatever the number of threads.

The rows are cut into chunks of a fixed length; a chunk is summed in float32, and the chunks in float64. Rows are
joined until they fill whole vectors, so that even a single channel uses every lane; the few rows that are left
over are NumPy's.
"""

import math

import numpy as np

from .compile import parallel, workers_for
from .simd import LANES, add, fma, load, store, subtract

_CHUNK = 64  # joined rows


def deviation_sums(x: np.ndarray, shift: np.ndarray) -> np.ndarray:
    """(Σ (x − shift), Σ (x − shift)²) of each channel of a contiguous x, in float64.

    >>> deviation_sums(np.array([[1, 2], [3, 4]], np.float32), np.array([1, 1], np.float32))
    array([[ 2.,  4.],
           [ 4., 10.]])
    """
    sums, joined_shift, left = _divided(x, shift)
    if sums.size:
        _deviation_sums(workers_for(x.size), x.reshape(-1), joined_shift, sums)
    deviation = x.reshape(-1, x.shape[-1])[left:] - shift
    return _total(sums, deviation, deviation * deviation)


def product_sums(dy: np.ndarray, x: np.ndarray, shift: np.ndarray) -> np.ndarray:
    """(Σ dy, Σ dy·(x − shift)) of each channel of contiguous arrays, in float64.

    >>> product_sums(np.array([[1], [2]], np.float32), np.array([[3], [5]], np.float32), np.array([4], np.float32))
    array([[3.],
           [1.]])
    """
    sums, joined_shift, left = _divided(x, shift)
    if sums.size:
        _product_sums(workers_for(x.size), dy.reshape(-1), x.reshape(-1), joined_shift, sums)
    dy, x = dy.reshape(-1, x.shape[-1])[left:], x.reshape(-1, x.shape[-1])[left:]
    return _total(sums, dy, dy * (x - shift))


def _divided(x: np.ndarray, shift: np.ndarray) -> tuple[np.ndarray, np.ndarray, int]:
    """(two sums of each chunk, the shift of joined rows, the first row that is left over)."""
    join = math.lcm(len(shift), LANES) // len(shift)
    rows = x.size // (join * len(shift))
    sums = np.zeros((2, -(-rows // _CHUNK), join * len(shift)), np.float32)
    return sums, np.tile(shift, join), rows * join


def _total(sums: np.ndarray, *left_over: np.ndarray) -> np.ndarray:
    chunks = sums.reshape(2, -1, left_over[0].shape[1])
    return chunks.sum(axis=1, dtype=np.float64) + [rows.sum(axis=0, dtype=np.float64) for rows in left_over]


@parallel("f4[::1], f4[::1], f4[:, :, ::1]")
def _deviation_sums(worker, workers, x, shift, sums):
    chunks, length = sums.shape[1:]
    flat = sums.reshape(-1)
    for chunk in range(worker, chunks, workers):
        first, end = chunk * _CHUNK, min((chunk + 1) * _CHUNK, len(x) // length)
        for j in range(0, length, LANES):
            plain, square, center = load(flat, chunk * length + j), load(flat, chunk * length + j), load(shift, j)
            for row in range(first, end):
                deviation = subtract(load(x, row * length + j), center)
                plain = add(plain, deviation)
                square = fma(deviation, deviation, square)
            store(flat, chunk * length + j, plain)
            store(flat, (chunks + chunk) * length + j, square)


@parallel("f4[::1], f4[::1], f4[::1], f4[:, :, ::1]")
def _product_sums(worker, workers, dy, x, shift, sums):
    chunks, length = sums.shape[1:]
    flat = sums.reshape(-1)
    for chunk in range(worker, chunks, workers):
        first, end = chunk * _CHUNK, min((chunk + 1) * _CHUNK, len(x) // length)
        for j in range(0, length, LANES):
            plain, product, center = load(flat, chunk * length + j), load(flat, chunk * length + j), load(shift, j)
            for row in range(first, end):
                gradient = load(dy, row * length + j)
                plain = add(plain, gradient)
                product = fma(gradient, subtract(load(x, row * length + j), center), product)
            store(flat, chunk * length + j, plain)
            store(flat, (chunks + chunk) * length + j, product)
