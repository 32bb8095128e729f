"""Convolution of images with few channels, such as those of a first layer, with ReLU and pooling: few_channels.cu."""

import ctypes

from ..geometry import Pads, Pair, extent, window_output
from .launch import Kernel
from .machine import Array
from .memory import contiguous, empty

_few_channels = Kernel("few_channels", "few_channels")
_relu_max_pool = Kernel("few_channels", "few_channels_relu_max_pool")

_TILE, _FILTERS, _MOST_FILTERS = 16, 8, 32  # of a block; of a thread, and of a block

_MOST_CHANNELS = 4  # more fill the tiles of a matrix product, which loads of each what it needs
_MOST_SHARED = 48 << 10  # so that several blocks have room on a multiprocessor
_LEAST_SHARE = 0.5  # of the tiles that is used


class _Layer(ctypes.Structure):
    """The struct of few_channels.cu."""

    _fields_ = tuple(
        (name, ctypes.c_int)
        for name in (
            *("height", "width", "channels", "rows", "columns", "filters", "window_rows", "window_columns"),
            *("down", "across", "below", "beside", "top", "left", "patch_rows", "patch_columns"),
            *("tiles_down", "tiles_across"),
        )
    )


def suits(x: Array, w: Array, strides: Pair, pads: Pads, dilation: Pair, groups: int) -> bool:
    """Whether the channels are few, the images large, and what a block needs has room."""
    layer = _layer(x, w, strides, pads, dilation)
    share = layer.rows * layer.columns / (layer.tiles_down * layer.tiles_across * _TILE**2)
    few = groups == 1 and layer.channels <= _MOST_CHANNELS
    return few and share >= _LEAST_SHARE and _shared(layer) <= _MOST_SHARED


def conv2d(x: Array, w: Array, b: Array | None, relu: bool, strides: Pair, pads: Pads, dilation: Pair) -> Array:
    """y = b + Σ over the taps, or max(y, 0)."""
    layer = _layer(x, w, strides, pads, dilation)
    y = empty((len(x), layer.rows, layer.columns, layer.filters))
    _launch(_few_channels, layer, x, w, b, y, int(relu))
    return y


def conv2d_relu_max_pool(
    x: Array, w: Array, b: Array | None, strides: Pair, pads: Pads, dilation: Pair
) -> tuple[Array, Array]:
    """y = max over each 2×2 window of max(b + Σ over the taps, 0), and the place of the first maximum or NaN."""
    layer = _layer(x, w, strides, pads, dilation)
    y = empty((len(x), layer.rows // 2, layer.columns // 2, layer.filters))
    code = empty(y.shape, "uint8")
    _launch(_relu_max_pool, layer, x, w, b, y, code)
    return y, code


def _layer(x: Array, w: Array, strides: Pair, pads: Pads, dilation: Pair) -> _Layer:
    size, window = window_output(x.shape[1:3], w.shape[:2], strides, pads, dilation), w.shape[:2]
    patch = [(_TILE - 1) * strides[i] + extent(window[i], dilation[i]) for i in range(2)]
    tiles = [-(-size[i] // _TILE) for i in range(2)]
    starts = pads[0][0], pads[1][0]
    return _Layer(*x.shape[1:], *size, w.shape[3], *window, *strides, *dilation, *starts, *patch, *tiles)


def _groups(layer: _Layer) -> int:
    """Threads beside each other, one for 8 filters."""
    return min(-(-layer.filters // _FILTERS), _MOST_FILTERS // _FILTERS)


def _shared(layer: _Layer) -> int:
    """Bytes: weights, and pixels."""
    weights = layer.window_rows * layer.window_columns * _groups(layer) * _FILTERS
    return 4 * layer.channels * (weights + layer.patch_rows * layer.patch_columns)


def _launch(kernel: Kernel, layer: _Layer, x: Array, w: Array, b: Array | None, *others: Array | int) -> None:
    groups = _groups(layer)
    grid = len(x) * layer.tiles_down * layer.tiles_across, -(-layer.filters // (groups * _FILTERS))
    arrays = contiguous(x), contiguous(w), None if b is None else contiguous(b)
    kernel(grid, (groups, (_TILE // 2) ** 2), *arrays, *others, layer, shared=_shared(layer))
