"""Pooling: pooling.cu, one launch each."""

import ctypes
from math import inf

import numpy as np

from ..fused import POOL
from ..geometry import NO_PADS, Pads, Pair, code_dtype, window_output
from .columns import Columns
from .division import Divisor
from .launch import THREADS, Kernel, blocks
from .machine import Array
from .memory import contiguous, empty
from .vectors import WIDTHS, width

_CODES = {1: "unsigned char", 2: "unsigned short", 4: "unsigned int"}
_PLACES = 8  # bytes of a number and its pixel
_SUMS = 4


def _of_each_width(name: str) -> dict[int, Kernel]:
    return {width: Kernel("pooling", f"{name}<{width}>") for width in WIDTHS}


def _of_each_code(name: str) -> dict[tuple[int, int], Kernel]:
    return {
        (width, size): Kernel("pooling", f"{name}<{width}, {code}>")
        for width in WIDTHS
        for size, code in _CODES.items()
    }


_max_pool, _max_pool_grad = _of_each_code("max_pool"), _of_each_code("max_pool_grad")
_avg_pool, _avg_pool_grad = _of_each_width("avg_pool"), _of_each_width("avg_pool_grad")
_global_avg, _global_avg_grad = _of_each_width("global_avg"), _of_each_width("global_avg_grad")
_global_max, _global_max_grad = _of_each_width("global_max"), _of_each_width("global_max_grad")


class _Axis(ctypes.Structure):
    """The struct of pooling.cu."""

    _fields_ = (
        *((name, ctypes.c_int) for name in ("size", "positions", "window", "pad")),
        ("stride", Divisor),
    )


class _Images(ctypes.Structure):
    """The struct of pooling.cu."""

    _fields_ = (("height", Divisor), ("width", Divisor), ("vectors", Divisor))


def max_pool2d(x: Array, *, pool_size: Pair, strides: Pair, pads: Pads = NO_PADS) -> tuple[Array, Array]:
    """y = max over the window, and the place of the first maximum or NaN."""
    return _pooled_maximum(x, -inf, pool_size, strides, pads)


def relu_max_pool(x: Array) -> tuple[Array, Array]:
    """(y, code) of 2×2 max-pooling behind a ReLU: where y is 0, the code names any pixel of the window."""
    return _pooled_maximum(x, 0.0, POOL["pool_size"], POOL["strides"], NO_PADS)


def max_pool2d_grad(
    dy: Array, code: Array, *, input_size: Pair, pool_size: Pair, strides: Pair, pads: Pads = NO_PADS
) -> Array:
    """dy goes to the pixel that the code names."""
    dy, code = contiguous(dy), contiguous(code)
    dx = empty((len(dy), *input_size, dy.shape[3]))
    channels = width(dy.shape[3], dy, code, dx)
    windows = _windows(dx.shape, dy.shape, channels, pool_size, strides, pads)
    n = dx.size // channels
    _max_pool_grad[channels, code.itemsize](blocks(n), THREADS, dy, code, dx, n, *windows)
    return dx


def avg_pool2d(x: Array, *, pool_size: Pair, strides: Pair, pads: Pads = NO_PADS) -> Array:
    """y = the mean over those pixels of the window that lie inside the image."""
    x = contiguous(x)
    y = empty(_output_shape(x, pool_size, strides, pads))
    channels = width(x.shape[3], x, y)
    n = y.size // channels
    _avg_pool[channels](blocks(n), THREADS, x, y, n, *_windows(x.shape, y.shape, channels, pool_size, strides, pads))
    return y


def avg_pool2d_grad(dy: Array, *, input_size: Pair, pool_size: Pair, strides: Pair, pads: Pads = NO_PADS) -> Array:
    """Every pixel of a window gets the same share of dy."""
    dy = contiguous(dy)
    dx = empty((len(dy), *input_size, dy.shape[3]))
    channels = width(dy.shape[3], dy, dx)
    n = dx.size // channels
    _avg_pool_grad[channels](
        blocks(n), THREADS, dy, dx, n, *_windows(dx.shape, dy.shape, channels, pool_size, strides, pads)
    )
    return dx


def global_avg_pool2d(x: Array) -> Array:
    """y[n,c] = the mean of channel c of image n."""
    x, y = contiguous(x), empty((x.shape[0], x.shape[3]))
    _over_pixels(_global_avg, x, y, nbytes=_SUMS)
    return y


def global_avg_pool2d_grad(dy: Array, *, input_size: Pair) -> Array:
    """Every pixel gets dy / (H·W)."""
    return _to_pixels(_global_avg_grad, contiguous(dy), input_size=input_size)


def global_max_pool2d(x: Array) -> tuple[Array, Array]:
    """The maximum of each channel, and the pixel of the first maximum or NaN."""
    x, y = contiguous(x), empty((x.shape[0], x.shape[3]))
    index = empty(y.shape, np.int64)
    _over_pixels(_global_max, x, y, index, nbytes=_PLACES)
    return y, index


def global_max_pool2d_grad(dy: Array, index: Array, *, input_size: Pair) -> Array:
    """dy goes to the pixel that the index names."""
    return _to_pixels(_global_max_grad, contiguous(dy), contiguous(index), input_size=input_size)


def _pooled_maximum(x: Array, floor: float, pool_size: Pair, strides: Pair, pads: Pads) -> tuple[Array, Array]:
    x = contiguous(x)
    y = empty(_output_shape(x, pool_size, strides, pads))
    code = empty(y.shape, code_dtype(pool_size))
    channels = width(x.shape[3], x, y, code)
    windows = _windows(x.shape, y.shape, channels, pool_size, strides, pads)
    n = y.size // channels
    _max_pool[channels, code.itemsize](blocks(n), THREADS, x, y, code, n, *windows, floor)
    return y, code


def _over_pixels(kernels: dict[int, Kernel], x: Array, *results: Array, nbytes: int) -> None:
    """Combine the pixels of each image, so many bytes for each channel."""
    images, height, across, channels = x.shape
    columns = Columns(height * across, channels, width(channels, x))
    grid, sizes = images * columns.groups, (columns.rows, channels, columns.groups)
    kernels[columns.width](grid, columns.block, x, *results, *sizes, shared=columns.shared(nbytes))


def _to_pixels(kernels: dict[int, Kernel], dy: Array, *others: Array, input_size: Pair) -> Array:
    """dx, from what is known of each channel of an image."""
    dx = empty((len(dy), *input_size, dy.shape[1]))
    channels = width(dy.shape[1], dy, dx)
    n = dx.size // channels
    images = _images((len(dy), 1, input_size[0] * input_size[1], dy.shape[1]), channels)
    kernels[channels](blocks(n), THREADS, dy, *others, dx, n, images)
    return dx


def _output_shape(x: Array, pool_size: Pair, strides: Pair, pads: Pads) -> tuple[int, ...]:
    return (len(x), *window_output(x.shape[1:3], pool_size, strides, pads), x.shape[3])


def _windows(
    x: tuple[int, ...], y: tuple[int, ...], channels: int, pool_size: Pair, strides: Pair, pads: Pads
) -> tuple[_Images, _Images, _Axis, _Axis]:
    """What the kernels are told of images of these shapes and the windows between them."""
    down, across = (
        _Axis(size, positions, window, pad[0], Divisor(stride))
        for size, positions, window, stride, pad in zip(x[1:3], y[1:3], pool_size, strides, pads)
    )
    return _images(x, channels), _images(y, channels), down, across


def _images(shape: tuple[int, ...], channels: int) -> _Images:
    """Images with so many channels a thread."""
    return _Images(Divisor(shape[1]), Divisor(shape[2]), Divisor(shape[3] // channels))
