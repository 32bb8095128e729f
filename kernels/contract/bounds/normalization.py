"""Bounds of batch normalisation. M is the number of values a channel; s = 1 / √(v + ε)."""

from typing import Any

import numpy as np

from ... import reference
from .rounding import FLUSHED, Rounding

Array = np.ndarray

#: roundings in v + ε, the root, and the division
SCALE = 3


def batch_norm(e: Rounding, x: Array, gamma: Array, beta: Array, *, epsilon: float) -> Any:
    """The errors of μ and v on top of those of γ·(x − μ)·s + β with exact statistics.

    μ   M additions and a division; numbers may first be shifted by one of their own, at most max|x|
    v   Σ(x − μ̂)²/M = v + (μ − μ̂)² for the rounded mean μ̂; M additions, and 4 roundings in each term
    s   falls with v: its error is the larger step to either end of the interval of v
    """
    _, mean, variance = reference.batch_norm(x, gamma, beta, epsilon=epsilon)
    m, axes = x[..., 0].size, tuple(range(x.ndim - 1))
    of_mean = e.after(m + 3, np.mean(np.abs(x), axis=axes) + np.max(np.abs(x), axis=axes))
    of_variance = e.after(m + 4, variance + of_mean**2) + of_mean**2
    scale = _scale(variance, epsilon)
    of_scale = np.maximum(
        _scale(np.maximum(variance - of_variance, 0), epsilon) - scale,
        scale - _scale(variance + of_variance, epsilon),
    )
    of_x_hat = (np.abs(x - mean) + of_mean) * of_scale + of_mean * scale
    rounded = _formula(e, x, gamma, beta, mean, scale + of_scale)
    return rounded + np.abs(gamma) * of_x_hat * (1 + e.after(SCALE + 5, 1)), of_mean, of_variance


def batch_norm_grad(
    e: Rounding, dy: Array, x: Array, gamma: Array, mean: Array, variance: Array, *, epsilon: float
) -> Any:
    """dx = γ·s·(dy − dβ/M − x̂·dγ/M): M additions in the sums, and a few roundings in each term.

    A γ·s below the smallest normal number is off by as much as that one would be.
    """
    m, axes = x[..., 0].size, tuple(range(x.ndim - 1))
    of_dgamma, of_dbeta = _sums(e, dy, x, mean, variance, epsilon)
    scale = _scale(variance, epsilon)
    x_hat = np.abs(x - mean) * scale
    dbeta, dgamma = np.sum(np.abs(dy), axis=axes), np.sum(np.abs(dy) * x_hat, axis=axes)
    terms = np.abs(dy) + dbeta / m + x_hat * dgamma / m
    factor = np.maximum(np.abs(gamma) * scale, e.flushed / FLUSHED)
    return e.after(m + 3 * SCALE + 8, factor * terms), of_dgamma, of_dbeta


def batch_norm_inference(
    e: Rounding, x: Array, gamma: Array, beta: Array, mean: Array, variance: Array, *, epsilon: float
) -> Any:
    """y = γ·(x − μ)·s + β."""
    return _formula(e, x, gamma, beta, mean, _scale(variance, epsilon))


def batch_norm_inference_grad(
    e: Rounding, dy: Array, x: Array, gamma: Array, mean: Array, variance: Array, *, epsilon: float
) -> Any:
    """dx = dy·γ·s."""
    of_dgamma, of_dbeta = _sums(e, dy, x, mean, variance, epsilon)
    return e.after(SCALE + 2, np.abs(dy * gamma) * _scale(variance, epsilon)), of_dgamma, of_dbeta


def update_moving_average(e: Rounding, moving: Array, value: Array, *, momentum: float) -> Any:
    """The momentum, a product and the sum are rounded; `value` is only read."""
    return e.after(3, np.abs(momentum * moving) + np.abs((1 - momentum) * value)), 0.0


def _formula(e: Rounding, x: Any, gamma: Any, beta: Any, mean: Any, scale: Any) -> Any:
    """γ·(x − μ)·s + β: x − μ, two products and the sum, beside those in s."""
    return e.after(SCALE + 4, np.abs(gamma * (x - mean)) * scale + np.abs(beta))


def _sums(e: Rounding, dy: Any, x: Any, mean: Any, variance: Any, epsilon: float) -> tuple[Any, Any]:
    """dγ = Σ dy·x̂ and dβ = Σ dy."""
    m, axes = x[..., 0].size, tuple(range(x.ndim - 1))
    products = np.sum(np.abs(dy * (x - mean)) * _scale(variance, epsilon), axis=axes)
    return e.after(m + SCALE + 2, products), e.after(m, np.sum(np.abs(dy), axis=axes))


def _scale(variance: Any, epsilon: float) -> Any:
    return 1 / np.sqrt(variance + epsilon)
