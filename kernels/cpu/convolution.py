"""Convolution and its gradients, each by the way that suits its shape.

    1×1, without stride or padding     a dense layer for every pixel (dense.py)
    one channel a group                channel by channel (depthwise.py)
    others                             directly, without copies of windows (direct.py)

The input gradient of one or a few channels would leave most lanes of direct.py without work: it collects the products
dy·wᵀ. The weight gradient is the product of the transposed windows, which are copied one cache-sized block at a time,
and dy.
Source: Dumoulin & Visin, "A guide to convolution arithmetic for deep learning" (2016).
"""

import numpy as np

from .. import portable
from ..geometry import NO_PADS, Pads, Pair, window_output
from . import depthwise, direct
from .capture import expect_finite
from .compile import compiled
from .dense import dense, dense_input_grad, dense_weight_grad
from .fill import cleared
from .matmul import (
    NARROW,
    SCRATCH,
    SLAB_ROWS,
    TILE_ROWS,
    block_grid,
    clear,
    copy,
    divide_scratch,
    matmul,
    multiply_narrow,
    multiply_slab,
    pack_columns,
    pack_panels,
    padded,
    padded_bias,
    pieces_of,
)
from .memory import contiguous, empty
from .parallel import parallel, unpack, workers_for
from .reduction import channel_sums
from .scratch import scratch
from .simd import LANES, flat, get, put
from .windows import Window, backward_phases, backward_windows, forward_reach, forward_window, runs

_BLOCK_ROWS, _BLOCK_COLUMNS = SLAB_ROWS, 512
_OUTPUTS = 128  # side by side in a slab: few enough that the next tile finds what it shares with the last in L1
_THIN = 3  # channels
_PRODUCTS = 1 << 20  # numbers: some megabytes, which the last cache holds


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
    if _pointwise(w.shape[:2], strides, pads, groups):
        return dense(_rows(x), w[0, 0], b).reshape(*x.shape[:3], -1)
    size = window_output(x.shape[1:3], w.shape[:2], strides, pads, dilation)
    y = empty((x.shape[0], *size, w.shape[3]))
    if 1 < groups == x.shape[3]:
        bias = cleared((w.shape[3],)) if b is None else b
        depthwise.correlate(x, w, bias, y, forward_window(x.shape[1:3], size, w.shape[:2], strides, pads, dilation))
    else:
        direct.correlate(
            x, direct.packed(w, groups), b, y, size, forward_reach(w.shape[:2], strides, pads, dilation), groups
        )
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
    """dx, one phase of the input pixels after the other."""
    dy, w = contiguous(dy), contiguous(w)
    if _pointwise(w.shape[:2], strides, pads, groups):
        return dense_input_grad(_rows(dy), w[0, 0]).reshape(*dy.shape[:3], -1)
    if groups == 1 and w.shape[2] <= _THIN and w.shape[3] >= LANES:
        windows = backward_windows(input_size, dy.shape[1:3], w.shape[:2], strides, pads, dilation)
        return _thin_input_grad(dy, w, input_size, windows)
    if not expect_finite(w):  # at the border an infinite weight must not meet the zeros around dy
        return portable.conv2d_input_grad(
            dy, w, input_size=input_size, strides=strides, pads=pads, dilation=dilation, groups=groups
        )
    if groups > 1 == w.shape[2]:
        return _depthwise_input_grad(dy, w, groups, input_size, strides, pads, dilation)
    dx = cleared((dy.shape[0], *input_size, w.shape[2] * groups))  # a long stride skips pixels
    for phase in backward_phases(tuple(input_size), w.shape[:2], strides, pads, dilation):
        if phase.taps.size > 0:
            panels = direct.packed_transposed(w, phase.taps, groups)
            direct.correlate(dy, panels, None, dx, phase.size, phase.reach, groups)
    return dx


def _depthwise_input_grad(
    dy: np.ndarray, w: np.ndarray, groups: int, input_size: Pair, strides: Pair, pads: Pads, dilation: Pair
) -> np.ndarray:
    """dx where every filter has one channel of its own."""
    dx = cleared((dy.shape[0], *input_size, w.shape[3]))
    for window in backward_windows(input_size, dy.shape[1:3], w.shape[:2], strides, pads, dilation):
        if window.taps.size > 0:
            depthwise.correlate(dy, w, cleared((dx.shape[3],)), dx, window)
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
    """dw = windowsᵀ · dy, over pieces of the batch that are summed in order."""
    x, dy = contiguous(x), contiguous(dy)
    if _pointwise(kernel_size, strides, pads, groups):
        return dense_weight_grad(_rows(x), _rows(dy))[None, None]
    window = forward_window(x.shape[1:3], dy.shape[1:3], kernel_size, strides, pads, dilation)
    if 1 < groups == x.shape[3]:
        return depthwise.weight_grad(x, dy, window).reshape(*kernel_size, 1, -1)
    sources, run = runs(window, x.shape[3], groups)
    outputs, depth, filters = dy.size // dy.shape[3], sources.shape[1] * run, dy.shape[3]
    sums = np.empty((pieces_of(outputs, depth, filters // groups, groups), depth, filters), np.float32)
    workers = workers_for(dy.size * depth // LANES)
    memory = scratch("weight gradient", workers, SCRATCH + _BLOCK_ROWS * _BLOCK_COLUMNS)
    nothing = padded_bias(None, filters)
    _weight_grad(workers, _pixels(x), sources, run, dy.reshape(outputs, filters), nothing, sums, groups, memory)
    dw = sums[0] if len(sums) == 1 else sums.sum(axis=0)
    return dw.reshape(*kernel_size, -1, filters)


def bias_grad(dy: np.ndarray) -> np.ndarray:
    """db[k] = Σ dy[…,k].

    >>> bias_grad(np.ones((2, 3, 3, 1), np.float32))
    array([18.], dtype=float32)
    """
    return channel_sums(dy)


def _pointwise(kernel_size: Pair, strides: Pair, pads: Pads, groups: int) -> bool:
    """Whether the convolution is a dense layer for every pixel."""
    return kernel_size == strides == (1, 1) and pads == NO_PADS and groups == 1


def _rows(images: np.ndarray) -> np.ndarray:
    """(N, H, W, C) → (N·H·W, C)."""
    return images.reshape(-1, images.shape[3])


def _thin_input_grad(dy: np.ndarray, w: np.ndarray, input_size: Pair, windows: list[Window]) -> np.ndarray:
    """dx of few channels: all products dy·wᵀ, a few images at a time, of which each pixel of dx collects its own.

    Products of windows would leave most lanes of a vector without a channel.
    """
    outputs, entries, filters = dy[0, ..., 0].size, w[..., 0].size, w.shape[3]
    dx = empty((len(dy), *input_size, w.shape[2]))
    images = max(1, _PRODUCTS // (outputs * entries))
    for start in range(0, len(dy), images):
        part = dy[start : start + images]
        products = empty((len(part) * outputs, entries))
        matmul(part.reshape(-1, filters), w.reshape(entries, filters).T, products)
        for window in windows:
            arrays = products.reshape(len(part), outputs, -1), window.sources, window.taps, window.targets
            _collect(workers_for(products.size), *arrays, _pixels(dx[start : start + images]))
    return dx


def _pixels(images: np.ndarray) -> np.ndarray:
    """(N, H, W, C) → (N, H·W, C)."""
    return images.reshape(len(images), -1, images.shape[3])


@compiled
def _block_grid(rows, columns, results, workers):
    """The blocks of the result: as matmul.block_grid has them, but none larger than the scratch for one."""
    height, _, width, _ = block_grid(rows, columns, results, workers)
    turns = (height + _BLOCK_ROWS - 1) // _BLOCK_ROWS
    height, width = padded((height + turns - 1) // turns), min(width, _BLOCK_COLUMNS)
    return height, (rows + height - 1) // height, width, (columns + width - 1) // width


@compiled
def _multiply(slab, row_step, depth_step, rows, b, start, end, origin, columns, panels, bias, at, block, step, edge):
    """block = bias + slab · b or, if at < 0, block += slab · b, for rows start … end − 1 of b (see pack_panels)."""
    depth = end - start
    if columns <= NARROW:
        pack_columns(b, start, end, origin, columns, panels)
        multiply_narrow(slab, depth_step, rows, panels, depth, columns, bias, at, block, 0, step)
    else:
        pack_panels(b, start, end, origin, columns, panels)
        steps = TILE_ROWS * row_step, row_step, depth_step
        multiply_slab(slab, *steps, rows, panels, depth, columns, bias, at, block, 0, step, edge)


@compiled
def _gather(x, channel, sources, run, start, end, first, rows, slab, step):
    """slab[i] = numbers start … end − 1 of the window of output first + i, `channel` being the group's first one.

    Return the slab's steps from window to window and from number to number.
    """
    numbers = x.reshape(-1)
    for i in range(rows):
        n, m = divmod(first + i, len(sources))
        image = n * x.shape[1] * x.shape[2] + channel
        if run == 1:
            window = sources[m, start:end]
            for d in range(len(window)):
                number = get(numbers, image + max(window[d], 0))
                put(slab, i * step + d, number if window[d] >= 0 else np.float32(0))
        else:
            for t in range(start // run, (end - 1) // run + 1):
                low, high = max(start, t * run), min(end, (t + 1) * run)
                place = i * step + low - start
                if sources[m, t] < 0:
                    clear(slab, place, high - low)
                else:
                    copy(numbers, image + sources[m, t] + low - t * run, slab, place, high - low)
    return step, x.strides[2] // x.itemsize  # a literal 1 would be a type of its own, and multiply_slab compiled anew


@parallel("f4[:, :, ::1], i4[:, ::1], intp[::1], intp[::1], f4[:, :, ::1]")
def _collect(worker, workers, arguments):
    """dx[:, targets[m], c] = Σ_t products[:, sources[m, t], tap t, c]."""
    products, sources, taps, targets, dx = unpack(arguments)
    images, outputs, entries = products.shape
    channels = dx.shape[2]
    numbers, results = products.reshape(-1), dx.reshape(-1)
    for pixel in range(worker, images * len(targets), workers):
        n, m = divmod(pixel, len(targets))
        place = (n * dx.shape[1] + targets[m]) * channels
        for c in range(channels):
            put(results, place + c, np.float32(0))
        for t in range(len(taps)):
            if sources[m, t] >= 0:
                product = (n * outputs + sources[m, t]) * entries + taps[t] * channels
                for c in range(channels):
                    put(results, place + c, get(results, place + c) + get(numbers, product + c))


@parallel("f4[:, :, ::1], i4[:, ::1], intp, f4[:, ::1], f4[::1], f4[:, :, ::1], intp, f4[:, ::1]")
def _weight_grad(worker, workers, arguments):
    """sums[i] = windowsᵀ · dy over piece i of the outputs, all outputs of the batch counted through."""
    x, sources, run, dy, bias, sums, groups, memory = unpack(arguments)
    slab, panels, edge, block = divide_scratch(memory[worker])
    outputs, filters, depth = len(dy), dy.shape[1] // groups, sources.shape[1] * run
    gradients = dy.reshape(-1), np.zeros(1, np.intp), outputs, dy.shape[1], dy.strides[1] // dy.itemsize
    height, down, width, across = _block_grid(depth, filters, groups * len(sums), workers)
    for task in range(worker, len(sums) * groups * down * across, workers):
        group, task = divmod(task, len(sums) * down * across)
        piece, task = divmod(task, down * across)
        row, column = task // across * height, task % across * width
        rows, columns = min(height, depth - row), min(width, filters - column)
        filter_ = group * filters + column
        begin, last = outputs * piece // len(sums), outputs * (piece + 1) // len(sums)
        for start in range(begin, last, _OUTPUTS):
            end = min(start + _OUTPUTS, last)
            channel = group * (x.shape[2] // groups)
            step, one = _gather(x, channel, sources, run, row, row + rows, start, end - start, slab, padded(rows))
            at = 0 if start == begin else -1
            _multiply(
                slab, one, step, rows, gradients, start, end, filter_, columns, panels, bias, at, block, width, edge
            )
        numbers = flat(sums)
        for i in range(rows):
            place = (piece * depth + row + i) * dy.shape[1] + filter_
            copy(block, i * width, numbers, place, columns)
