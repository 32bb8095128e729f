"""Convolution as its definition: lay the kernel on every place of the image, multiply, add.

One loop nest serves all three directions, because all three are made of the same products:

    y  gets  x · w        dx  gets  dy · w        dw  gets  x · dy

for every output (n, p, q, k) and every tap (r, s, c) of the kernel. Only the place of the sum changes.
"""

import numpy as np

from ..geometry import NO_PADS, Pads, Pair, window_output

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
    """y[n,p,q,k] = b[k] + Σ_{r,s,c} x[n,h,v,c] · w[r,s,c,k].

    >>> image = np.array([[1, 1, 1, 0, 0], [0, 1, 1, 1, 0], [0, 0, 1, 1, 1], [0, 0, 1, 1, 0], [0, 1, 1, 0, 0.0]])
    >>> kernel = np.array([[1, 0, 1], [0, 1, 0], [1, 0, 1.0]])
    >>> conv2d(image[None, :, :, None], kernel[:, :, None, None])[0, :, :, 0]
    array([[4., 3., 4.],
           [2., 4., 3.],
           [2., 3., 4.]])
    """
    size = window_output(x.shape[1:3], w.shape[:2], strides, pads, dilation)
    y = np.zeros((x.shape[0], *size, w.shape[3]), x.dtype)
    if b is not None:
        y += b
    x = _pad(x, pads)
    for n, p, q, k in np.ndindex(y.shape):
        for r, s, c in np.ndindex(w.shape[:3]):
            h, v = p * strides[0] + r * dilation[0], q * strides[1] + s * dilation[1]
            y[n, p, q, k] += x[n, h, v, _channel(c, k, w.shape, groups)] * w[r, s, c, k]
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
    """dx[n,h,v,c] = Σ_{r,s,k} dy[n,p,q,k] · w[r,s,c,k] over the (p, q) that read pixel (h, v)."""
    dx = _pad(np.zeros((dy.shape[0], *input_size, w.shape[2] * groups), dy.dtype), pads)
    for n, p, q, k in np.ndindex(dy.shape):
        for r, s, c in np.ndindex(w.shape[:3]):
            h, v = p * strides[0] + r * dilation[0], q * strides[1] + s * dilation[1]
            dx[n, h, v, _channel(c, k, w.shape, groups)] += dy[n, p, q, k] * w[r, s, c, k]
    return _crop(dx, pads, input_size)


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
    """dw[r,s,c,k] = Σ_{n,p,q} x[n,h,v,c] · dy[n,p,q,k]."""
    dw = np.zeros((*kernel_size, x.shape[3] // groups, dy.shape[3]), x.dtype)
    x = _pad(x, pads)
    for n, p, q, k in np.ndindex(dy.shape):
        for r, s, c in np.ndindex(dw.shape[:3]):
            h, v = p * strides[0] + r * dilation[0], q * strides[1] + s * dilation[1]
            dw[r, s, c, k] += x[n, h, v, _channel(c, k, dw.shape, groups)] * dy[n, p, q, k]
    return dw


@_quiet
def bias_grad(dy: np.ndarray) -> np.ndarray:
    """db[k] = Σ dy[…,k]."""
    db = np.zeros(dy.shape[-1], dy.dtype)
    for place in np.ndindex(dy.shape):
        db[place[-1]] += dy[place]
    return db


def _channel(c: int, k: int, kernel_shape: tuple[int, ...], groups: int) -> int:
    """The input channel under tap c of filter k: filter k belongs to group j = ⌊k / (K/g)⌋, which begins at j · C/g."""
    _, _, channels, filters = kernel_shape
    return k // (filters // groups) * channels + c


def _pad(x: np.ndarray, pads: Pads) -> np.ndarray:
    """The image in its frame of zeros; on it the padding needs no more thought: h = p·σ + r·δ."""
    return np.pad(x, ((0, 0), *pads, (0, 0)))


def _crop(x: np.ndarray, pads: Pads, size: Pair) -> np.ndarray:
    """The image without its frame."""
    (top, _), (left, _) = pads
    return x[:, top : top + size[0], left : left + size[1]]
