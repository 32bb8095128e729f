"""Fused kernels, each by the way that suits its shape; what each computes, kernels/fused.py says.

Beside tensor cores, few channels are fused with a pooling, and gradients of weights.
"""

from typing import Any

from ..fused import POOL
from ..geometry import NO_PADS, Pads, Pair, window_output
from . import choose, convolution, few_channels, tensor_cores
from .convolution import conv2d, conv2d_input_grad, conv2d_input_grad_relu, conv2d_relu, conv2d_weight_grad
from .dense import dense_input_grad_relu, dense_relu
from .dense_update import (
    dense_backward_adamw_update,
    dense_backward_rmsprop_update,
    dense_backward_sgd_update,
    dense_weight_grad_adamw_update,
    dense_weight_grad_rmsprop_update,
    dense_weight_grad_sgd_update,
)
from .machine import Array
from .pooling import max_pool2d_grad, relu_max_pool


def conv2d_relu_max_pool(
    x: Array,
    w: Array,
    b: Array | None = None,
    *,
    strides: Pair = (1, 1),
    pads: Pads = NO_PADS,
    dilation: Pair = (1, 1),
    groups: int = 1,
) -> tuple[Array, Array]:
    """y = max over each 2×2 window of max(b + Σ over the taps, 0), and the place of the first maximum or NaN."""
    size = window_output(x.shape[1:3], w.shape[:2], strides, pads, dilation)
    if choose.conv2d(x.shape, w.shape, size, strides, pads, dilation, groups).algorithm == "tensor cores":
        return tensor_cores.conv2d_relu_max_pool(x, w, b, pads=pads)
    if few_channels.suits(x, w, strides, pads, dilation, groups):
        return few_channels.conv2d_relu_max_pool(x, w, b, strides, pads, dilation)
    return relu_max_pool(conv2d(x, w, b, strides=strides, pads=pads, dilation=dilation, groups=groups))


def conv2d_input_grad_of_pool(
    dy: Array,
    code: Array,
    w: Array,
    *,
    output_size: Pair,
    input_size: Pair,
    strides: Pair = (1, 1),
    pads: Pads = NO_PADS,
    dilation: Pair = (1, 1),
    groups: int = 1,
) -> Array:
    """dx of a convolution that 2×2 max-pooling follows."""
    return _input_grad_of_pool(dy, code, w, None, output_size, input_size, strides, pads, dilation, groups)


def conv2d_input_grad_of_pool_relu(
    dy: Array,
    code: Array,
    w: Array,
    y: Array,
    *,
    output_size: Pair,
    input_size: Pair,
    strides: Pair = (1, 1),
    pads: Pads = NO_PADS,
    dilation: Pair = (1, 1),
    groups: int = 1,
) -> Array:
    """The same where y > 0, else 0."""
    return _input_grad_of_pool(dy, code, w, y, output_size, input_size, strides, pads, dilation, groups)


def conv2d_weight_grad_of_pool(
    x: Array,
    dy: Array,
    code: Array,
    *,
    output_size: Pair,
    kernel_size: Pair,
    strides: Pair = (1, 1),
    pads: Pads = NO_PADS,
    dilation: Pair = (1, 1),
    groups: int = 1,
) -> Array:
    """dw of a convolution that 2×2 max-pooling follows."""
    gradients = len(dy), *output_size, dy.shape[3]
    choice = choose.conv2d_weight_grad(x.shape, gradients, kernel_size, strides, pads, dilation, groups)
    if choice.algorithm == "tensor cores":
        return tensor_cores.conv2d_weight_grad_of_pool(x, dy, code, output_size=output_size, pads=pads)
    window: dict[str, Any] = {"kernel_size": kernel_size, "strides": strides, "pads": pads, "dilation": dilation}
    if groups == 1:
        return convolution.conv2d_weight_grad_of_pool(x, dy, code, output_size=output_size, **window)
    return conv2d_weight_grad(x, max_pool2d_grad(dy, code, input_size=output_size, **POOL), **window, groups=groups)


def _input_grad_of_pool(
    dy: Array,
    code: Array,
    w: Array,
    y: Array | None,
    output_size: Pair,
    input_size: Pair,
    strides: Pair,
    pads: Pads,
    dilation: Pair,
    groups: int,
) -> Array:
    gradients = len(dy), *output_size, dy.shape[3]
    choice = choose.conv2d_input_grad(gradients, w.shape, input_size, strides, pads, dilation, groups)
    if choice.algorithm == "tensor cores":
        sizes: dict[str, Any] = {"output_size": output_size, "input_size": input_size}
        return tensor_cores.conv2d_input_grad_of_pool(dy, code, w, **sizes, pads=pads, y=y)
    unpooled = max_pool2d_grad(dy, code, input_size=output_size, **POOL)
    window: dict[str, Any] = {"strides": strides, "pads": pads, "dilation": dilation, "groups": groups}
    if y is None:
        return conv2d_input_grad(unpooled, w, input_size=input_size, **window)
    return conv2d_input_grad_relu(unpooled, w, y, input_size=input_size, **window)


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
