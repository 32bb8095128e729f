"""Convolution as matrix products: every window becomes a row of a matrix of columns (im2col).

    columns[j, (n,p,q), (r,s,c)] = x[n, p·σ + r·δ − π₀, q·σ + s·δ − π₀, j·C/g + c]        for each group j

    y = columns · w        dw = columnsᵀ · dy        dx: dy · wᵀ added back to the pixels it came from (col2im)

The columns are R·S times the image, so they are made for a few images at a time: fewer bytes, and still in
cache when the product reads them.
Source: Chellapilla, Puri & Simard, "High performance convolutional neural networks for document processing" (2006).
"""

from collections.abc import Iterator

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from ..geometry import NO_PADS, Pads, Pair, extent, window_output
from .arrays import sum as sum_axes
from .windows import padded, taps

#: columns made at once, in bytes: about one core's share of the last cache
BLOCK_BYTES = 4 << 20

_quiet = np.errstate(over="ignore", invalid="ignore")  # NaN and ±∞ follow the sums


@_quiet
def conv2d(
    x: np.ndarray,
    w: np.ndarray,
    b: np.ndarray | None = None,
    *,
    strides: Pair = (1, 1),
    pads: Pads = NO_PADS,
    dilation: Pair = (1, 1),
    groups: int = 1,
) -> np.ndarray:
    """y = columns · w + b.

    >>> image = np.arange(9.0).reshape(1, 3, 3, 1)
    >>> conv2d(image, np.ones((2, 2, 1, 1)))[0, :, :, 0]
    array([[ 8., 12.],
           [20., 24.]])
    """
    size = window_output(x.shape[1:3], w.shape[:2], strides, pads, dilation)
    y = np.empty((x.shape[0], *size, w.shape[3]), x.dtype)
    kernel = _split_channels(w, groups)
    for images in _blocks(x, size, w.shape[:2]):
        columns = _columns(padded(x[images], pads), w.shape[:2], strides, dilation, groups)
        np.matmul(columns, kernel, out=_split_channels(y[images], groups))
    if b is not None:
        y += b
    return y


@_quiet
def conv2d_input_grad(
    dy: np.ndarray,
    w: np.ndarray,
    *,
    input_size: Pair,
    strides: Pair = (1, 1),
    pads: Pads = NO_PADS,
    dilation: Pair = (1, 1),
    groups: int = 1,
) -> np.ndarray:
    """dx = the columns dy · wᵀ, each added to the pixel that it was copied from."""
    kernel_size, size, channels = w.shape[:2], dy.shape[1:3], w.shape[2]
    dx = np.zeros((dy.shape[0], *input_size, groups, channels), dy.dtype)
    kernel = _split_channels(w, groups).swapaxes(1, 2)
    for images in _blocks(dx, size, kernel_size):
        columns = _split_channels(dy[images], groups) @ kernel
        places = np.moveaxis(columns.reshape(groups, -1, *size, *kernel_size, channels), 0, 3)  # n p q g r s c
        image_grads = dx[images]
        for r, s, outputs, pixels in taps(input_size, size, kernel_size, strides, pads, dilation):
            image_grads[pixels] += places[outputs][..., r, s, :]
    return dx.reshape(*dx.shape[:3], groups * channels)


@_quiet
def conv2d_weight_grad(
    x: np.ndarray,
    dy: np.ndarray,
    *,
    kernel_size: Pair,
    strides: Pair = (1, 1),
    pads: Pads = NO_PADS,
    dilation: Pair = (1, 1),
    groups: int = 1,
) -> np.ndarray:
    """dw = columnsᵀ · dy, block by block of images."""
    channels, filters = x.shape[3] // groups, dy.shape[3] // groups
    dw = np.zeros((groups, kernel_size[0] * kernel_size[1] * channels, filters), x.dtype)
    for images in _blocks(x, dy.shape[1:3], kernel_size):
        columns = _columns(padded(x[images], pads), kernel_size, strides, dilation, groups)
        dw += columns.swapaxes(1, 2) @ _split_channels(dy[images], groups)
    return np.moveaxis(dw, 0, 1).reshape(*kernel_size, channels, groups * filters)


@_quiet
def bias_grad(dy: np.ndarray) -> np.ndarray:
    """db[k] = Σ dy[…,k]."""
    return sum_axes(dy, axis=tuple(range(dy.ndim - 1)))


def _columns(x: np.ndarray, kernel_size: Pair, strides: Pair, dilation: Pair, groups: int) -> np.ndarray:
    """(g, N·P·Q, R·S·C/g): the windows of an already padded image, copied side by side."""
    covered = (extent(kernel_size[0], dilation[0]), extent(kernel_size[1], dilation[1]))
    windows = sliding_window_view(x, covered, axis=(1, 2))
    windows = windows[:, :: strides[0], :: strides[1], :, :: dilation[0], :: dilation[1]]
    n, p, q, channels, r, s = windows.shape
    grouped = windows.reshape(n, p, q, groups, channels // groups, r, s)
    return grouped.transpose(3, 0, 1, 2, 5, 6, 4).reshape(groups, n * p * q, r * s * channels // groups)


def _split_channels(a: np.ndarray, groups: int) -> np.ndarray:
    """(…, K) → (g, all the other axes as one, K/g); a view of a contiguous array."""
    return a.reshape(-1, groups, a.shape[-1] // groups).swapaxes(0, 1)


def _blocks(x: np.ndarray, output_size: Pair, kernel_size: Pair) -> Iterator[slice]:
    """Slices of the batch whose columns fill about BLOCK_BYTES: fixed by the shapes, so sums have one order."""
    row = kernel_size[0] * kernel_size[1] * x[0, 0, 0].size * x.itemsize
    images = max(1, BLOCK_BYTES // (output_size[0] * output_size[1] * row))
    for start in range(0, x.shape[0], images):
        yield slice(start, start + images)
