"""Batch normalisation: sums over the chunks of the batch, then one pass with a scale and a shift a channel."""

import numpy as np

from .. import portable
from .capture import every_run
from .compile import compiled
from .memory import empty
from .parallel import parallel, share, unpack, workers_for
from .reduction import empty_chunks, repeated, sum_deviations, sum_products, total

_LONG = 1024  # numbers that make a loop over the channels of some joined rows worth beginning


def batch_norm(
    x: np.ndarray, gamma: np.ndarray, beta: np.ndarray, *, epsilon: float
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """y = γ·x̂ + β, with μ and v of this batch.

    >>> x = np.array([[1], [3]], np.float32)
    >>> y, mean, variance = batch_norm(x, np.ones(1, np.float32), np.zeros(1, np.float32), epsilon=0.0)
    >>> y.tolist(), mean.tolist(), variance.tolist()
    ([[-1.0], [1.0]], [2.0], [1.0])
    """
    workers, sums, squares = workers_for(x.size), empty_chunks(x), empty_chunks(x)
    y, (mean, variance) = empty(x.shape), empty((2, len(gamma)))
    _sum(workers, x, len(gamma), sums)
    _sum_squares(workers, x, sums, mean, squares)
    _normalize_batch(workers, x, gamma, beta, mean, squares, epsilon, y, variance)
    return y, mean, variance


def batch_norm_grad(
    dy: np.ndarray, x: np.ndarray, gamma: np.ndarray, mean: np.ndarray, variance: np.ndarray, *, epsilon: float
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """dx = γ / √(v + ε) · (dy − dβ/M − x̂·dγ/M)."""
    return _gradients(_batch_grad, dy, x, gamma, mean, variance, epsilon)


def batch_norm_inference(
    x: np.ndarray, gamma: np.ndarray, beta: np.ndarray, mean: np.ndarray, variance: np.ndarray, *, epsilon: float
) -> np.ndarray:
    """y = γ·x̂ + β with given statistics."""
    y = empty(x.shape)
    _inference(workers_for(x.size), x, gamma, beta, mean, variance, epsilon, y)
    return y


def batch_norm_inference_grad(
    dy: np.ndarray, x: np.ndarray, gamma: np.ndarray, mean: np.ndarray, variance: np.ndarray, *, epsilon: float
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """dx = dy · γ / √(v + ε)."""
    return _gradients(_inference_grad, dy, x, gamma, mean, variance, epsilon)


def update_moving_average(moving: np.ndarray, value: np.ndarray, *, momentum: float) -> None:
    """moving ← momentum·moving + (1 − momentum)·value."""
    if not moving.flags.c_contiguous:
        return every_run(lambda: portable.update_moving_average(moving, value, momentum=momentum))
    return _average(workers_for(moving.size), moving, value, momentum)


def _gradients(kernel, dy, x, gamma, mean, variance, epsilon) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """(dx, dγ, dβ), the kernel being given the sums of dy and dy·(x − μ)."""
    workers, chunks = workers_for(x.size), empty_chunks(x)
    dx, (dgamma, dbeta) = empty(x.shape), empty((2, len(gamma)))
    _sum_products(workers, dy, x, mean, chunks)
    kernel(workers, dy, x, gamma, mean, variance, epsilon, chunks, dx, dgamma, dbeta)
    return dx, dgamma, dbeta


@parallel("f4[::1], f4[::1], f8")
def _average(worker, workers, arguments):
    moving, value, momentum = unpack(arguments)
    old, new = np.float32(momentum), np.float32(1 - momentum)
    moving, value = share(moving, worker, workers), share(value, worker, workers)
    for i in range(len(moving)):
        moving[i] = old * moving[i] + new * value[i]


@parallel("f4[::1], intp, f4[:, :, ::1]")
def _sum(worker, workers, arguments):
    x, channels, sums = unpack(arguments)
    sum_deviations(x, _first_row(x, channels), sums, worker, workers)


@parallel("f4[::1], f4[:, :, ::1], f4[::1], f4[:, :, ::1]")
def _sum_squares(worker, workers, arguments):
    x, sums, mean, squares = unpack(arguments)
    channels = len(mean)
    exact = _first_row(x, channels) + total(sums[0], channels) / (len(x) // channels)
    center = exact.astype(np.float32)
    if worker == 0:
        mean[:] = center
    sum_deviations(x, center, squares, worker, workers)


@parallel("f4[::1], f4[::1], f4[::1], f4[::1], f4[:, :, ::1], f8, f4[::1], f4[::1]")
def _normalize_batch(worker, workers, arguments):
    x, gamma, beta, mean, squares, epsilon, y, variance = unpack(arguments)
    exact = total(squares[1], len(gamma)) / (len(x) // len(gamma))
    if worker == 0:
        variance[:] = exact
    _normalize(x, mean, gamma / np.sqrt(exact + epsilon), beta, y, worker, workers)


@parallel("f4[::1], f4[::1], f4[::1], f4[::1], f4[::1], f8, f4[::1]")
def _inference(worker, workers, arguments):
    x, gamma, beta, mean, variance, epsilon, y = unpack(arguments)
    _normalize(x, mean, gamma / np.sqrt(variance + epsilon), beta, y, worker, workers)


@parallel("f4[::1], f4[::1], f4[::1], f4[:, :, ::1]")
def _sum_products(worker, workers, arguments):
    dy, x, mean, chunks = unpack(arguments)
    sum_products(dy, x, mean, chunks, worker, workers)


@parallel("f4[::1], f4[::1], f4[::1], f4[::1], f4[::1], f8, f4[:, :, ::1], f4[::1], f4[::1], f4[::1]")
def _batch_grad(worker, workers, arguments):
    dy, x, gamma, mean, variance, epsilon, chunks, dx, dgamma, dbeta = unpack(arguments)
    channels = len(gamma)
    scale = 1 / np.sqrt(variance + epsilon)
    shift_grad, scale_grad = total(chunks[0], channels), total(chunks[1], channels) * scale
    if worker == 0:
        dgamma[:], dbeta[:] = scale_grad, shift_grad
    count = len(x) // channels
    length = min(_LONG, len(x))
    means, scales = repeated(mean, length), repeated(gamma * scale, length)
    mean_dy, slope = repeated(shift_grad / count, length), repeated(scale_grad * scale / count, length)
    x, dy, dx = (
        _share(x, channels, worker, workers),
        _share(dy, channels, worker, workers),
        _share(dx, channels, worker, workers),
    )
    for start in range(0, len(x), len(means)):
        end = start + len(means)
        row, gradient, out = x[start:end], dy[start:end], dx[start:end]
        for j in range(len(row)):
            out[j] = scales[j] * (gradient[j] - mean_dy[j] - (row[j] - means[j]) * slope[j])


@parallel("f4[::1], f4[::1], f4[::1], f4[::1], f4[::1], f8, f4[:, :, ::1], f4[::1], f4[::1], f4[::1]")
def _inference_grad(worker, workers, arguments):
    dy, _, gamma, _, variance, epsilon, chunks, dx, dgamma, dbeta = unpack(arguments)
    channels = len(gamma)
    scale = 1 / np.sqrt(variance + epsilon)
    if worker == 0:
        dgamma[:], dbeta[:] = total(chunks[1], channels) * scale, total(chunks[0], channels)
    nothing = np.zeros(channels, np.float32)
    _normalize(dy, nothing, gamma * scale, nothing, dx, worker, workers)


@compiled
def _first_row(x, channels):
    """A number of each channel, near the mean, so that little is lost where that is large; 0 for one not finite."""
    row = x[:channels].copy()
    for c in range(channels):
        row[c] = row[c] if np.isfinite(row[c]) else np.float32(0)
    return row


@compiled
def _normalize(x, mean, scale, shift, y, worker, workers):
    """y = (x − mean)·scale + shift."""
    length = min(_LONG, len(x))
    means, scales, shifts = repeated(mean, length), repeated(scale, length), repeated(shift, length)
    x, y = _share(x, len(mean), worker, workers), _share(y, len(mean), worker, workers)
    for start in range(0, len(x), len(means)):
        row, out = x[start : start + len(means)], y[start : start + len(means)]
        for j in range(len(row)):
            out[j] = (row[j] - means[j]) * scales[j] + shifts[j]


@compiled
def _share(array, channels, worker, workers):
    """A worker's part of an array, in whole rows of channels."""
    rows = len(array) // channels
    return array[rows * worker // workers * channels : rows * (worker + 1) // workers * channels]
