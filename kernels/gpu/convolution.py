"""Convolution, its gradients and the bias gradient, in float32 for any window, stride, dilation and groups.

They are products of matrices (convolution.cu), unless tensor cores are faster (choose.py), or channels or groups are
too few for that (few_channels.cu, grouped.cu).
"""

from math import prod

from ..geometry import NO_PADS, Pads, Pair, window_output
from . import choose, few_channels, grouped, tensor_cores
from .gemm import cut, has_vectors, in_parts, kernels
from .launch import Kernel
from .machine import Array
from .memory import contiguous
from .sums import Finish, column_sums
from .windows import Axes, convolution, forward_axes, phases_of

_CONV2D = kernels("convolution", "conv2d<{}>")
_INPUT_GRAD = kernels("convolution", "conv2d_input_grad<{}>")
_WEIGHT_GRAD = kernels("convolution", "conv2d_weight_grad<{}>")
_WEIGHT_GRAD_OF_POOL = kernels("convolution", "conv2d_weight_grad_of_pool<{}>")


def conv2d(
    x: Array,
    w: Array,
    b: Array | None = None,
    *,
    strides: Pair = (1, 1),
    pads: Pads = NO_PADS,
    dilation: Pair = (1, 1),
    groups: int = 1,
) -> Array:
    """y = b + Σ over the taps."""
    return _conv2d(x, w, b, False, strides, pads, dilation, groups)


def conv2d_relu(
    x: Array,
    w: Array,
    b: Array | None = None,
    *,
    strides: Pair = (1, 1),
    pads: Pads = NO_PADS,
    dilation: Pair = (1, 1),
    groups: int = 1,
) -> Array:
    """y = max(b + Σ over the taps, 0)."""
    return _conv2d(x, w, b, True, strides, pads, dilation, groups)


def _conv2d(
    x: Array, w: Array, b: Array | None, relu: bool, strides: Pair, pads: Pads, dilation: Pair, groups: int
) -> Array:
    size = window_output(x.shape[1:3], w.shape[:2], strides, pads, dilation)
    if choose.conv2d(x.shape, w.shape, size, strides, pads, dilation, groups).algorithm == "tensor cores":
        return tensor_cores.conv2d(x, w, b, pads=pads, relu=relu)
    if few_channels.suits(x, w, strides, pads, dilation, groups):
        return few_channels.conv2d(x, w, b, relu, strides, pads, dilation)
    x, w, finish = contiguous(x), contiguous(w), Finish(None if b is None else contiguous(b), relu=relu)
    axes = forward_axes(x.shape[1:3], w.shape[:2], strides, pads, dilation)
    channels, depth = (w.shape[2], w.shape[3] // groups), prod(w.shape[:3])
    if grouped.suits(channels[1], depth):
        return grouped.conv2d(x, w, finish, axes, groups)
    how = cut(len(x) * axes.positions, channels[1], depth, groups)

    def compute(y: Array, finish: Finish) -> None:
        vectors = has_vectors(channels[0], x), has_vectors(channels[1], w), has_vectors(channels[1], y)
        described = convolution(axes, len(x), channels, groups, axes.size, w.shape[1], (how.parts, how.depth), vectors)
        grid = how.tiles, groups, how.parts
        how.start(_CONV2D, grid, x, w, finish.bias, y, int(finish.relu), described)

    return in_parts(how.parts, (len(x), *axes.size, w.shape[3]), compute, finish)


def conv2d_input_grad(
    dy: Array,
    w: Array,
    *,
    input_size: Pair,
    strides: Pair = (1, 1),
    pads: Pads = NO_PADS,
    dilation: Pair = (1, 1),
    groups: int = 1,
) -> Array:
    """dx = Σ over the windows that read a pixel."""
    return _conv2d_input_grad(dy, w, None, input_size, strides, pads, dilation, groups)


def conv2d_input_grad_relu(
    dy: Array,
    w: Array,
    y: Array,
    *,
    input_size: Pair,
    strides: Pair = (1, 1),
    pads: Pads = NO_PADS,
    dilation: Pair = (1, 1),
    groups: int = 1,
) -> Array:
    """dx where y > 0, else 0."""
    return _conv2d_input_grad(dy, w, contiguous(y), input_size, strides, pads, dilation, groups)


def _conv2d_input_grad(
    dy: Array,
    w: Array,
    mask: Array | None,
    input_size: Pair,
    strides: Pair,
    pads: Pads,
    dilation: Pair,
    groups: int,
) -> Array:
    choice = choose.conv2d_input_grad(dy.shape, w.shape, input_size, strides, pads, dilation, groups)
    if choice.algorithm == "tensor cores":
        return tensor_cores.conv2d_input_grad(dy, w, input_size=input_size, pads=pads, y=mask)
    dy, w = contiguous(dy), contiguous(w)
    phases = phases_of(input_size, dy.shape[1:3], w.shape[:2], strides, pads, dilation)
    channels = w.shape[3] // groups, w.shape[2]
    depth = max(axes.taps for axes in phases) * channels[0]
    if grouped.suits(channels[1], depth):
        return grouped.conv2d_input_grad(dy, w, mask, phases, groups, input_size)
    how = cut(len(dy) * phases[0].positions, channels[1], depth, groups * prod(strides))

    def compute(dx: Array, finish: Finish) -> None:
        vectors = has_vectors(channels[0], dy), has_vectors(channels[0], w), has_vectors(channels[1], dx)
        for axes in phases:
            described = convolution(
                axes, len(dy), channels, groups, input_size, w.shape[1], (how.parts, how.depth), vectors
            )
            grid = how.tiles, groups, axes.phases * how.parts
            how.start(_INPUT_GRAD, grid, dy, w, finish.mask, dx, described)

    return in_parts(how.parts, (len(dy), *input_size, channels[1] * groups), compute, Finish(mask=mask))


def conv2d_weight_grad(
    x: Array,
    dy: Array,
    *,
    kernel_size: Pair,
    strides: Pair = (1, 1),
    pads: Pads = NO_PADS,
    dilation: Pair = (1, 1),
    groups: int = 1,
) -> Array:
    """dw = Σ over the positions of the windows."""
    choice = choose.conv2d_weight_grad(x.shape, dy.shape, kernel_size, strides, pads, dilation, groups)
    if choice.algorithm == "tensor cores":
        return tensor_cores.conv2d_weight_grad(x, dy, pads=pads)
    x, dy = contiguous(x), contiguous(dy)
    axes = forward_axes(x.shape[1:3], kernel_size, strides, pads, dilation)
    if groups > 1 and grouped.suits(dy.shape[3] // groups, prod(kernel_size) * x.shape[3] // groups):
        return grouped.conv2d_weight_grad(x, dy, axes, groups)
    return _weight_grad(_WEIGHT_GRAD, x, dy, axes=axes, groups=groups)


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
    """The same of a convolution with outputs of size (P, Q), which 2×2 max-pooling follows."""
    axes = forward_axes(x.shape[1:3], kernel_size, strides, pads, dilation)
    return _weight_grad(_WEIGHT_GRAD_OF_POOL, contiguous(x), contiguous(dy), contiguous(code), axes=axes, groups=groups)


def _weight_grad(kernels: dict[str, Kernel], x: Array, *gradients: Array, axes: Axes, groups: int) -> Array:
    """Of gradients of the outputs; or of those behind a pooling, and its code."""
    window, dy = axes.window, gradients[0]
    channels = x.shape[3] // groups, dy.shape[3] // groups
    how = cut(prod(window) * channels[0], channels[1], len(x) * axes.positions, groups)

    def compute(dw: Array, _: Finish) -> None:
        vectors = has_vectors(channels[0], x), has_vectors(channels[1], *gradients), has_vectors(channels[1], dw)
        described = convolution(axes, len(x), channels, groups, axes.size, window[1], (how.parts, how.depth), vectors)
        how.start(kernels, (how.tiles, groups, how.parts), x, *gradients, dw, described)

    return in_parts(how.parts, (*window, channels[0], dy.shape[3]), compute)


def bias_grad(dy: Array) -> Array:
    """db = Σ over every axis but the last."""
    return column_sums(contiguous(dy).reshape(-1, dy.shape[-1]))
