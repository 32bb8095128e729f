"""Fused kernels, each by the way that suits its shape; what each computes, kernels/fused.py says.

One channel a group and few filters go their own ways (depthwise.py, dots.py), with ReLU and pooling afterwards.
"""

from typing import Any

import numpy as np

from ..fused import POOL
from ..geometry import NO_PADS, Pads, Pair, window_output
from . import choose, direct, few_filters, max_pool_of_four, winograd
from .activation import relu, relu_grad
from .capture import expect_finite
from .convolution import conv2d, conv2d_input_grad, conv2d_weight_grad
from .dense import dense_input_grad_relu, dense_relu
from .dense_update import (
    dense_backward_adamw_update,
    dense_backward_rmsprop_update,
    dense_backward_sgd_update,
    dense_weight_grad_adamw_update,
    dense_weight_grad_rmsprop_update,
    dense_weight_grad_sgd_update,
)
from .memory import contiguous, empty
from .pooled_input_grad import input_grad_of_pool
from .pooled_weight_grad import weight_grad_of_pool
from .pooling import max_pool2d, max_pool2d_grad
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
    size = window_output(x.shape[1:3], w.shape[:2], strides, pads, dilation)
    algorithm, _ = choose.conv2d(x.shape, w.shape, size, strides, pads, dilation, groups)
    if algorithm in ("depthwise", "dots"):
        return relu(conv2d(x, w, b, strides=strides, pads=pads, dilation=dilation, groups=groups))
    x, w = contiguous(x), contiguous(w)
    y = empty((len(x), *size, w.shape[3]))
    if algorithm == "winograd":
        winograd.conv2d(x, w, b, pads, y, floor=0)
        return y
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
    size = window_output(x.shape[1:3], w.shape[:2], strides, pads, dilation)
    algorithm, _ = choose.conv2d(x.shape, w.shape, size, strides, pads, dilation, groups)
    if algorithm in ("depthwise", "dots"):
        y = conv2d_relu(x, w, b, strides=strides, pads=pads, dilation=dilation, groups=groups)
        return max_pool2d(y, **POOL)
    x, w = contiguous(x), contiguous(w)
    y = empty((len(x), size[0] // 2, size[1] // 2, w.shape[3]))
    code, inside = empty(y.shape, np.uint8), (size[0] // 2 * 2, size[1] // 2 * 2)
    if algorithm == "winograd":
        winograd.conv2d(x, w, b, pads, y, code=code)
        return y, code
    reach = forward_reach(w.shape[:2], strides, pads, dilation)
    if few_filters.suits(x.shape, y.shape, reach, groups):
        few_filters.correlate(x, direct.packed(w, groups), b, y, code, reach, groups)
    else:
        direct.correlate(x, direct.packed(w, groups), b, y, inside, reach, groups, code=code)
    return y, code


def relu_max_pool(x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """y = max over each 2×2 window of max(x, 0), and the place of the first maximum or NaN.

    >>> y, code = relu_max_pool(np.array([[-1, 2], [2, -3]], np.float32)[None, :, :, None])
    >>> y.item(), code.item()
    (2.0, 1)
    """
    if max_pool_of_four.suits(x.shape[3], **POOL):
        return max_pool_of_four.max_pool(contiguous(x), 0.0)
    return max_pool2d(relu(x), **POOL)


def conv2d_input_grad_relu(
    dy: np.ndarray, w: np.ndarray, y: np.ndarray, *, input_size: Pair, **window: Any
) -> np.ndarray:
    """dx where y > 0, else 0."""
    algorithm, _ = choose.conv2d_input_grad(dy.shape, w.shape, input_size, **window)
    if algorithm == "winograd":
        dx = empty((len(dy), *input_size, w.shape[2]))
        winograd.conv2d_input_grad(contiguous(dy), contiguous(w), window.get("pads", NO_PADS), dx, contiguous(y))
        return dx
    if algorithm == "direct" and expect_finite(w):
        return direct.input_grad(contiguous(dy), contiguous(w), input_size, **window, mask=contiguous(y))
    return relu_grad(conv2d_input_grad(dy, w, input_size=input_size, **window), y)


def conv2d_input_grad_of_pool(
    dy: np.ndarray, code: np.ndarray, w: np.ndarray, *, output_size: Pair, input_size: Pair, **window: Any
) -> np.ndarray:
    """dx of a convolution that 2×2 max-pooling follows."""
    if choose.conv2d_input_grad_of_pool(w.shape, **window).algorithm == "pooled" and expect_finite(w):
        return input_grad_of_pool(contiguous(dy), contiguous(code), contiguous(w), input_size, **window)
    unpooled = max_pool2d_grad(dy, code, input_size=output_size, **POOL)
    return conv2d_input_grad(unpooled, w, input_size=input_size, **window)


def conv2d_input_grad_of_pool_relu(
    dy: np.ndarray,
    code: np.ndarray,
    w: np.ndarray,
    y: np.ndarray,
    *,
    output_size: Pair,
    input_size: Pair,
    **window: Any,
) -> np.ndarray:
    """The same where y > 0, else 0."""
    if choose.conv2d_input_grad_of_pool(w.shape, **window).algorithm == "pooled" and expect_finite(w):
        dy, code, w, y = contiguous(dy), contiguous(code), contiguous(w), contiguous(y)
        return input_grad_of_pool(dy, code, w, input_size, **window, mask=y)
    dx = conv2d_input_grad_of_pool(dy, code, w, output_size=output_size, input_size=input_size, **window)
    return relu_grad(dx, y)


def conv2d_weight_grad_of_pool(
    x: np.ndarray,
    dy: np.ndarray,
    code: np.ndarray,
    *,
    output_size: Pair,
    kernel_size: Pair,
    strides: Pair = (1, 1),
    pads: Pads = NO_PADS,
    dilation: Pair = (1, 1),
    groups: int = 1,
) -> np.ndarray:
    """dw of a convolution that 2×2 max-pooling follows."""
    window: dict[str, Any] = {"strides": strides, "pads": pads, "dilation": dilation, "groups": groups}
    gradients = len(dy), *output_size, dy.shape[3]
    choice = choose.conv2d_weight_grad(x.shape, gradients, kernel_size, **window, pooled=True)
    if choice.algorithm != "sparse":
        unpooled = max_pool2d_grad(dy, code, input_size=output_size, **POOL)
        return conv2d_weight_grad(x, unpooled, kernel_size=kernel_size, **window)
    x, dy, code = contiguous(x), contiguous(dy), contiguous(code)
    reach = forward_reach(kernel_size, strides, pads, dilation)
    return weight_grad_of_pool(x, dy, code, output_size, reach).reshape(*kernel_size, -1, dy.shape[3])


__all__ = [
    "conv2d_input_grad_of_pool",
    "conv2d_input_grad_of_pool_relu",
    "conv2d_input_grad_relu",
    "conv2d_relu",
    "conv2d_relu_max_pool",
    "conv2d_weight_grad_of_pool",
    "dense_backward_adamw_update",
    "dense_backward_rmsprop_update",
    "dense_backward_sgd_update",
    "dense_input_grad_relu",
    "dense_relu",
    "dense_weight_grad_adamw_update",
    "dense_weight_grad_rmsprop_update",
    "dense_weight_grad_sgd_update",
    "relu_max_pool",
]
