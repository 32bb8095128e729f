"""Sums over every axis but the last, in one order whatever the number of threads.

The numbers are cut into chunks of a fixed length; each chunk is summed in float64, and then the chunks in order.
Short rows are joined to longer ones, so that even a single channel fills the vector registers.
"""

import numpy as np

from .compile import parallel, workers_for

CHUNK = 256  # joined rows
ENOUGH = 64  # numbers in a joined row


def joined(channels: int) -> int:
    """How many rows to join.

    >>> joined(3), joined(100)
    (22, 1)
    """
    return -(-ENOUGH // channels)


def channel_sum(x: np.ndarray) -> np.ndarray:
    """Σ x of each channel, in float64.

    >>> channel_sum(np.array([[1, 2], [3, 4], [5, 6]], np.float32))
    array([ 9., 12.])
    """
    sums = _chunks(1, x)
    _sum(workers_for(x.size), x.reshape(-1), sums)
    return _total(sums, x)[0]


def channel_square_sum(x: np.ndarray, mean: np.ndarray) -> np.ndarray:
    """Σ (x − mean)² of each channel, in float64.

    >>> channel_square_sum(np.array([[1, 2], [3, 4]], np.float32), np.array([2.0, 3.0]))
    array([2., 2.])
    """
    sums = _chunks(1, x)
    _sum_squares(workers_for(x.size), x.reshape(-1), np.tile(mean, joined(len(mean))), sums)
    return _total(sums, x)[0]


def channel_product_sums(dy: np.ndarray, x: np.ndarray, mean: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(Σ dy, Σ dy·(x − mean)) of each channel, in float64.

    >>> channel_product_sums(np.array([[1], [2]], np.float32), np.array([[3], [5]], np.float32), np.array([4.0]))
    (array([3.]), array([1.]))
    """
    sums = _chunks(2, x)
    _sum_products(workers_for(x.size), dy.reshape(-1), x.reshape(-1), np.tile(mean, joined(len(mean))), sums)
    plain, product = _total(sums, x)
    return plain, product


def _chunks(kinds: int, x: np.ndarray) -> np.ndarray:
    length = joined(x.shape[-1]) * x.shape[-1]
    return np.zeros((kinds, -(-x.size // (CHUNK * length)), length))


def _total(sums: np.ndarray, x: np.ndarray) -> np.ndarray:
    return sums.reshape(len(sums), -1, x.shape[-1]).sum(axis=1)


@parallel("f4[::1], f8[:, :, ::1]")
def _sum(worker, workers, x, sums):
    chunks, length = sums.shape[1:]
    for chunk in range(worker, chunks, workers):
        total = sums[0, chunk]
        for row in range(chunk * CHUNK * length, min((chunk + 1) * CHUNK * length, len(x)), length):
            for j in range(min(length, len(x) - row)):
                total[j] += x[row + j]


@parallel("f4[::1], f8[::1], f8[:, :, ::1]")
def _sum_squares(worker, workers, x, mean, sums):
    chunks, length = sums.shape[1:]
    for chunk in range(worker, chunks, workers):
        total = sums[0, chunk]
        for row in range(chunk * CHUNK * length, min((chunk + 1) * CHUNK * length, len(x)), length):
            for j in range(min(length, len(x) - row)):
                deviation = x[row + j] - mean[j]
                total[j] += deviation * deviation


@parallel("f4[::1], f4[::1], f8[::1], f8[:, :, ::1]")
def _sum_products(worker, workers, dy, x, mean, sums):
    chunks, length = sums.shape[1:]
    for chunk in range(worker, chunks, workers):
        plain, product = sums[0, chunk], sums[1, chunk]
        for row in range(chunk * CHUNK * length, min((chunk + 1) * CHUNK * length, len(x)), length):
            for j in range(min(length, len(x) - row)):
                plain[j] += dy[row + j]
                product[j] += dy[row + j] * (x[row + j] - mean[j])
