"""Sums over every axis but the last, in one order whatever the number of threads.

The rows are cut into chunks of a fixed length; a chunk is summed in float32, and the chunks in float64. Rows are
joined until they fill whole vectors, so that even a single channel uses every lane.

One kernel sums the chunks; the next one totals them, each worker for itself: that is quicker than to ask NumPy.
"""

import math

import numpy as np

from .compile import compiled
from .memory import empty
from .parallel import parallel, unpack, workers_for
from .simd import LANES, add, flat, fma, get, load, put, store, subtract, zeros

_CHUNK = 64  # joined rows


def channel_sums(x: np.ndarray) -> np.ndarray:
    """Σ x of each channel, rounded to float32 at the end.

    >>> channel_sums(np.array([[1, 2], [3, 4]], np.float32))
    array([4., 6.], dtype=float32)
    """
    chunks, sums = empty_chunks(x), empty(x.shape[-1:])
    _sum(workers_for(x.size), x, chunks)
    _total(1, chunks, empty(chunks.shape[2:], np.float64), sums)
    return sums


def empty_chunks(x: np.ndarray) -> np.ndarray:
    """Room for two sums of each chunk of joined rows, and of what is left over after the last whole row."""
    length = math.lcm(x.shape[-1], LANES)
    return empty((2, -(-(x.size // length) // _CHUNK) + 1, length))


@compiled
def total(chunks, channels):
    """One kind of sum, of each channel, in float64."""
    joined, sums = np.empty(chunks.shape[1]), np.empty(channels)
    _add_up(chunks, joined, sums)
    return sums


@compiled
def _add_up(chunks, joined, sums):
    """The same, by way of the sums of joined rows."""
    for j in range(len(joined)):
        joined[j] = 0
    for chunk in range(len(chunks)):
        for j in range(len(joined)):
            joined[j] += chunks[chunk, j]
    for c in range(len(sums)):
        number = 0.0
        for start in range(0, len(joined), len(sums)):
            number += joined[start + c]
        sums[c] = number


@compiled
def repeated(array, length):
    """As many copies of the array as fit into `length` numbers, but at least one; in float32."""
    copies = np.empty(max(1, length // len(array)) * len(array), np.float32)
    for start in range(0, len(copies), len(array)):
        for i in range(len(array)):
            copies[start + i] = array[i]
    return copies


@compiled
def sum_deviations(x, center, chunks, worker, workers):
    """chunks[0, i], chunks[1, i] = the sums of x − center and (x − center)²."""
    length = chunks.shape[2]
    flat, centers, rows = chunks.reshape(-1), repeated(center, length), len(x) // length
    half = len(flat) // 2
    whole = chunks.shape[1] - 1
    for chunk in range(whole * worker // workers, whole * (worker + 1) // workers):
        end = min((chunk + 1) * _CHUNK, rows)
        _sum_deviation_rows(x, chunk * _CHUNK, end, centers, flat, chunk * length, half)
    if worker == 0:
        _sum_deviation_rows(_filled_up(x, rows * length, length), 0, 1, centers, flat, half - length, half)
        for j in range(len(x) - rows * length, length):
            flat[half - length + j] = 0
            flat[2 * half - length + j] = 0


@compiled
def sum_products(dy, x, center, chunks, worker, workers):
    """chunks[0, i], chunks[1, i] = the sums of dy and dy·(x − center)."""
    length = chunks.shape[2]
    flat, centers, rows = chunks.reshape(-1), repeated(center, length), len(x) // length
    half = len(flat) // 2
    whole = chunks.shape[1] - 1
    for chunk in range(whole * worker // workers, whole * (worker + 1) // workers):
        end = min((chunk + 1) * _CHUNK, rows)
        _sum_product_rows(dy, x, chunk * _CHUNK, end, centers, flat, chunk * length, half)
    if worker == 0:
        gradients, numbers = _filled_up(dy, rows * length, length), _filled_up(x, rows * length, length)
        _sum_product_rows(gradients, numbers, 0, 1, centers, flat, half - length, half)
        for j in range(len(x) - rows * length, length):
            flat[half - length + j] = 0
            flat[2 * half - length + j] = 0


@compiled
def _sum_deviation_rows(x, first, end, centers, chunks, place, half):
    for j in range(0, len(centers), LANES):
        plain, square, center = zeros(), zeros(), load(centers, j)
        for row in range(first, end):
            deviation = subtract(load(x, row * len(centers) + j), center)
            plain = add(plain, deviation)
            square = fma(deviation, deviation, square)
        store(chunks, place + j, plain)
        store(chunks, half + place + j, square)


@compiled
def _sum_product_rows(dy, x, first, end, centers, chunks, place, half):
    for j in range(0, len(centers), LANES):
        plain, product, center = zeros(), zeros(), load(centers, j)
        for row in range(first, end):
            gradient = load(dy, row * len(centers) + j)
            plain = add(plain, gradient)
            product = fma(gradient, subtract(load(x, row * len(centers) + j), center), product)
        store(chunks, place + j, plain)
        store(chunks, half + place + j, product)


@compiled
def _filled_up(x, start, length):
    """What is left of x after the last whole row, and zeros."""
    row = np.zeros(length, np.float32)
    for i in range(start, len(x)):
        row[i - start] = x[i]
    return row


@parallel("f4[::1], f4[:, :, ::1]")
def _sum(worker, workers, arguments):
    """chunks[0, i] = the sums of x."""
    x, chunks = unpack(arguments)
    sums, length, whole = flat(chunks), chunks.shape[2], chunks.shape[1] - 1
    rows = len(x) // length
    for chunk in range(whole * worker // workers, whole * (worker + 1) // workers):
        end = min((chunk + 1) * _CHUNK, rows)
        for j in range(0, length, LANES):
            vector = zeros()
            for row in range(chunk * _CHUNK, end):
                vector = add(vector, load(x, row * length + j))
            store(sums, chunk * length + j, vector)
    if worker == 0:
        for j in range(length):
            place = rows * length + j
            put(sums, whole * length + j, get(x, place) if place < len(x) else np.float32(0))


@parallel("f4[:, :, ::1], f8[::1], f4[::1]")
def _total(worker, workers, arguments):
    chunks, joined, sums = unpack(arguments)
    _add_up(chunks[0], joined, sums)
