"""Dense layer: three matrix products, which read or change every weight once where the batch is small."""

import numpy as np

from .activation import relu, relu_grad
from .dense_backward import input_grad
from .dense_forward import forward
from .elementwise import copy_into
from .matmul import FEW_ROWS, NARROW, matmul
from .memory import contiguous, empty
from .simd import LANES

_FEW, _FEWER = 8 * LANES, 2 * LANES  # rows of a batch: more of them are worth copies of the weights
_LONG = 8 * LANES  # sums: for shorter ones, too, the weights are copied


def dense(x: np.ndarray, w: np.ndarray, b: np.ndarray | None = None) -> np.ndarray:
    """y = x·w + b.

    >>> dense(np.array([[1, 2]], np.float32), np.array([[3], [4]], np.float32), np.array([0.5], np.float32))
    array([[11.5]], dtype=float32)
    """
    if _reads_weights_once(x, w):
        return forward(contiguous(x), contiguous(w), b)
    return matmul(contiguous(x), contiguous(w), empty((x.shape[0], w.shape[1])), b)


def dense_relu(x: np.ndarray, w: np.ndarray, b: np.ndarray | None = None) -> np.ndarray:
    """y = max(x·w + b, 0).

    >>> dense_relu(np.array([[1, 2]], np.float32), np.array([[3, 1, -3], [4, 1, -4]], np.float32))
    array([[11.,  3.,  0.]], dtype=float32)
    """
    if _reads_weights_once(x, w):
        return forward(contiguous(x), contiguous(w), b, floor=0)
    return relu(dense(x, w, b))


def _reads_weights_once(x: np.ndarray, w: np.ndarray) -> bool:
    return NARROW < len(x) <= _FEW and w.shape[1] > NARROW


def dense_input_grad(dy: np.ndarray, w: np.ndarray) -> np.ndarray:
    """dx = dy·wᵀ."""
    dy, w, dx = contiguous(dy), contiguous(w), empty((dy.shape[0], w.shape[0]))
    if _turns_weights(dy, w):
        return input_grad(dy, w, None, dx)
    return matmul(dy, w.T, dx)


def dense_input_grad_relu(dy: np.ndarray, w: np.ndarray, y: np.ndarray) -> np.ndarray:
    """dx = dy·wᵀ where y > 0, else 0."""
    if _turns_weights(dy, w):
        return input_grad(contiguous(dy), contiguous(w), contiguous(y), empty(y.shape))
    return relu_grad(dense_input_grad(dy, w), y)


def _turns_weights(dy: np.ndarray, w: np.ndarray) -> bool:
    return NARROW < len(dy) <= _FEWER and w.shape[1] >= _LONG


def dense_weight_grad(x: np.ndarray, dy: np.ndarray) -> np.ndarray:
    """dw = xᵀ·dy."""
    x, dy, dw = contiguous(x), contiguous(dy), empty((x.shape[1], dy.shape[1]))
    if dy.shape[1] <= FEW_ROWS:  # read x along its rows
        copy_into(dw, matmul(dy.T, x, empty(dw.T.shape)).T)
        return dw
    return matmul(x.T, dy, dw)
