"""Sums over every axis but the last, in one order whatever the number of threads.

The rows are cut into chunks of a fixed length; a chunk is summed in float32, and the chunks in float64. Rows are
joined until they fill whole vectors, so that even a single channel uses every lane.
"""

import math

import numpy as np

from .compile import compiled
from .parallel import parallel, unpack, workers_for
from .simd import LANES, add, fma, get, load, put, store, subtract, zeros

_CHUNK = 64  # joined rows


def deviation_sums(x: np.ndarray, shift: np.ndarray) -> np.ndarray:
    """(Σ (x − shift), Σ (x − shift)²) of each channel of a contiguous x, in float64.

    >>> deviation_sums(np.array([[1, 2], [3, 4]], np.float32), np.array([1, 1], np.float32))
    array([[ 2.,  4.],
           [ 4., 10.]])
    """
    sums = _empty_sums(x)
    _deviation_sums(workers_for(x.size), x.reshape(-1), shift, sums)
    return _total(sums, x)


def product_sums(dy: np.ndarray, x: np.ndarray, shift: np.ndarray) -> np.ndarray:
    """(Σ dy, Σ dy·(x − shift)) of each channel of contiguous arrays, in float64.

    >>> product_sums(np.array([[1], [2]], np.float32), np.array([[3], [5]], np.float32), np.array([4], np.float32))
    array([[3.],
           [1.]])
    """
    sums = _empty_sums(x)
    _product_sums(workers_for(x.size), dy.reshape(-1), x.reshape(-1), shift, sums)
    return _total(sums, x)


@compiled
def repeated(array, length):
    """As many copies of the array as fit into `length` numbers, but at least one."""
    copies = np.empty(max(1, length // len(array)) * len(array), np.float32)
    for i in range(len(copies)):
        copies[i] = array[i % len(array)]
    return copies


def _empty_sums(x: np.ndarray) -> np.ndarray:
    """Two sums of each chunk of joined rows, and of what is left over after the last whole row."""
    length = math.lcm(x.shape[-1], LANES)
    return np.zeros((2, -(-(x.size // length) // _CHUNK) + 1, length), np.float32)


def _total(sums: np.ndarray, x: np.ndarray) -> np.ndarray:
    return sums.reshape(2, -1, x.shape[-1]).sum(axis=1, dtype=np.float64)


@parallel("f4[::1], f4[::1], f4[:, :, ::1]")
def _deviation_sums(worker, workers, arguments):
    x, shift, sums = unpack(arguments)
    chunks, length = sums.shape[1:]
    flat, centers, rows = sums.reshape(-1), repeated(shift, length), len(x) // length
    for chunk in range(worker, chunks - 1, workers):
        for j in range(0, length, LANES):
            plain, square, center = zeros(), zeros(), load(centers, j)
            for row in range(chunk * _CHUNK, min((chunk + 1) * _CHUNK, rows)):
                deviation = subtract(load(x, row * length + j), center)
                plain = add(plain, deviation)
                square = fma(deviation, deviation, square)
            store(flat, chunk * length + j, plain)
            store(flat, (chunks + chunk) * length + j, square)
    if worker == 0:
        for j in range(len(x) - rows * length):
            deviation = get(x, rows * length + j) - get(centers, j)
            put(flat, (chunks - 1) * length + j, deviation)
            put(flat, (2 * chunks - 1) * length + j, deviation * deviation)


@parallel("f4[::1], f4[::1], f4[::1], f4[:, :, ::1]")
def _product_sums(worker, workers, arguments):
    dy, x, shift, sums = unpack(arguments)
    chunks, length = sums.shape[1:]
    flat, centers, rows = sums.reshape(-1), repeated(shift, length), len(x) // length
    for chunk in range(worker, chunks - 1, workers):
        for j in range(0, length, LANES):
            plain, product, center = zeros(), zeros(), load(centers, j)
            for row in range(chunk * _CHUNK, min((chunk + 1) * _CHUNK, rows)):
                gradient = load(dy, row * length + j)
                plain = add(plain, gradient)
                product = fma(gradient, subtract(load(x, row * length + j), center), product)
            store(flat, chunk * length + j, plain)
            store(flat, (chunks + chunk) * length + j, product)
    if worker == 0:
        for j in range(len(x) - rows * length):
            gradient = get(dy, rows * length + j)
            put(flat, (chunks - 1) * length + j, gradient)
            put(flat, (2 * chunks - 1) * length + j, gradient * (get(x, rows * length + j) - get(centers, j)))
