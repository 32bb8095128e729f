"""Fused kernels, each by the way that suits its shape; what each computes, kernels/fused.py says.

One channel a group goes its own way (depthwise.py), with ReLU and pooling afterwards.
"""

import numpy as np

from ..geometry import NO_PADS, Pads, Pair, window_output
from . import direct
from .activation import relu
from .convolution import conv2d
from .memory import contiguous, empty
from .pooling import max_pool2d
from .windows import forward_reach


def conv2d_relu(
    x: np.ndarray,
    w: np.ndarray,
    b: np.ndarray | None = None,
    *,
    strides: Pair = (1, 1),
    pads: Pads = NO_PADS,
    dilation: Pair = (1, 1),
    groups: int = 1,
) -> np.ndarray:
    """y = max(b + Σ over the taps, 0).

    >>> image = np.arange(9, dtype=np.float32).reshape(1, 3, 3, 1) - 4
    >>> conv2d_relu(image, np.ones((2, 2, 1, 1), np.float32))[0, :, :, 0]
    array([[0., 0.],
           [4., 8.]], dtype=float32)
    """
    if 1 < groups == x.shape[3]:
        return relu(conv2d(x, w, b, strides=strides, pads=pads, dilation=dilation, groups=groups))
    x, w = contiguous(x), contiguous(w)
    size = window_output(x.shape[1:3], w.shape[:2], strides, pads, dilation)
    y = empty((len(x), *size, w.shape[3]))
    reach = forward_reach(w.shape[:2], strides, pads, dilation)
    direct.correlate(x, direct.packed(w, groups), b, y, size, reach, groups, floor=0)
    return y


def conv2d_relu_max_pool(
    x: np.ndarray,
    w: np.ndarray,
    b: np.ndarray | None = None,
    *,
    strides: Pair = (1, 1),
    pads: Pads = NO_PADS,
    dilation: Pair = (1, 1),
    groups: int = 1,
) -> tuple[np.ndarray, np.ndarray]:
    """y = max over each 2×2 window of max(b + Σ over the taps, 0), and the place of the first maximum or NaN.

    >>> image = np.arange(9, dtype=np.float32).reshape(1, 3, 3, 1) - 4
    >>> y, code = conv2d_relu_max_pool(image, np.ones((2, 2, 1, 1), np.float32))
    >>> y.item(), code.item()
    (8.0, 3)
    """
    if 1 < groups == x.shape[3]:
        y = conv2d_relu(x, w, b, strides=strides, pads=pads, dilation=dilation, groups=groups)
        return max_pool2d(y, pool_size=(2, 2), strides=(2, 2))
    x, w = contiguous(x), contiguous(w)
    size = window_output(x.shape[1:3], w.shape[:2], strides, pads, dilation)
    y = empty((len(x), size[0] // 2, size[1] // 2, w.shape[3]))
    code, inside = empty(y.shape, np.uint8), (size[0] // 2 * 2, size[1] // 2 * 2)
    reach = forward_reach(w.shape[:2], strides, pads, dilation)
    direct.correlate(x, direct.packed(w, groups), b, y, inside, reach, groups, code=code)
    return y, code
