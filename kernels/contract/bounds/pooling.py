"""Bounds of pooling. A maximum and its place are exact; averages are sums, a count that is exact, and a division.

The division may be a product with the rounded reciprocal: two roundings.
"""

import math
from typing import Any

import numpy as np

from ... import reference
from ...geometry import Pair
from .arrays import EXACT
from .rounding import Rounding


def max_pool2d(e: Rounding, x: np.ndarray, **window: Any) -> Any:
    return EXACT, EXACT


def max_pool2d_grad(e: Rounding, dy: np.ndarray, code: np.ndarray, **window: Any) -> Any:
    """A pixel that wins n windows sums n numbers; one that wins a single window is exact."""
    n = reference.max_pool2d_grad(np.ones_like(dy), code, **window)
    return e.after(np.maximum(n - 1, 0), reference.max_pool2d_grad(np.abs(dy), code, **window))


def avg_pool2d(e: Rounding, x: np.ndarray, *, pool_size: Pair, **window: Any) -> Any:
    """n − 1 additions and a division."""
    return e.after(math.prod(pool_size) + 1, reference.avg_pool2d(np.abs(x), pool_size=pool_size, **window))


def avg_pool2d_grad(e: Rounding, dy: np.ndarray, *, pool_size: Pair, strides: Pair, **window: Any) -> Any:
    """A pixel lies in at most ⌈R/σ⌉·⌈S/σ'⌉ windows: a division for each, and the additions."""
    n = math.prod(-(-size // stride) for size, stride in zip(pool_size, strides))
    shares = reference.avg_pool2d_grad(np.abs(dy), pool_size=pool_size, strides=strides, **window)
    return e.after(n + 1, shares)


def global_avg_pool2d(e: Rounding, x: np.ndarray) -> Any:
    return e.after(x.shape[1] * x.shape[2] + 1, reference.global_avg_pool2d(np.abs(x)))


def global_avg_pool2d_grad(e: Rounding, dy: np.ndarray, *, input_size: Pair) -> Any:
    return e.after(2, reference.global_avg_pool2d_grad(np.abs(dy), input_size=input_size))


def global_max_pool2d(e: Rounding, x: np.ndarray) -> Any:
    return EXACT, EXACT


def global_max_pool2d_grad(e: Rounding, dy: np.ndarray, index: np.ndarray, *, input_size: Pair) -> Any:
    return EXACT
