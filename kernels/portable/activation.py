"""Activation functions as whole-array NumPy; intermediate steps reuse the result's memory."""

import numpy as np

from .select import select

_quiet = np.errstate(over="ignore", invalid="ignore")  # NaN and ±∞ are the specified answers here


def relu(x: np.ndarray) -> np.ndarray:
    """y = max(x, 0); np.maximum keeps a NaN.

    >>> relu(np.array([-1.0, 2.0, np.nan]))
    array([ 0.,  2., nan])
    """
    return np.asarray(np.maximum(x, 0))


def relu_grad(dy: np.ndarray, y: np.ndarray) -> np.ndarray:
    """dx = dy where y > 0, else 0."""
    return _pass_nan(select(y > 0, dy), y)


@_quiet
def leaky_relu(x: np.ndarray, *, negative_slope: float, threshold: float = 0.0) -> np.ndarray:
    """y = x where x ≥ θ, else α·(x − θ).

    >>> leaky_relu(np.array([-1.0, 2.0]), negative_slope=0.1)
    array([-0.1,  2. ])
    """
    beyond = x - float(threshold)
    return np.where(beyond >= 0, x, float(negative_slope) * beyond)


@_quiet
def leaky_relu_grad(dy: np.ndarray, x: np.ndarray, *, negative_slope: float, threshold: float = 0.0) -> np.ndarray:
    """dx = dy where x > θ, else α·dy."""
    return _pass_nan(np.where(x > float(threshold), dy, float(negative_slope) * dy), x)


def clip(x: np.ndarray, *, low: float, high: float) -> np.ndarray:
    """y = min(max(x, low), high)."""
    return np.asarray(np.minimum(np.maximum(x, float(low)), float(high)))


def clip_grad(dy: np.ndarray, x: np.ndarray, *, low: float, high: float) -> np.ndarray:
    """dx = dy where low ≤ x ≤ high, else 0."""
    return _pass_nan(select((x >= float(low)) & (x <= float(high)), dy), x)


def sigmoid(x: np.ndarray) -> np.ndarray:
    """y = e^min(x,0) / (1 + e^−|x|), which is 1 / (1 + e⁻ˣ) for either sign, and no power of e exceeds 1.

    >>> sigmoid(np.array([-1e4, 0.0, 1e4]))
    array([0. , 0.5, 1. ])
    """
    return np.asarray(np.exp(np.minimum(x, 0)) / (1 + np.exp(-np.abs(x))))


@_quiet
def sigmoid_grad(dy: np.ndarray, y: np.ndarray) -> np.ndarray:
    """dx = dy · y · (1 − y)."""
    return np.asarray(dy * y * (1 - y))


def tanh(x: np.ndarray) -> np.ndarray:
    """y = tanh(x)."""
    return np.asarray(np.tanh(x))


@_quiet
def tanh_grad(dy: np.ndarray, y: np.ndarray) -> np.ndarray:
    """dx = dy · (1 − y²)."""
    return np.asarray(dy * (1 - y * y))


@_quiet
def softmax(x: np.ndarray) -> np.ndarray:
    """y = e^(x − m) / Σ e^(x − m), m the row's maximum: no finite x overflows.

    >>> softmax(np.array([1e4, 1e4]))
    array([0.5, 0.5])
    """
    y = x - x.max(axis=-1, keepdims=True)
    np.exp(y, out=y)
    y /= y.sum(axis=-1, keepdims=True)
    return y


@_quiet
def softmax_grad(dy: np.ndarray, y: np.ndarray) -> np.ndarray:
    """dx = y · (dy − Σ dy·y)."""
    dx = dy * y
    np.subtract(dy, dx.sum(axis=-1, keepdims=True), out=dx)
    dx *= y
    return dx


@_quiet
def log_softmax(x: np.ndarray) -> np.ndarray:
    """y = (x − m) − log Σ e^(x − m), m the row's maximum."""
    y = x - x.max(axis=-1, keepdims=True)
    y -= np.log(np.exp(y).sum(axis=-1, keepdims=True))
    return y


@_quiet
def log_softmax_grad(dy: np.ndarray, y: np.ndarray) -> np.ndarray:
    """dx = dy − e^y · Σ dy."""
    dx = np.exp(y)
    dx *= dy.sum(axis=-1, keepdims=True)
    np.subtract(dy, dx, out=dx)
    return dx


def _pass_nan(dx: np.ndarray, saved: np.ndarray) -> np.ndarray:
    """An activation that was NaN passes NaN back: comparisons alone would lose it."""
    np.copyto(dx, saved, where=np.isnan(saved))
    return dx
