"""Dense layer: three matrix products, which read or change every weight once where the batch is small."""

import numpy as np

from . import dense_backward
from .activation import relu, relu_grad
from .dense_forward import forward
from .elementwise import copy_into
from .matmul import FEW_ROWS, NARROW, matmul
from .memory import contiguous, empty
from .simd import LANES

_THIN = 2 * LANES  # rows of a batch


def dense(x: np.ndarray, w: np.ndarray, b: np.ndarray | None = None) -> np.ndarray:
    """y = x·w + b.

    >>> dense(np.array([[1, 2]], np.float32), np.array([[3], [4]], np.float32), np.array([0.5], np.float32))
    array([[11.5]], dtype=float32)
    """
    if w.shape[1] <= NARROW:
        return matmul(contiguous(x), contiguous(w), empty((x.shape[0], w.shape[1])), b)
    return forward(contiguous(x), contiguous(w), b)


def dense_relu(x: np.ndarray, w: np.ndarray, b: np.ndarray | None = None) -> np.ndarray:
    """y = max(x·w + b, 0).

    >>> dense_relu(np.array([[1, 2]], np.float32), np.array([[3, 1, -3], [4, 1, -4]], np.float32))
    array([[11.,  3.,  0.]], dtype=float32)
    """
    if w.shape[1] <= NARROW:
        return relu(dense(x, w, b))
    return forward(contiguous(x), contiguous(w), b, floor=0)


def dense_input_grad(dy: np.ndarray, w: np.ndarray) -> np.ndarray:
    """dx = dy·wᵀ."""
    dy, w, dx = contiguous(dy), contiguous(w), empty((dy.shape[0], w.shape[0]))
    if not _is_thin(dy, w):
        return matmul(dy, w.T, dx)
    dense_backward.input_grad(dy, w, None, dx)
    return dx


def dense_input_grad_relu(dy: np.ndarray, w: np.ndarray, y: np.ndarray) -> np.ndarray:
    """dx = dy·wᵀ where y > 0, else 0."""
    if not _is_thin(dy, w):
        return relu_grad(dense_input_grad(dy, w), y)
    dx = empty(y.shape)
    dense_backward.input_grad(contiguous(dy), contiguous(w), contiguous(y), dx)
    return dx


def dense_weight_grad(x: np.ndarray, dy: np.ndarray) -> np.ndarray:
    """dw = xᵀ·dy."""
    x, dy, dw = contiguous(x), contiguous(dy), empty((x.shape[1], dy.shape[1]))
    if dense_backward.suits(x.shape[1], *dy.shape):
        dense_backward.weight_grad(x, dy, dw)
    elif dy.shape[1] <= FEW_ROWS:  # read x along its rows
        copy_into(dw, matmul(dy.T, x, empty(dw.T.shape)).T)
    else:
        matmul(x.T, dy, dw)
    return dw


def _is_thin(dy: np.ndarray, w: np.ndarray) -> bool:
    """Whether the input gradient goes through the rows of w: for few columns of dyᵀ to copy at each of them."""
    rows, depth = w.shape
    return len(dy) <= _THIN and dense_backward.suits(rows, depth, len(dy))
