"""Batch normalisation as its equations."""

import numpy as np

_quiet = np.errstate(over="ignore", invalid="ignore", divide="ignore")  # NaN and ±∞ follow the equations


@_quiet
def batch_norm(
    x: np.ndarray, gamma: np.ndarray, beta: np.ndarray, *, epsilon: float
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """μ = Σ x / M, v = Σ (x − μ)² / M, y = γ·x̂ + β.

    >>> y, mean, variance = batch_norm(np.array([[1.0], [3.0]]), np.ones(1), np.zeros(1), epsilon=0.0)
    >>> y.tolist(), mean.tolist(), variance.tolist()
    ([[-1.0], [1.0]], [2.0], [1.0])
    """
    mean = _sum(x) / _count(x)
    variance = _sum((x - mean) ** 2) / _count(x)
    return gamma * _normalized(x, mean, variance, epsilon) + beta, mean, variance


@_quiet
def batch_norm_grad(
    dy: np.ndarray, x: np.ndarray, gamma: np.ndarray, mean: np.ndarray, variance: np.ndarray, *, epsilon: float
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """dβ = Σ dy, dγ = Σ dy·x̂, dx = γ / √(v + ε) · (dy − dβ/M − x̂·dγ/M)."""
    x_hat = _normalized(x, mean, variance, epsilon)
    dbeta = _sum(dy)
    dgamma = _sum(dy * x_hat)
    dx = gamma / np.sqrt(variance + float(epsilon)) * (dy - dbeta / _count(x) - x_hat * dgamma / _count(x))
    return dx, dgamma, dbeta


@_quiet
def batch_norm_inference(
    x: np.ndarray, gamma: np.ndarray, beta: np.ndarray, mean: np.ndarray, variance: np.ndarray, *, epsilon: float
) -> np.ndarray:
    """y = γ·x̂ + β with given statistics."""
    return gamma * _normalized(x, mean, variance, epsilon) + beta


@_quiet
def batch_norm_inference_grad(
    dy: np.ndarray, x: np.ndarray, gamma: np.ndarray, mean: np.ndarray, variance: np.ndarray, *, epsilon: float
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """dx = dy · γ / √(v + ε), dγ = Σ dy·x̂, dβ = Σ dy."""
    x_hat = _normalized(x, mean, variance, epsilon)
    return dy * gamma / np.sqrt(variance + float(epsilon)), _sum(dy * x_hat), _sum(dy)


@_quiet
def update_moving_average(moving: np.ndarray, value: np.ndarray, *, momentum: float) -> None:
    """moving ← momentum·moving + (1 − momentum)·value, in place."""
    moving[...] = float(momentum) * moving + (1 - float(momentum)) * value


def _normalized(x: np.ndarray, mean: np.ndarray, variance: np.ndarray, epsilon: float) -> np.ndarray:
    """x̂ = (x − μ) / √(v + ε)."""
    return (x - mean) / np.sqrt(variance + float(epsilon))


def _sum(x: np.ndarray) -> np.ndarray:
    """Σ over every axis but the last."""
    return np.sum(x, axis=tuple(range(x.ndim - 1)))


def _count(x: np.ndarray) -> int:
    """M, the number of values per channel."""
    return x[..., 0].size
