"""3×3 convolutions without stride, dilation and groups on tensor cores: conv3x3.cu and conv3x3_weight_grad.cu.

Filters come in multiples of 4, for an input gradient channels too. Numbers are multiplied in one term, rounded to TF32,
in precision "tf32", else in three: tensor_cores.cuh.
"""

import ctypes
from typing import Any

from ..geometry import Pads, Pair, window_output
from ..precision import precision
from .launch import Kernel
from .machine import Array
from .memory import contiguous, copied, empty

_WINDOW, _ONE = (3, 3), (1, 1)

# of conv3x3.cu
_WARPS, _THREADS = 4, 128
_TILE, _HALO, _CHANNELS, _TAPS = 16, 18, 8, 9

# of conv3x3_weight_grad.cu
_SUMMING_THREADS = 192
_ROWS, _COLUMNS, _SUMMED_CHANNELS, _SHIFT = 8, 16, 32, 8
_SLICES = 8

#: blocks of a weight gradient at most: two at a time on each of an H100's 132 multiprocessors
_BLOCKS = 264

_FLOAT = 4  # bytes

_Kernels = dict[tuple[int, int], Kernel]


class _Window(ctypes.Structure):
    """The struct of tensor_cores.cuh."""

    _fields_ = tuple(
        (name, ctypes.c_int) for name in ("height", "width", "channels", "rows", "columns", "filters", "top", "left")
    )


def _kernels(source: str, name: str, *variants: tuple[int, int]) -> _Kernels:
    """By the number of terms and that of a block's filters."""
    return {variant: Kernel(source, f"{name}<{variant[0]}, {variant[1]}>") for variant in variants}


_VARIANTS = (1, 32), (1, 64), (3, 32), (3, 64)
_conv = _kernels("conv3x3", "conv3x3", *_VARIANTS)
_relu_max_pool = _kernels("conv3x3", "conv3x3_relu_max_pool", *_VARIANTS)
_input_grad_of_pool = _kernels("conv3x3", "conv3x3_input_grad_of_pool", *_VARIANTS)

_SUMMING = (1, 32), (1, 64), (3, 32)  # in three terms there are twice as many sums
_weight_grad = _kernels("conv3x3_weight_grad", "conv3x3_weight_grad", *_SUMMING)
_weight_grad_of_pool = _kernels("conv3x3_weight_grad", "conv3x3_weight_grad_of_pool", *_SUMMING)
_sum_of_partials = Kernel("conv3x3_weight_grad", "sum_of_partials")


def conv2d(x: Array, w: Array, b: Array | None = None, *, pads: Pads, relu: bool = False) -> Array:
    """y = b + Σ over the taps, or max(y, 0)."""
    window = _forward(x, w, pads)
    y = empty((len(x), window.rows, window.columns, window.filters))
    _convolve(_conv, len(x), window, _aligned(x), _by_filter(w), _optional(b), None, y, int(relu), 0)
    return y


def conv2d_relu_max_pool(x: Array, w: Array, b: Array | None = None, *, pads: Pads) -> tuple[Array, Array]:
    """y = max over each 2×2 window of max(b + Σ over the taps, 0), and the place of the first maximum or NaN."""
    window = _forward(x, w, pads)
    y = empty((len(x), window.rows // 2, window.columns // 2, window.filters))
    code = empty(y.shape, "uint8")
    _convolve(_relu_max_pool, len(x), window, _aligned(x), _by_filter(w), _optional(b), y, code)
    return y, code


def conv2d_input_grad(dy: Array, w: Array, *, input_size: Pair, pads: Pads, y: Array | None = None) -> Array:
    """dx = Σ over the taps; where y, a ReLU's output, is not positive: 0."""
    window = _backward(dy.shape[1:3], w, input_size, pads)
    dx = empty((len(dy), *input_size, window.filters))
    _convolve(_conv, len(dy), window, _aligned(dy), _aligned(w), None, _optional(y), dx, 0, 1)
    return dx


def conv2d_input_grad_of_pool(
    dy: Array, code: Array, w: Array, *, output_size: Pair, input_size: Pair, pads: Pads, y: Array | None = None
) -> Array:
    """The same of a convolution with outputs of size (P, Q), which 2×2 max-pooling follows."""
    window = _backward(output_size, w, input_size, pads)
    dx = empty((len(dy), *input_size, window.filters))
    _convolve(_input_grad_of_pool, len(dy), window, _aligned(dy), _aligned(code), _aligned(w), _optional(y), dx)
    return dx


def conv2d_weight_grad(x: Array, dy: Array, *, pads: Pads) -> Array:
    """dw = Σ over the pixels."""
    window = _Window(*x.shape[1:], *dy.shape[1:], pads[0][0], pads[1][0])
    return _sum_weights(_weight_grad, len(x), window, _aligned(x), _aligned(dy))


def conv2d_weight_grad_of_pool(x: Array, dy: Array, code: Array, *, output_size: Pair, pads: Pads) -> Array:
    """The same of a convolution with outputs of size (P, Q), which 2×2 max-pooling follows."""
    window = _Window(*x.shape[1:], *output_size, dy.shape[3], pads[0][0], pads[1][0])
    return _sum_weights(_weight_grad_of_pool, len(x), window, _aligned(x), _aligned(dy), _aligned(code))


def _forward(x: Array, w: Array, pads: Pads) -> _Window:
    size = window_output(x.shape[1:3], _WINDOW, _ONE, pads)
    return _Window(*x.shape[1:], *size, w.shape[3], pads[0][0], pads[1][0])


def _backward(output_size: Pair, w: Array, input_size: Pair, pads: Pads) -> _Window:
    """Of dy convolved with turned weights: dx[h] = Σ_r dy[h − r + π₀]·w[r] = Σ_r dy[h + r − (2 − π₀)]·w[2 − r]."""
    return _Window(*output_size, w.shape[3], *input_size, w.shape[2], 2 - pads[0][0], 2 - pads[1][0])


def _convolve(kernels: _Kernels, images: int, window: _Window, *arguments: Any) -> None:
    terms, filters = _terms(), 64 if window.filters > 32 else 32
    tiles = images * _ceil(window.rows, _TILE) * _ceil(window.columns, _TILE) * _ceil(window.filters, filters)
    stage = (_HALO * _HALO + _TAPS * filters) * _CHANNELS * _FLOAT
    kernels[terms, filters](tiles, _THREADS, *arguments, window, shared=2 * stage + 4 * _WARPS)


def _sum_weights(kernels: _Kernels, images: int, window: _Window, x: Array, *gradients: Array) -> Array:
    """Parts of the sums, and their sum. How many parts there are, the shapes say: so the order is always the same."""
    terms = _terms()
    filters = 64 if terms == 1 and window.filters > 32 else 32
    grid = _ceil(window.filters, filters), _ceil(window.channels, _SUMMED_CHANNELS)
    tiles = images * _ceil(window.rows, _ROWS) * _ceil(window.columns, _COLUMNS)
    parts = max(1, min(tiles, _BLOCKS // (grid[0] * grid[1])))
    pixels = (_ROWS + 2) * (_COLUMNS + 2) * (_SUMMED_CHANNELS + _SHIFT) + _ROWS * _COLUMNS * (filters + _SHIFT)
    dw = empty((*_WINDOW, window.channels, window.filters))
    partials = dw if parts == 1 else empty((parts, *dw.shape))
    kernel = kernels[terms, filters]
    kernel((parts, *grid), _SUMMING_THREADS, x, *gradients, partials, images, window, shared=pixels * _FLOAT)
    if parts > 1:
        block = 32, _SLICES
        _sum_of_partials(_ceil(dw.size, 32), block, partials, dw, dw.size, parts, shared=32 * _SLICES * _FLOAT)
    return dw


def _terms() -> int:
    return 1 if precision() == "tf32" else 3


def _by_filter(w: Array) -> Array:
    """(3, 3, K, C): the channels of a filter side by side, as those of a pixel are."""
    return contiguous(w.transpose(0, 1, 3, 2))


def _aligned(array: Array) -> Array:
    """The array, or a copy, row-major and where 16 bytes can be copied at once."""
    array = contiguous(array)
    return copied(array, empty(array.shape, array.dtype)) if array.data.ptr % 16 else array


def _optional(array: Array | None) -> Array | None:
    return None if array is None else contiguous(array)


def _ceil(length: int, tile: int) -> int:
    return -(-length // tile)
