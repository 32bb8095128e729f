"""Bounds of the activations. Those that compare and copy are exact."""

from typing import Any

import numpy as np

from ... import reference
from .arrays import EXACT
from .rounding import ELEMENTARY, Rounding


def relu(e: Rounding, x: np.ndarray) -> Any:
    return EXACT


def relu_grad(e: Rounding, dy: np.ndarray, y: np.ndarray) -> Any:
    return EXACT


def leaky_relu(e: Rounding, x: np.ndarray, *, negative_slope: float, threshold: float = 0.0) -> Any:
    """Exact above θ; below it α, x − θ and their product are rounded."""
    return np.where(x >= threshold, 0, e.after(3, np.abs(negative_slope * (x - threshold))))


def leaky_relu_grad(
    e: Rounding, dy: np.ndarray, x: np.ndarray, *, negative_slope: float, threshold: float = 0.0
) -> Any:
    """Exact above θ; below it α and the product are rounded."""
    return np.where(x > threshold, 0, e.after(2, np.abs(negative_slope * dy)))


def clip(e: Rounding, x: np.ndarray, *, low: float, high: float) -> Any:
    return EXACT


def clip_grad(e: Rounding, dy: np.ndarray, x: np.ndarray, *, low: float, high: float) -> Any:
    return EXACT


def sigmoid(e: Rounding, x: np.ndarray) -> Any:
    """Two exponentials of exact arguments, an addition of positive numbers, a division."""
    return e.after(2 * ELEMENTARY + 2, reference.sigmoid(x))


def sigmoid_grad(e: Rounding, dy: np.ndarray, y: np.ndarray) -> Any:
    """1 − y is rounded once, relative to itself; then two products."""
    return e.after(3, np.abs(dy * y * (1 - y)))


def tanh(e: Rounding, x: np.ndarray) -> Any:
    return e.after(ELEMENTARY, np.abs(np.tanh(x)))


def tanh_grad(e: Rounding, dy: np.ndarray, y: np.ndarray) -> Any:
    """y² is rounded before 1 − y² may cancel: the error is relative to 1 + y²."""
    return e.after(3, np.abs(dy) * (1 + y**2))


def softmax(e: Rounding, x: np.ndarray) -> Any:
    """Relative: the exponential above, the n below and their sum, the division, and every rounded x − m."""
    y = reference.softmax(x)
    return e.after(2 * ELEMENTARY + x.shape[-1], y) + e.u * y * (_depth(x) + _mean_depth(x, y))


def softmax_grad(e: Rounding, dy: np.ndarray, y: np.ndarray) -> Any:
    """dx = y·(dy − Σ dy·y): n roundings in the sum, one in the difference, one in the product."""
    total = np.sum(np.abs(dy * y), axis=-1, keepdims=True)
    return e.after(dy.shape[-1] + 2, np.abs(y) * (np.abs(dy) + total))


def log_softmax(e: Rounding, x: np.ndarray) -> Any:
    """y = (x − m) − ln Σ: a relative error of Σ is an absolute one of ln Σ; |ln Σ| ≤ |y|."""
    p, y = reference.softmax(x), reference.log_softmax(x)
    of_sum = e.after(ELEMENTARY + x.shape[-1], 1) + e.u * _mean_depth(x, p)
    return of_sum + e.u * _depth(x) + e.after(ELEMENTARY + 1, np.abs(y))


def log_softmax_grad(e: Rounding, dy: np.ndarray, y: np.ndarray) -> Any:
    """dx = dy − e^y·Σ dy: the exponential, n − 1 additions, the product, the difference."""
    total = np.sum(np.abs(dy), axis=-1, keepdims=True)
    return e.after(ELEMENTARY + dy.shape[-1] + 1, np.abs(dy) + np.exp(y) * total)


def _depth(x: np.ndarray) -> np.ndarray:
    """|x − m|, m the row's maximum: a rounding of it is a relative error u·|x − m| of e^(x − m). 0 for e^−∞ = 0."""
    return np.where(np.isneginf(x), 0, np.abs(x - np.max(x, axis=-1, keepdims=True)))


def _mean_depth(x: np.ndarray, p: np.ndarray) -> np.ndarray:
    """Σ p·|x − m|: what those roundings make of the sum of the exponentials."""
    return np.sum(p * _depth(x), axis=-1, keepdims=True)
