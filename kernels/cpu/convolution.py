"""Convolution and its gradients, each by the way that suits its shape.

    dense         a dense layer for every pixel (dense.py)
    depthwise     channel by channel (depthwise.py, depthwise_weight_grad.py)
    winograd      by a quarter of the multiplications (winograd.py)
    dots          few filters, by dot products (dots.py)
    col2im        an input gradient from products of whole windows, added up (col2im.py)
    direct        without copies of windows (direct.py, weight_grad.py)

choose.py says which.
Source: Dumoulin & Visin, "A guide to convolution arithmetic for deep learning" (2016).
"""

from typing import Any

import numpy as np

from .. import portable
from ..geometry import NO_PADS, Pads, Pair, window_output
from . import choose, col2im, depthwise, direct, dots, winograd
from .capture import expect_finite
from .dense import dense, dense_input_grad, dense_weight_grad
from .depthwise_weight_grad import weight_grad as depthwise_weight_grad
from .fill import cleared
from .memory import computed, contiguous, empty
from .reduction import channel_sums
from .weight_grad import weight_grad
from .windows import backward_phases, forward_reach
from .winograd_weight_grad import weight_grad as winograd_weight_grad


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
    """y = b + Σ over the taps.

    >>> image = np.arange(9, dtype=np.float32).reshape(1, 3, 3, 1)
    >>> conv2d(image, np.ones((2, 2, 1, 1), np.float32))[0, :, :, 0]
    array([[ 8., 12.],
           [20., 24.]], dtype=float32)
    """
    x, w = contiguous(x), contiguous(w)
    size = window_output(x.shape[1:3], w.shape[:2], strides, pads, dilation)
    algorithm, _ = choose.conv2d(x.shape, w.shape, size, strides, pads, dilation, groups)
    if algorithm == "dense":
        return dense(_rows(x), w[0, 0], b).reshape(*x.shape[:3], -1)
    y, reach = empty((x.shape[0], *size, w.shape[3])), forward_reach(w.shape[:2], strides, pads, dilation)
    if algorithm == "winograd":
        winograd.conv2d(x, w, b, pads, y)
    elif algorithm == "depthwise":
        depthwise.correlate(x, w, np.arange(w[..., 0, 0].size, dtype=np.intp), b, y, size, reach)
    elif algorithm == "dots":
        dots.correlate(x, w, b, y, reach)
    else:
        direct.correlate(x, direct.packed(w, groups), b, y, size, reach, groups)
    return y


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
    """dx of the pixels that the outputs were computed from."""
    dy, w = contiguous(dy), contiguous(w)
    algorithm, _ = choose.conv2d_input_grad(dy.shape, w.shape, (*input_size,), strides, pads, dilation, groups)
    if algorithm == "dense":
        return dense_input_grad(_rows(dy), w[0, 0]).reshape(*dy.shape[:3], -1)
    if algorithm == "winograd":
        dx = empty((dy.shape[0], *input_size, w.shape[2]))
        winograd.conv2d_input_grad(dy, w, pads, dx)
        return dx
    if algorithm == "col2im":
        return col2im.input_grad(dy, w, (*input_size,), strides, pads, dilation, groups)
    if not expect_finite(w):  # at the border an infinite weight must not meet the zeros around dy
        options: dict[str, Any] = {
            "input_size": input_size,
            "strides": strides,
            "pads": pads,
            "dilation": dilation,
            "groups": groups,
        }
        shape = dy.shape[0], *input_size, w.shape[2] * groups
        return computed(lambda: portable.conv2d_input_grad(dy, w, **options), shape)
    if algorithm == "depthwise":
        return _depthwise_input_grad(dy, w, groups, input_size, strides, pads, dilation)
    return direct.input_grad(dy, w, (*input_size,), strides, pads, dilation, groups)


def _depthwise_input_grad(
    dy: np.ndarray, w: np.ndarray, groups: int, input_size: Pair, strides: Pair, pads: Pads, dilation: Pair
) -> np.ndarray:
    """dx where every filter has one channel of its own."""
    phases, shape = backward_phases((*input_size,), w.shape[:2], strides, pads, dilation), (*input_size, w.shape[3])
    skipping = any(phase.taps.size == 0 for phase in phases)  # a long stride reads not all pixels
    dx = (cleared if skipping else empty)((len(dy), *shape))
    for phase in phases:
        if phase.taps.size > 0:
            depthwise.correlate(dy, w, phase.taps, None, dx, phase.size, phase.reach)
    return depthwise.summed(dx, groups)


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
    """dw = windowsᵀ · dy."""
    x, dy = contiguous(x), contiguous(dy)
    algorithm, _ = choose.conv2d_weight_grad(x.shape, dy.shape, kernel_size, strides, pads, dilation, groups)
    if algorithm == "dense":
        return dense_weight_grad(_rows(x), _rows(dy))[None, None]
    if algorithm == "winograd":
        return winograd_weight_grad(x, dy, pads)
    reach = forward_reach(kernel_size, strides, pads, dilation)
    if algorithm == "depthwise":
        return depthwise_weight_grad(x, dy, reach).reshape(*kernel_size, 1, -1)
    return weight_grad(x, dy, reach, groups).reshape(*kernel_size, -1, dy.shape[3])


def bias_grad(dy: np.ndarray) -> np.ndarray:
    """db[k] = Σ dy[…,k].

    >>> bias_grad(np.ones((2, 3, 3, 1), np.float32))
    array([18.], dtype=float32)
    """
    return channel_sums(dy)


def _rows(images: np.ndarray) -> np.ndarray:
    """(N, H, W, C) → (N·H·W, C)."""
    return images.reshape(-1, images.shape[3])
