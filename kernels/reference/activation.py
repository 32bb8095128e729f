"""Activation functions as their formulas."""

import numpy as np

_quiet = np.errstate(over="ignore", invalid="ignore", divide="ignore")  # NaN and ±∞ are the specified answers here


@_quiet
def relu(x: np.ndarray) -> np.ndarray:
    """y = max(x, 0).

    >>> relu(np.array([-1.0, 2.0, np.nan]))
    array([ 0.,  2., nan])
    """
    return np.asarray(np.maximum(x, 0))


@_quiet
def relu_grad(dy: np.ndarray, y: np.ndarray) -> np.ndarray:
    """dx = dy where y > 0, else 0."""
    return _nan_where_nan(y, np.where(y > 0, dy, 0))


@_quiet
def leaky_relu(x: np.ndarray, *, negative_slope: float, threshold: float = 0.0) -> np.ndarray:
    """y = x where x ≥ θ, else α·(x − θ)."""
    slope, threshold = float(negative_slope), float(threshold)
    return np.where(x >= threshold, x, slope * (x - threshold))


@_quiet
def leaky_relu_grad(dy: np.ndarray, x: np.ndarray, *, negative_slope: float, threshold: float = 0.0) -> np.ndarray:
    """dx = dy where x > θ, else α·dy."""
    slope, threshold = float(negative_slope), float(threshold)
    return _nan_where_nan(x, np.where(x > threshold, dy, slope * dy))


@_quiet
def clip(x: np.ndarray, *, low: float, high: float) -> np.ndarray:
    """y = min(max(x, low), high)."""
    return np.asarray(np.minimum(np.maximum(x, float(low)), float(high)))


@_quiet
def clip_grad(dy: np.ndarray, x: np.ndarray, *, low: float, high: float) -> np.ndarray:
    """dx = dy where low ≤ x ≤ high, else 0."""
    return _nan_where_nan(x, np.where((x >= float(low)) & (x <= float(high)), dy, 0))


def sigmoid(x: np.ndarray) -> np.ndarray:
    """y = 1 / (1 + e⁻ˣ); the same value as eˣ / (1 + eˣ), which does not overflow where x is negative.

    >>> sigmoid(np.array([-1e4, 0.0, 1e4]))
    array([0. , 0.5, 1. ])
    """
    e = np.exp(-np.abs(x))
    return np.where(x < 0, e / (1 + e), 1 / (1 + e))


@_quiet
def sigmoid_grad(dy: np.ndarray, y: np.ndarray) -> np.ndarray:
    """dx = dy · y · (1 − y)."""
    return np.asarray(dy * y * (1 - y))


@_quiet
def tanh(x: np.ndarray) -> np.ndarray:
    """y = tanh(x)."""
    return np.asarray(np.tanh(x))


@_quiet
def tanh_grad(dy: np.ndarray, y: np.ndarray) -> np.ndarray:
    """dx = dy · (1 − y²)."""
    return np.asarray(dy * (1 - y**2))


@_quiet
def softmax(x: np.ndarray) -> np.ndarray:
    """y = e^(x − m) / Σ e^(x − m), m the row's maximum.

    >>> softmax(np.array([1e4, 1e4]))
    array([0.5, 0.5])
    """
    e = np.exp(x - np.max(x, axis=-1, keepdims=True))
    return e / np.sum(e, axis=-1, keepdims=True)


@_quiet
def softmax_grad(dy: np.ndarray, y: np.ndarray) -> np.ndarray:
    """dx = y · (dy − Σ dy·y)."""
    return y * (dy - np.sum(dy * y, axis=-1, keepdims=True))


@_quiet
def log_softmax(x: np.ndarray) -> np.ndarray:
    """y = (x − m) − log Σ e^(x − m), m the row's maximum."""
    shifted = x - np.max(x, axis=-1, keepdims=True)
    return shifted - np.log(np.sum(np.exp(shifted), axis=-1, keepdims=True))


@_quiet
def log_softmax_grad(dy: np.ndarray, y: np.ndarray) -> np.ndarray:
    """dx = dy − e^y · Σ dy."""
    return dy - np.exp(y) * np.sum(dy, axis=-1, keepdims=True)


def _nan_where_nan(saved: np.ndarray, dx: np.ndarray) -> np.ndarray:
    """An activation that was NaN passes NaN back."""
    return np.where(np.isnan(saved), saved, dx)
