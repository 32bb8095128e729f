"""Pooling as its definition: visit every window, look at each of its pixels."""

from collections.abc import Iterator
from typing import Any

import numpy as np

from ..geometry import NO_PADS, Pads, Pair, code_dtype, window_output

_quiet = np.errstate(over="ignore", invalid="ignore")  # NaN and ±∞ follow the sums


def max_pool2d(x: np.ndarray, *, pool_size: Pair, strides: Pair, pads: Pads = NO_PADS) -> tuple[np.ndarray, np.ndarray]:
    """y = the window's maximum, code = r·S + s of its first place; the first NaN beats every number.

    >>> image = np.array([[1.0, 3.0], [3.0, 2.0]])
    >>> y, code = max_pool2d(image[None, :, :, None], pool_size=(2, 2), strides=(2, 2))
    >>> y.item(), code.item()
    (3.0, 1)
    """
    size = window_output(x.shape[1:3], pool_size, strides, pads)
    y = np.empty((x.shape[0], *size, x.shape[3]), x.dtype)
    code = np.empty(y.shape, code_dtype(pool_size))
    for n, p, q, c in np.ndindex(y.shape):
        winner = None
        for r, s, h, v in _window(p, q, x.shape[1:3], pool_size, strides, pads):
            if winner is None or _beats(x[n, h, v, c], winner):
                winner = x[n, h, v, c]
                y[n, p, q, c] = winner
                code[n, p, q, c] = r * pool_size[1] + s
    return y, code


@_quiet
def max_pool2d_grad(
    dy: np.ndarray, code: np.ndarray, *, input_size: Pair, pool_size: Pair, strides: Pair, pads: Pads = NO_PADS
) -> np.ndarray:
    """dx[n,h,v,c] = Σ dy[n,p,q,c] over the windows whose code names pixel (h, v)."""
    dx = np.zeros((dy.shape[0], *input_size, dy.shape[3]), dy.dtype)
    for n, p, q, c in np.ndindex(dy.shape):
        r, s = divmod(int(code[n, p, q, c]), pool_size[1])
        h, v = p * strides[0] + r - pads[0][0], q * strides[1] + s - pads[1][0]
        dx[n, h, v, c] += dy[n, p, q, c]
    return dx


@_quiet
def avg_pool2d(x: np.ndarray, *, pool_size: Pair, strides: Pair, pads: Pads = NO_PADS) -> np.ndarray:
    """y = the mean of the window's pixels; padding is not counted.

    >>> avg_pool2d(np.array([[1.0, 2.0], [3.0, 4.0]])[None, :, :, None], pool_size=(2, 2), strides=(2, 2)).item()
    2.5
    """
    size = window_output(x.shape[1:3], pool_size, strides, pads)
    y = np.zeros((x.shape[0], *size, x.shape[3]), x.dtype)
    for n, p, q, c in np.ndindex(y.shape):
        window = list(_window(p, q, x.shape[1:3], pool_size, strides, pads))
        for _, _, h, v in window:
            y[n, p, q, c] += x[n, h, v, c]
        y[n, p, q, c] /= len(window)
    return y


@_quiet
def avg_pool2d_grad(
    dy: np.ndarray, *, input_size: Pair, pool_size: Pair, strides: Pair, pads: Pads = NO_PADS
) -> np.ndarray:
    """dx[n,h,v,c] = Σ dy[n,p,q,c] / (pixels of window (p, q))."""
    dx = np.zeros((dy.shape[0], *input_size, dy.shape[3]), dy.dtype)
    for n, p, q, c in np.ndindex(dy.shape):
        window = list(_window(p, q, input_size, pool_size, strides, pads))
        for _, _, h, v in window:
            dx[n, h, v, c] += dy[n, p, q, c] / len(window)
    return dx


@_quiet
def global_avg_pool2d(x: np.ndarray) -> np.ndarray:
    """y[n,c] = (1 / H·W) Σ_{h,v} x[n,h,v,c]."""
    _, height, width, _ = x.shape
    return np.sum(x, axis=(1, 2)) / (height * width)


def global_avg_pool2d_grad(dy: np.ndarray, *, input_size: Pair) -> np.ndarray:
    """dx[n,h,v,c] = dy[n,c] / (H·W)."""
    height, width = input_size
    ones = np.ones((1, height, width, 1), dy.dtype)
    return ones * dy[:, None, None, :] / (height * width)


def global_max_pool2d(x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """y[n,c] = the maximum over the whole image, index[n,c] = h·W + v of its first place."""
    images, height, width, channels = x.shape
    y = np.empty((images, channels), x.dtype)
    index = np.empty(y.shape, np.int64)
    for n, c in np.ndindex(y.shape):
        winner = None
        for h, v in np.ndindex((height, width)):
            if winner is None or _beats(x[n, h, v, c], winner):
                winner = x[n, h, v, c]
                y[n, c] = winner
                index[n, c] = h * width + v
    return y, index


def global_max_pool2d_grad(dy: np.ndarray, index: np.ndarray, *, input_size: Pair) -> np.ndarray:
    """dx[n,h,v,c] = dy[n,c] where index[n,c] = h·W + v, else 0."""
    dx = np.zeros((dy.shape[0], *input_size, dy.shape[1]), dy.dtype)
    for n, c in np.ndindex(dy.shape):
        h, v = divmod(int(index[n, c]), input_size[1])
        dx[n, h, v, c] = dy[n, c]
    return dx


def _beats(challenger: Any, winner: Any) -> bool:
    """Larger wins, a tie stays with the first, and a NaN wins over all but an earlier NaN."""
    return bool(challenger > winner or (np.isnan(challenger) and not np.isnan(winner)))


def _window(
    p: int, q: int, input_size: Pair, pool_size: Pair, strides: Pair, pads: Pads
) -> Iterator[tuple[int, int, int, int]]:
    """(r, s, h, v): the places of window (p, q) that lie inside the image, and the pixels there."""
    for r, s in np.ndindex(pool_size):
        h, v = p * strides[0] + r - pads[0][0], q * strides[1] + s - pads[1][0]
        if 0 <= h < input_size[0] and 0 <= v < input_size[1]:
            yield r, s, h, v
