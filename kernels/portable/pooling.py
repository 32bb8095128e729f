"""Pooling by places of the window: R·S passes over whole arrays, never a loop over pixels."""

import numpy as np

from ..geometry import NO_PADS, Pads, Pair, code_dtype, window_output
from .arrays import sum as sum_axes
from .select import select
from .windows import taps

_quiet = np.errstate(over="ignore", invalid="ignore")  # NaN and ±∞ follow the sums


def max_pool2d(x: np.ndarray, *, pool_size: Pair, strides: Pair, pads: Pads = NO_PADS) -> tuple[np.ndarray, np.ndarray]:
    """A running maximum over the places, with the place of the winner as code.

    >>> y, code = max_pool2d(np.array([[1.0, 3.0], [3.0, 2.0]])[None, :, :, None], pool_size=(2, 2), strides=(2, 2))
    >>> y.item(), code.item()
    (3.0, 1)
    """
    input_size = x.shape[1:3]
    size = window_output(input_size, pool_size, strides, pads)
    y = np.full((x.shape[0], *size, x.shape[3]), -np.inf, x.dtype)
    code = np.empty(y.shape, code_dtype(pool_size))
    code[...] = _first_place(size, pool_size[1], strides, pads)
    for r, s, outputs, pixels in taps(input_size, size, pool_size, strides, pads):
        best, challenger = y[outputs], x[pixels]
        wins = ~(challenger <= best)  # true for a NaN as well
        wins &= best == best  # but nothing beats a NaN
        np.maximum(best, challenger, out=best)
        # places come in growing order, so the larger of old and new code is the newer one
        np.maximum(code[outputs], wins * code.dtype.type(r * pool_size[1] + s), out=code[outputs])
    return y, code


@_quiet
def max_pool2d_grad(
    dy: np.ndarray, code: np.ndarray, *, input_size: Pair, pool_size: Pair, strides: Pair, pads: Pads = NO_PADS
) -> np.ndarray:
    """dy goes to the pixel that the code names."""
    dx = np.zeros((dy.shape[0], *input_size, dy.shape[3]), dy.dtype)
    for r, s, outputs, pixels in _from_first_window(input_size, dy.shape[1:3], pool_size, strides, pads):
        dx[pixels] += select(code[outputs] == r * pool_size[1] + s, dy[outputs])
    return dx


@_quiet
def avg_pool2d(x: np.ndarray, *, pool_size: Pair, strides: Pair, pads: Pads = NO_PADS) -> np.ndarray:
    """Σ over the places that lie inside the image, divided by their number."""
    size = window_output(x.shape[1:3], pool_size, strides, pads)
    y = np.zeros((x.shape[0], *size, x.shape[3]), x.dtype)
    for _, _, outputs, pixels in taps(x.shape[1:3], size, pool_size, strides, pads):
        y[outputs] += x[pixels]
    y /= _inside_counts(x.shape[1:3], size, pool_size, strides, pads, x.dtype)
    return y


@_quiet
def avg_pool2d_grad(
    dy: np.ndarray, *, input_size: Pair, pool_size: Pair, strides: Pair, pads: Pads = NO_PADS
) -> np.ndarray:
    """Every pixel of a window gets the same share of dy."""
    size = dy.shape[1:3]
    share = dy / _inside_counts(input_size, size, pool_size, strides, pads, dy.dtype)
    dx = np.zeros((dy.shape[0], *input_size, dy.shape[3]), dy.dtype)
    for _, _, outputs, pixels in _from_first_window(input_size, size, pool_size, strides, pads):
        dx[pixels] += share[outputs]
    return dx


@_quiet
def global_avg_pool2d(x: np.ndarray) -> np.ndarray:
    """y[n,c] = the mean of channel c of image n."""
    return sum_axes(x, axis=(1, 2)) / (x.shape[1] * x.shape[2])


def global_avg_pool2d_grad(dy: np.ndarray, *, input_size: Pair) -> np.ndarray:
    """Every pixel gets dy / (H·W)."""
    share = dy / (input_size[0] * input_size[1])
    dx = np.empty((dy.shape[0], *input_size, dy.shape[1]), dy.dtype)
    dx[...] = share[:, None, None, :]
    return dx


def global_max_pool2d(x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The maximum of each channel and where it stands; argmax lets the first maximum or NaN win."""
    pixels = x.reshape(x.shape[0], -1, x.shape[3])
    index = pixels.argmax(axis=1)
    return np.take_along_axis(pixels, index[:, None], axis=1)[:, 0], index.astype(np.int64, copy=False)


def global_max_pool2d_grad(dy: np.ndarray, index: np.ndarray, *, input_size: Pair) -> np.ndarray:
    """dy goes to the pixel that the index names."""
    dx = np.zeros((dy.shape[0], input_size[0] * input_size[1], dy.shape[1]), dy.dtype)
    np.put_along_axis(dx, index[:, None], dy[:, None], axis=1)
    return dx.reshape(dy.shape[0], *input_size, dy.shape[1])


def _first_place(size: Pair, columns: int, strides: Pair, pads: Pads) -> np.ndarray:
    """(P, Q, 1): code r·S + s of each window's first pixel inside the image."""
    r = np.maximum(pads[0][0] - np.arange(size[0]) * strides[0], 0)
    s = np.maximum(pads[1][0] - np.arange(size[1]) * strides[1], 0)
    return (r[:, None] * columns + s)[:, :, None]


def _inside_counts(
    input_size: Pair, size: Pair, pool_size: Pair, strides: Pair, pads: Pads, dtype: np.dtype
) -> np.ndarray:
    """(1, P, Q, 1): how many pixels of each window lie inside the image."""
    counts = np.zeros((1, *size, 1), dtype)
    for _, _, outputs, _ in taps(input_size, size, pool_size, strides, pads):
        counts[outputs] += 1
    return counts


def _from_first_window(input_size: Pair, size: Pair, pool_size: Pair, strides: Pair, pads: Pads):
    """The taps in reverse: a pixel's first window in row-major order is the one that sees it at its last place."""
    return reversed(list(taps(input_size, size, pool_size, strides, pads)))
