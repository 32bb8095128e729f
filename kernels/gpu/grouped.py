"""Convolution and its gradients where a group has few channels, down to one, or sums are short: grouped.cu."""

from ..geometry import Pair
from .gemm import ENOUGH_THREADS, in_parts
from .launch import THREADS, Kernel, blocks
from .machine import Array
from .memory import empty
from .sums import Finish
from .windows import Axes, Phases, convolution

_conv2d = Kernel("grouped", "grouped_conv2d")
_input_grad = Kernel("grouped", "grouped_input_grad")
_weight_grad = Kernel("grouped", "grouped_weight_grad")

_LANES, _WARPS = 32, 8  # of grouped.cu
_SHARED = _LANES * _WARPS * 4
_LEAST_POSITIONS = 512  # of a block: 64 for a warp

_FEW, _LITTLE = 8, 128  # channels, products in a sum: of the smallest tile's columns, a quarter would be used


def suits(outputs: int, depth: int) -> bool:
    """Whether to compute results of so many channels in a group, each a sum of so many products, one by one."""
    return outputs < _FEW and depth <= _LITTLE


def conv2d(x: Array, w: Array, finish: Finish, axes: Axes, groups: int) -> Array:
    size = axes.size
    y = empty((len(x), *size, w.shape[3]))
    described = convolution(axes, len(x), (w.shape[2], w.shape[3] // groups), groups, size, w.shape[1])
    _conv2d(blocks(y.size), THREADS, x, w, finish.bias, y, y.size, int(finish.relu), described)
    return y


def conv2d_input_grad(dy: Array, w: Array, mask: Array | None, phases: Phases, groups: int, input_size: Pair) -> Array:
    dx = empty((len(dy), *input_size, w.shape[2] * groups))
    for axes in phases:
        described = convolution(axes, len(dy), (w.shape[3] // groups, w.shape[2]), groups, input_size, w.shape[1])
        grid = blocks(len(dy) * axes.positions * dx.shape[3]), axes.phases
        _input_grad(grid, THREADS, dy, w, mask, dx, described)
    return dx


def conv2d_weight_grad(x: Array, dy: Array, axes: Axes, groups: int) -> Array:
    window, positions = axes.window, len(x) * axes.positions
    channels = x.shape[3] // groups, dy.shape[3] // groups
    tiles = -(-dy.shape[3] // _LANES), window[0] * window[1] * channels[0]
    parts = max(min(ENOUGH_THREADS // (tiles[0] * tiles[1] * _LANES * _WARPS), positions // _LEAST_POSITIONS), 1)
    described = convolution(axes, len(x), channels, groups, axes.size, window[1], (parts, -(-positions // parts)))

    def compute(dw: Array, _: Finish) -> None:
        _weight_grad((*tiles, parts), (_LANES, _WARPS), x, dy, dw, described, shared=_SHARED)

    return in_parts(parts, (*window, channels[0], dy.shape[3]), compute)
