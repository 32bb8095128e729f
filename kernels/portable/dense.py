"""Dense layer: three matrix products."""

import numpy as np

_quiet = np.errstate(over="ignore", invalid="ignore")  # NaN and ±∞ follow the sums


@_quiet
def dense(x: np.ndarray, w: np.ndarray, b: np.ndarray | None = None) -> np.ndarray:
    """y = x·w + b.

    >>> dense(np.array([[1.0, 2.0]]), np.array([[3.0], [4.0]]), np.array([0.5]))
    array([[11.5]])
    """
    y = x @ w
    if b is not None:
        y += b
    return y


@_quiet
def dense_input_grad(dy: np.ndarray, w: np.ndarray) -> np.ndarray:
    """dx = dy·wᵀ."""
    return dy @ w.T


@_quiet
def dense_weight_grad(x: np.ndarray, dy: np.ndarray) -> np.ndarray:
    """dw = xᵀ·dy."""
    return x.T @ dy
