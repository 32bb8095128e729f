"""Elementary array operations: NumPy itself, and always an array, never a NumPy scalar, as result.

Where NumPy gives a view (reshape, transpose, broadcast_to, slices), so do these.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np

from ..geometry import Pair

_quiet = np.errstate(all="ignore")  # NaN and ±∞ are the specified answers here, not accidents


@_quiet
def add(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """y = a + b."""
    return np.asarray(a + b)


@_quiet
def subtract(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """y = a − b."""
    return np.asarray(a - b)


@_quiet
def multiply(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """y = a · b."""
    return np.asarray(a * b)


@_quiet
def divide(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """y = a / b.

    >>> divide(np.array([1.0, 0.0]), np.array([0.0, 0.0]))
    array([inf, nan])
    """
    return np.asarray(a / b)


@_quiet
def power(a: np.ndarray, *, exponent: float) -> np.ndarray:
    """y = aᵉ."""
    return np.asarray(a ** float(exponent))


def negative(a: np.ndarray) -> np.ndarray:
    """y = −a."""
    return np.asarray(-a)


def absolute(a: np.ndarray) -> np.ndarray:
    """y = |a|."""
    return np.asarray(np.abs(a))


@_quiet
def sign(a: np.ndarray) -> np.ndarray:
    """y = −1, 0 or 1, NaN for NaN."""
    return np.asarray(np.sign(a))


@_quiet
def exp(a: np.ndarray) -> np.ndarray:
    """y = eᵃ."""
    return np.asarray(np.exp(a))


@_quiet
def log(a: np.ndarray) -> np.ndarray:
    """y = ln a."""
    return np.asarray(np.log(a))


@_quiet
def sum(a: np.ndarray, *, axis: tuple[int, ...], keepdims: bool = False) -> np.ndarray:
    """Σ a, one axis after the other: rounding errors then grow with N + H + W, not with N·H·W.

    >>> sum(np.ones((2, 3, 4)), axis=(0, 2))
    array([8., 8., 8.])
    """
    total = a
    for i in axis:
        total = np.sum(total, axis=i, keepdims=True)
    return np.asarray(total if keepdims else total.squeeze(axis))


@_quiet
def matmul(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """y = a·b."""
    return a @ b


def reshape(a: np.ndarray, *, shape: tuple[int, ...]) -> np.ndarray:
    """The same numbers in row-major order under another shape."""
    return a.reshape(shape)


def transpose(a: np.ndarray, *, axes: tuple[int, ...]) -> np.ndarray:
    """y's axis i is a's axis axes[i]."""
    return a.transpose(axes)


def broadcast_to(a: np.ndarray, *, shape: tuple[int, ...]) -> np.ndarray:
    """a repeated along new axes and axes of length 1, as a read-only view."""
    return np.broadcast_to(a, shape)


def concatenate(arrays: Sequence[np.ndarray], *, axis: int) -> np.ndarray:
    """The arrays one after the other."""
    return np.concatenate(arrays, axis=axis)


def pad(a: np.ndarray, *, widths: tuple[Pair, ...]) -> np.ndarray:
    """a inside a frame of zeros; a single number has no side to pad, which NumPy's own function does not know."""
    return np.pad(a, widths) if widths else a.copy()


def getitem(a: np.ndarray, *, key: Any) -> np.ndarray:
    """a[key]."""
    return np.asarray(a[key])


def getitem_grad(dy: np.ndarray, *, key: Any, shape: tuple[int, ...]) -> np.ndarray:
    """Zeros with dy added at [key].

    >>> getitem_grad(np.array([1.0, 2.0]), key=([0, 0],), shape=(3,))
    array([3., 0., 0.])
    """
    dx = np.zeros(shape, dy.dtype)
    np.add.at(dx, key, dy)
    return dx


@_quiet
def cast(a: np.ndarray, *, dtype: str) -> np.ndarray:
    """a in another dtype; a itself where it has that dtype already."""
    return a.astype(dtype, copy=False)
