"""Dense layer: three matrix products."""

import numpy as np

from .elementwise import copy_into
from .matmul import FEW_ROWS, matmul
from .memory import contiguous, empty


def dense(x: np.ndarray, w: np.ndarray, b: np.ndarray | None = None) -> np.ndarray:
    """y = x·w + b.

    >>> dense(np.array([[1, 2]], np.float32), np.array([[3], [4]], np.float32), np.array([0.5], np.float32))
    array([[11.5]], dtype=float32)
    """
    y = empty((x.shape[0], w.shape[1]))
    return matmul(contiguous(x), contiguous(w), y, b)


def dense_input_grad(dy: np.ndarray, w: np.ndarray) -> np.ndarray:
    """dx = dy·wᵀ."""
    dx = empty((dy.shape[0], w.shape[0]))
    return matmul(contiguous(dy), contiguous(w).T, dx)


def dense_weight_grad(x: np.ndarray, dy: np.ndarray) -> np.ndarray:
    """dw = xᵀ·dy."""
    x, dy = contiguous(x), contiguous(dy)
    dw = empty((x.shape[1], dy.shape[1]))
    if dy.shape[1] <= FEW_ROWS:  # read x along its rows
        copy_into(dw, matmul(dy.T, x, empty(dw.T.shape)).T)
        return dw
    return matmul(x.T, dy, dw)
