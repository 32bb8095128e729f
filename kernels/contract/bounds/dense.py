"""Bounds of the dense layer: matrix products, as in `arrays.matmul`."""

from typing import Any

import numpy as np

from .rounding import Rounding


def dense(e: Rounding, x: np.ndarray, w: np.ndarray, b: np.ndarray | None = None) -> Any:
    """C products and the bias."""
    products = np.abs(x) @ np.abs(w)
    return e.after(x.shape[1], products) if b is None else e.after(x.shape[1] + 1, products + np.abs(b))


def dense_input_grad(e: Rounding, dy: np.ndarray, w: np.ndarray) -> Any:
    return e.after(dy.shape[1], np.abs(dy) @ np.abs(w).T)


def dense_weight_grad(e: Rounding, x: np.ndarray, dy: np.ndarray) -> Any:
    return e.after(x.shape[0], np.abs(x).T @ np.abs(dy))
