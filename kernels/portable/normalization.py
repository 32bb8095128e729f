"""Batch normalisation: sums over every axis but the last, then one scale and one shift a channel."""

import numpy as np

from .arrays import sum as sum_axes

_quiet = np.errstate(over="ignore", invalid="ignore", divide="ignore")  # NaN and ±∞ follow the equations


@_quiet
def batch_norm(
    x: np.ndarray, gamma: np.ndarray, beta: np.ndarray, *, epsilon: float
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """y = γ·x̂ + β, with μ and v of this batch.

    >>> y, mean, variance = batch_norm(np.array([[1.0], [3.0]]), np.ones(1), np.zeros(1), epsilon=0.0)
    >>> y.tolist(), mean.tolist(), variance.tolist()
    ([[-1.0], [1.0]], [2.0], [1.0])
    """
    count = x[..., 0].size
    mean = _sum_per_channel(x) / count
    y = x - mean
    variance = _sum_per_channel(y * y) / count
    y *= gamma / np.sqrt(variance + float(epsilon))
    y += beta
    return y, mean, variance


@_quiet
def batch_norm_grad(
    dy: np.ndarray, x: np.ndarray, gamma: np.ndarray, mean: np.ndarray, variance: np.ndarray, *, epsilon: float
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """dx = γ / √(v + ε) · (dy − dβ/M − x̂·dγ/M)."""
    count = x[..., 0].size
    deviation = np.sqrt(variance + float(epsilon))
    normalized = (x - mean) / deviation
    dbeta = _sum_per_channel(dy)
    dgamma = _sum_per_channel(dy * normalized)
    dx = normalized
    dx *= dgamma / -count
    dx += dy
    dx -= dbeta / count
    dx *= gamma / deviation
    return dx, dgamma, dbeta


@_quiet
def batch_norm_inference(
    x: np.ndarray, gamma: np.ndarray, beta: np.ndarray, mean: np.ndarray, variance: np.ndarray, *, epsilon: float
) -> np.ndarray:
    """y = γ·x̂ + β with given statistics."""
    y = x - mean
    y *= gamma / np.sqrt(variance + float(epsilon))
    y += beta
    return y


@_quiet
def batch_norm_inference_grad(
    dy: np.ndarray, x: np.ndarray, gamma: np.ndarray, mean: np.ndarray, variance: np.ndarray, *, epsilon: float
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """dx = dy · γ / √(v + ε)."""
    deviation = np.sqrt(variance + float(epsilon))
    normalized = (x - mean) / deviation
    normalized *= dy
    return dy * (gamma / deviation), _sum_per_channel(normalized), _sum_per_channel(dy)


@_quiet
def update_moving_average(moving: np.ndarray, value: np.ndarray, *, momentum: float) -> None:
    """moving ← momentum·moving + (1 − momentum)·value, in place."""
    moving *= float(momentum)
    moving += (1 - float(momentum)) * value


def _sum_per_channel(x: np.ndarray) -> np.ndarray:
    return sum_axes(x, axis=tuple(range(x.ndim - 1)))
