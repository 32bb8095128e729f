"""Batch normalisation: sums over the chunks of the batch, then one pass with a scale and a shift a channel."""

import numpy as np

from .. import portable
from .parallel import parallel, unpack, workers_for
from .reduction import deviation_sums, product_sums, repeated

_LONG = 256  # numbers that make a loop over the channels of some joined rows worth beginning

_quiet = np.errstate(over="ignore", invalid="ignore", divide="ignore")  # NaN and ±∞ follow the equations


@_quiet
def batch_norm(
    x: np.ndarray, gamma: np.ndarray, beta: np.ndarray, *, epsilon: float
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """y = γ·x̂ + β, with μ and v of this batch.

    >>> x = np.array([[1], [3]], np.float32)
    >>> y, mean, variance = batch_norm(x, np.ones(1, np.float32), np.zeros(1, np.float32), epsilon=0.0)
    >>> y.tolist(), mean.tolist(), variance.tolist()
    ([[-1.0], [1.0]], [2.0], [1.0])
    """
    x = np.ascontiguousarray(x)
    count = x.size // x.shape[-1]
    first = x.reshape(-1, x.shape[-1])[0]
    shift = np.where(np.isfinite(first), first, 0)  # near the mean, so that little is lost when it is large
    mean = (shift + deviation_sums(x, shift)[0] / count).astype(np.float32)
    variance = deviation_sums(x, mean)[1] / count
    y = _normalized(x, mean, gamma / np.sqrt(variance + float(epsilon)), beta)
    return y, mean, variance.astype(np.float32)


@_quiet
def batch_norm_grad(
    dy: np.ndarray, x: np.ndarray, gamma: np.ndarray, mean: np.ndarray, variance: np.ndarray, *, epsilon: float
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """dx = γ / √(v + ε) · (dy − dβ/M − x̂·dγ/M)."""
    dy, x = np.ascontiguousarray(dy), np.ascontiguousarray(x)
    count = x.size // x.shape[-1]
    scale = 1 / np.sqrt(variance.astype(np.float64) + float(epsilon))
    dbeta, product = product_sums(dy, x, mean)
    dgamma = product * scale
    dx = _corrected(dy, x, mean, gamma * scale, dbeta / count, dgamma * scale / count)
    return dx, dgamma.astype(np.float32), dbeta.astype(np.float32)


@_quiet
def batch_norm_inference(
    x: np.ndarray, gamma: np.ndarray, beta: np.ndarray, mean: np.ndarray, variance: np.ndarray, *, epsilon: float
) -> np.ndarray:
    """y = γ·x̂ + β with given statistics."""
    scale = gamma / np.sqrt(variance.astype(np.float64) + float(epsilon))
    return _normalized(np.ascontiguousarray(x), mean, scale, beta)


@_quiet
def batch_norm_inference_grad(
    dy: np.ndarray, x: np.ndarray, gamma: np.ndarray, mean: np.ndarray, variance: np.ndarray, *, epsilon: float
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """dx = dy · γ / √(v + ε)."""
    dy, x = np.ascontiguousarray(dy), np.ascontiguousarray(x)
    scale = 1 / np.sqrt(variance.astype(np.float64) + float(epsilon))
    dbeta, product = product_sums(dy, x, mean)
    nothing = np.zeros(len(gamma))
    dx = _normalized(dy, nothing, gamma * scale, nothing)
    return dx, (product * scale).astype(np.float32), dbeta.astype(np.float32)


update_moving_average = portable.update_moving_average


def _normalized(x: np.ndarray, mean: np.ndarray, scale: np.ndarray, shift: np.ndarray) -> np.ndarray:
    """(x − mean)·scale + shift."""
    y = np.empty(x.shape, np.float32)
    _normalize(workers_for(x.size), x.reshape(-1), mean, scale, shift, y.reshape(-1))
    return y


def _corrected(dy, x, mean, scale, mean_dy, slope) -> np.ndarray:
    """scale·(dy − mean_dy − (x − mean)·slope)."""
    dx = np.empty(x.shape, np.float32)
    _correct(workers_for(x.size), dy.reshape(-1), x.reshape(-1), mean, scale, mean_dy, slope, dx.reshape(-1))
    return dx


@parallel("f4[::1], f4[::1], f4[::1], f4[::1], f4[::1]")
def _normalize(worker, workers, arguments):
    x, mean, scale, shift, y = unpack(arguments)
    mean, scale, shift = repeated(mean, _LONG), repeated(scale, _LONG), repeated(shift, _LONG)
    for start in range(worker * len(mean), len(x), workers * len(mean)):
        row, out = x[start : start + len(mean)], y[start : start + len(mean)]
        for j in range(len(row)):
            out[j] = (row[j] - mean[j]) * scale[j] + shift[j]


@parallel("f4[::1], f4[::1], f4[::1], f4[::1], f4[::1], f4[::1], f4[::1]")
def _correct(worker, workers, arguments):
    dy, x, mean, scale, mean_dy, slope, dx = unpack(arguments)
    mean, scale = repeated(mean, _LONG), repeated(scale, _LONG)
    mean_dy, slope = repeated(mean_dy, _LONG), repeated(slope, _LONG)
    for start in range(worker * len(mean), len(x), workers * len(mean)):
        end = start + len(mean)
        row, gradient, out = x[start:end], dy[start:end], dx[start:end]
        for j in range(len(row)):
            out[j] = scale[j] * (gradient[j] - mean_dy[j] - (row[j] - mean[j]) * slope[j])
