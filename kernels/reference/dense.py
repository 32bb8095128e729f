"""Dense layer as its sums, one product at a time."""

import numpy as np

_quiet = np.errstate(over="ignore", invalid="ignore")  # NaN and ±∞ follow the sums


@_quiet
def dense(x: np.ndarray, w: np.ndarray, b: np.ndarray | None = None) -> np.ndarray:
    """y[n,k] = b[k] + Σ_c x[n,c] · w[c,k].

    >>> dense(np.array([[1.0, 2.0]]), np.array([[3.0], [4.0]]), np.array([0.5]))
    array([[11.5]])
    """
    y = np.zeros((x.shape[0], w.shape[1]), x.dtype)
    if b is not None:
        y += b
    for n in range(x.shape[0]):
        for k in range(w.shape[1]):
            for c in range(x.shape[1]):
                y[n, k] += x[n, c] * w[c, k]
    return y


@_quiet
def dense_input_grad(dy: np.ndarray, w: np.ndarray) -> np.ndarray:
    """dx[n,c] = Σ_k dy[n,k] · w[c,k]."""
    dx = np.zeros((dy.shape[0], w.shape[0]), dy.dtype)
    for n in range(dy.shape[0]):
        for c in range(w.shape[0]):
            for k in range(w.shape[1]):
                dx[n, c] += dy[n, k] * w[c, k]
    return dx


@_quiet
def dense_weight_grad(x: np.ndarray, dy: np.ndarray) -> np.ndarray:
    """dw[c,k] = Σ_n x[n,c] · dy[n,k]."""
    dw = np.zeros((x.shape[1], dy.shape[1]), x.dtype)
    for c in range(x.shape[1]):
        for k in range(dy.shape[1]):
            for n in range(x.shape[0]):
                dw[c, k] += x[n, c] * dy[n, k]
    return dw
