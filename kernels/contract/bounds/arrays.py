"""Bounds of the elementary array operations."""

import math
from typing import Any

import numpy as np

from ... import reference
from .rounding import ELEMENTARY, Rounding

EXACT = 0.0


def add(e: Rounding, a: np.ndarray, b: np.ndarray) -> Any:
    """IEEE 754 rounds + − · / correctly: once."""
    return e.after(1, np.abs(a + b))


def subtract(e: Rounding, a: np.ndarray, b: np.ndarray) -> Any:
    return e.after(1, np.abs(a - b))


def multiply(e: Rounding, a: np.ndarray, b: np.ndarray) -> Any:
    return e.after(1, np.abs(a * b))


def divide(e: Rounding, a: np.ndarray, b: np.ndarray) -> Any:
    return e.after(1, np.abs(a / b))


def power(e: Rounding, a: np.ndarray, *, exponent: float) -> Any:
    """The exponent is rounded to the dtype as well: a relative error u·e in it is one of u·|e·ln a| in aᵉ."""
    y = np.abs(reference.power(a, exponent=exponent))
    return e.after(ELEMENTARY, y) + e.u * np.abs(exponent * reference.log(np.abs(a))) * y


def negative(e: Rounding, a: np.ndarray) -> Any:
    return EXACT


def absolute(e: Rounding, a: np.ndarray) -> Any:
    return EXACT


def sign(e: Rounding, a: np.ndarray) -> Any:
    return EXACT


def exp(e: Rounding, a: np.ndarray) -> Any:
    return e.after(ELEMENTARY, np.exp(a))


def log(e: Rounding, a: np.ndarray) -> Any:
    return e.after(ELEMENTARY, np.abs(np.log(a)))


def sum(e: Rounding, a: np.ndarray, *, axis: tuple[int, ...], keepdims: bool = False) -> Any:
    """n terms: n − 1 additions."""
    n = math.prod(a.shape[i] for i in axis)
    return e.after(max(n - 1, 0), reference.sum(np.abs(a), axis=axis, keepdims=keepdims))


def matmul(e: Rounding, a: np.ndarray, b: np.ndarray) -> Any:
    """M products, each rounded once by itself and at most M − 1 times in the sum."""
    return e.after(a.shape[1], np.abs(a) @ np.abs(b))


def reshape(e: Rounding, a: np.ndarray, *, shape: tuple[int, ...]) -> Any:
    return EXACT


def transpose(e: Rounding, a: np.ndarray, *, axes: tuple[int, ...]) -> Any:
    return EXACT


def broadcast_to(e: Rounding, a: np.ndarray, *, shape: tuple[int, ...]) -> Any:
    return EXACT


def concatenate(e: Rounding, arrays: Any, *, axis: int) -> Any:
    return EXACT


def pad(e: Rounding, a: np.ndarray, *, widths: Any) -> Any:
    return EXACT


def getitem(e: Rounding, a: np.ndarray, *, key: Any) -> Any:
    return EXACT


def getitem_grad(e: Rounding, dy: np.ndarray, *, key: Any, shape: tuple[int, ...]) -> Any:
    """A place that was read n times sums n numbers; read once or never, it is exact."""
    n = reference.getitem_grad(np.ones_like(dy), key=key, shape=shape)
    return e.after(np.maximum(n - 1, 0), reference.getitem_grad(np.abs(dy), key=key, shape=shape))


def cast(e: Rounding, a: np.ndarray, *, dtype: str) -> Any:
    """The number of the new dtype next to a: there is one right answer."""
    return EXACT
