"""Dense layer: three matrix products."""

import numpy as np

from .matmul import matmul


def dense(x: np.ndarray, w: np.ndarray, b: np.ndarray | None = None) -> np.ndarray:
    """y = x·w + b.

    >>> dense(np.array([[1, 2]], np.float32), np.array([[3], [4]], np.float32), np.array([0.5], np.float32))
    array([[11.5]], dtype=float32)
    """
    y = np.empty((x.shape[0], w.shape[1]), np.float32)
    return matmul(np.ascontiguousarray(x), np.ascontiguousarray(w), y, b)


def dense_input_grad(dy: np.ndarray, w: np.ndarray) -> np.ndarray:
    """dx = dy·wᵀ, or dxᵀ = w·dyᵀ where the weights are the larger matrix: the left one is read in the order it lies."""
    dy, w = np.ascontiguousarray(dy), np.ascontiguousarray(w)
    dx = np.empty((dy.shape[0], w.shape[0]), np.float32)
    if dy.shape[0] < w.shape[0]:
        matmul(w, dy.T, dx.T)
    else:
        matmul(dy, w.T, dx)
    return dx


def dense_weight_grad(x: np.ndarray, dy: np.ndarray) -> np.ndarray:
    """dw = xᵀ·dy."""
    dw = np.empty((x.shape[1], dy.shape[1]), np.float32)
    return matmul(np.ascontiguousarray(x).T, np.ascontiguousarray(dy), dw)
