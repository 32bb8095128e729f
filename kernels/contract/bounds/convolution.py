"""Bounds of the convolutions: sums of products, each product rounded once and at most n − 1 times in its sum of n."""

import math
from typing import Any

import numpy as np

from ... import reference
from ...geometry import Pair
from .rounding import Rounding


def conv2d(e: Rounding, x: np.ndarray, w: np.ndarray, b: np.ndarray | None = None, **window: Any) -> Any:
    """R·S·C/g products and the bias."""
    n = math.prod(w.shape[:3]) + (b is not None)
    return e.after(n, reference.conv2d(np.abs(x), np.abs(w), b if b is None else np.abs(b), **window))


def conv2d_input_grad(
    e: Rounding, dy: np.ndarray, w: np.ndarray, *, input_size: Pair, groups: int = 1, **window: Any
) -> Any:
    """At most R·S·K/g products: taps that reach no output give fewer."""
    n = w.shape[0] * w.shape[1] * w.shape[3] // groups
    sums = reference.conv2d_input_grad(np.abs(dy), np.abs(w), input_size=input_size, groups=groups, **window)
    return e.after(n, sums)


def conv2d_weight_grad(e: Rounding, x: np.ndarray, dy: np.ndarray, *, kernel_size: Pair, **window: Any) -> Any:
    """N·P·Q products."""
    n = math.prod(dy.shape[:3])
    return e.after(n, reference.conv2d_weight_grad(np.abs(x), np.abs(dy), kernel_size=kernel_size, **window))


def bias_grad(e: Rounding, dy: np.ndarray) -> Any:
    return e.after(dy[..., 0].size - 1, reference.bias_grad(np.abs(dy)))
