"""Dense layer: three matrix products."""

import numpy as np

from .matmul import FEW_ROWS, matmul


def dense(x: np.ndarray, w: np.ndarray, b: np.ndarray | None = None) -> np.ndarray:
    """y = x·w + b.

    >>> dense(np.array([[1, 2]], np.float32), np.array([[3], [4]], np.float32), np.array([0.5], np.float32))
    array([[11.5]], dtype=float32)
    """
    y = np.empty((x.shape[0], w.shape[1]), np.float32)
    return matmul(np.ascontiguousarray(x), np.ascontiguousarray(w), y, b)


def dense_input_grad(dy: np.ndarray, w: np.ndarray) -> np.ndarray:
    """dx = dy·wᵀ."""
    dx = np.empty((dy.shape[0], w.shape[0]), np.float32)
    return matmul(np.ascontiguousarray(dy), np.ascontiguousarray(w).T, dx)


def dense_weight_grad(x: np.ndarray, dy: np.ndarray) -> np.ndarray:
    """dw = xᵀ·dy."""
    x, dy = np.ascontiguousarray(x), np.ascontiguousarray(dy)
    dw = np.empty((x.shape[1], dy.shape[1]), np.float32)
    if dy.shape[1] <= FEW_ROWS:  # read x along its rows
        dw[...] = matmul(dy.T, x, np.empty(dw.T.shape, np.float32)).T
        return dw
    return matmul(x.T, dy, dw)
