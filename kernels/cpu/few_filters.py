"""Convolution to few filters with ReLU and max-pooling: the lanes are neighbouring outputs instead of filters.

    sums[t + lane, k] = bias[k] + Σ_d panels[d, k] · planes[t + offsets[d] + lane]

What a block of outputs reads is copied into planes, with zeros around. Each channel has planes of its own, and as
neighbouring windows of the pooling read every 2σth row and column, a plane has no others: then neighbours read
neighbours, and the four outputs of a window lie in the same lane of four vectors.
A window's number is where it begins in the planes, so that vectors go on from row to row and from image to image. What
is computed between the last column of a row and the first of the next belongs to no window, and is left out.
"""

import functools
from typing import NamedTuple

import numpy as np

from ..geometry import Pair
from .compile import compiled, inlined
from .epilogue import largest_of_four
from .matmul import COPY, clear, copy, padded_bias
from .parallel import parallel, unpack, workers_for
from .scratch import scratch
from .simd import (
    LANES,
    TILE_ROWS,
    as_floats,
    as_integers,
    beyond,
    filled,
    flat,
    fma_tile,
    get,
    load,
    maximum,
    on_stack,
    put,
    spaced,
    store,
    store_tile,
    transpose_tile,
    zero_tile,
    zeros,
)
from .windows import Reach

_POOL = 2
_BLOCK = 1 << 14  # numbers of a block's planes: some of the L2 cache
_TURNS = 4  # blocks of each worker, so that none has to wait long for another
_TILE = TILE_ROWS * LANES
_TILES = _POOL**2 * _TILE
_POOLING = 12  # multiplications that take as long as pooling a number


@functools.lru_cache(maxsize=64)
def suits(shape: tuple[int, ...], out_shape: tuple[int, ...], reach: Reach, groups: int) -> bool:
    """Whether this takes no longer than direct.py, whose lanes are filters: counted in multiplications an output.

    >>> from .windows import forward_reach
    >>> reach = forward_reach((5, 5), (1, 1), ((0, 0), (0, 0)), (1, 1))
    >>> suits((1, 28, 28, 1), (1, 12, 12, 64), reach, groups=1)
    False
    """
    inner, filters = shape[3] // groups, out_shape[3] // groups
    depth, (strides_down, strides_across) = len(reach.rows) * len(reach.columns) * inner, reach.strides
    computed = np.prod([many + _more(reach, axis) for axis, many in enumerate(out_shape[1:3])])
    wanted, lanes = out_shape[1] * out_shape[2], LANES // 2 if filters <= LANES // 2 else LANES
    here = (depth + _POOLING) * TILE_ROWS * computed + COPY * inner * strides_down * strides_across * wanted
    return filters <= TILE_ROWS and bool(here <= (depth * lanes + _POOLING * LANES) * wanted)


def correlate(
    x: np.ndarray,
    panels: np.ndarray,
    bias: np.ndarray | None,
    out: np.ndarray,
    code: np.ndarray,
    reach: Reach,
    groups: int,
) -> None:
    """Correlate x with packed weights (direct.packed), and pool: out and code are those of conv2d_relu_max_pool."""
    depth = len(reach.rows) * len(reach.columns) * x.shape[3] // groups
    workers = workers_for(out[..., 0].size * groups * depth * _TILES // LANES**2)
    tables = _plan(x.shape, out.shape, reach, groups, workers)
    planes, results = scratch("padded images", workers, tables.read), scratch("outputs", workers, 2 * tables.written)
    arrays = x, panels, padded_bias(bias, out.shape[3]), out, code
    _correlate(workers, *arrays, tables.offsets, tables.numbers, groups, planes, results)


class _Plan(NamedTuple):
    """Where a block of windows finds what it reads, counted from the beginning of the planes."""

    offsets: np.ndarray  # (4, D): of what each output of a window reads
    numbers: np.ndarray  # what _correlate asks for, in its order
    read: int  # numbers of the planes, and a vector
    written: int  # numbers of the results, and as many as vectors reach beyond


@functools.lru_cache(maxsize=64)
def _plan(shape: tuple[int, ...], out_shape: tuple[int, ...], reach: Reach, groups: int, workers: int) -> _Plan:
    """The tables for images of this shape; they hold for every block.

    Output i of window p reads rows (2p + i)·σ + h: row p + (i·σ + h) // 2σ of plane (i·σ + h) mod 2σ; columns likewise.
    """
    (images, down, across, filters), inner = out_shape, shape[3] // groups
    (h, v), (tall, wide) = (_reads(reach, axis) for axis in (0, 1)), (_POOL * stride for stride in reach.strides)
    more, line, planes = _more(reach, 0), across + _more(reach, 1), tall * wide * inner
    some, rows = _block(images, down, more, planes * line, groups, workers)
    lines = rows + more
    plane = some * lines * line
    below, right = h % tall * wide * inner * plane + h // tall * line, v % wide * inner * plane + v // wide
    offsets = below[:, None, :, None, None] + right[:, None, :, None] + plane * np.arange(inner)
    return _Plan(
        np.ascontiguousarray(offsets.ravel(), np.intp),
        np.array([tall, wide, min(reach.rows), min(reach.columns), some, rows, lines, line], np.intp),
        planes * plane + LANES,
        (plane + LANES) * (filters // groups) + TILE_ROWS + LANES,
    )


def _reads(reach: Reach, axis: int) -> np.ndarray:
    """(2, taps): the rows or columns that the outputs of a window read, counted from the first."""
    taps = np.array((reach.rows, reach.columns)[axis])
    return np.arange(_POOL)[:, None] * reach.strides[axis] + taps - taps.min()


def _more(reach: Reach, axis: int) -> int:
    """How many more rows or columns a plane has than there are windows."""
    return int(_reads(reach, axis).max()) // (_POOL * reach.strides[axis])


def _block(images: int, down: int, more: int, line: int, groups: int, workers: int) -> Pair:
    """Images, and rows of each, of a block whose planes have `more` rows than that, of `line` numbers."""
    turns = _TURNS * workers if workers > 1 else 1
    rows = max(1, min(down, _BLOCK // line - more, -(-down * images * groups // turns)))
    if rows < down:
        return 1, -(-down // -(-down // rows))
    return max(1, min(images, _BLOCK // (line * (down + more)), images * groups // turns)), down


@parallel(
    "f4[:, :, :, ::1], f4[::1], f4[::1], f4[:, :, :, ::1], u1[:, :, :, ::1], intp[::1], intp[::1], intp, f4[:, ::1],"
    "f4[:, ::1]"
)
def _correlate(worker, workers, arguments):
    """Some blocks of windows, each of some images or of rows of one, and of one group."""
    x, panels, bias, out, code, offsets, numbers, groups, memory, outputs = unpack(arguments)
    tall, wide, some, rows, lines, line = numbers[0], numbers[1], numbers[4], numbers[5], numbers[6], numbers[7]
    (images, down, across, step), inner, filters = out.shape, x.shape[3] // groups, out.shape[3] // groups
    planes, results, depth = memory[worker], outputs[worker], len(offsets) // _POOL**2
    codes = as_integers(beyond(results, len(results) // 2))
    clear(planes, 0, tall * wide * inner * some * lines * line)
    row_blocks = (down + rows - 1) // rows
    tasks = groups * ((images + some - 1) // some) * row_blocks
    for task in range(tasks * worker // workers, tasks * (worker + 1) // workers):
        block, group = task // groups, task % groups
        image, first = block // row_blocks * some, block % row_blocks * rows
        deep, high = min(some, images - image), min(rows, down - first)
        _copy_planes(x, (image, deep), first, (group * inner, inner), numbers, planes)
        weights = beyond(panels, group * depth * LANES), beyond(bias, group * filters)
        _multiply(planes, offsets, weights, filters, ((deep - 1) * lines + high - 1) * line + across, results, codes)
        for n in range(deep):
            for p in range(high):
                at = (n * lines + p) * line * filters
                place = ((image + n) * down + first + p) * across * step + group * filters
                _finish(results, codes, at, across, filters, flat(out), flat(code), place, step)


@compiled
def _copy_planes(x, images, first, channels, numbers, planes):
    """What the windows from row `first` on read of some channels of some images (from the first, and how many).

    What lies left and right of an image is zero already.
    """
    (_, height, width, step), (channel, inner) = x.shape, channels
    tall, wide, top, left = numbers[0], numbers[1], numbers[2], numbers[3]
    some, lines, line = numbers[4], numbers[6], numbers[7]
    for h in range(tall):
        for v in range(wide):
            row, column = first * tall + top + h, left + v
            (begin, end), (near, far) = _inside(row, tall, lines, height), _inside(column, wide, line, width)
            source = ((images[0] * height + row + begin * tall) * width + column + near * wide) * step + channel
            for c in range(inner):
                for n in range(images[1]):
                    place = (((h * wide + v) * inner + c) * some + n) * lines * line
                    clear(planes, place, begin * line)
                    pixels, rows = beyond(flat(x), source + n * height * width * step + c), end - begin
                    steps = tall * width * step, wide * step
                    _copy_plane(pixels, steps, rows, far - near, planes, place + begin * line + near, line)
                    clear(planes, place + end * line, (lines - end) * line)


@compiled
def _inside(start, step, count, size):
    """From which on, and up to which, `count` numbers, `step` apart, are within 0 … size − 1."""
    begin = min(count, max(0, -(start // step)))
    return begin, max(begin, min(count, (size - 1 - start) // step + 1))


@compiled
def _copy_plane(x, steps, rows, columns, planes, place, line):
    for p in range(rows):
        for q in range(columns):
            put(planes, place + p * line + q, get(x, p * steps[0] + q * steps[1]))


@compiled
def _multiply(planes, offsets, weights, filters, count, results, codes):
    """`count` windows, and some more: all filters of each side by side."""
    tiles, picks, depth = on_stack(np.float32, _TILES), on_stack(np.int32, _TILE), len(offsets) // _POOL**2
    (panels, bias), rows = weights, spaced(0, LANES)
    for t in range(0, count, LANES):
        for pixel in range(_POOL**2):
            _multiply_tile(beyond(planes, t), beyond(offsets, pixel * depth), depth, panels, bias, tiles, pixel * _TILE)
        _pool(tiles, filters, picks)
        transpose_tile(tiles, rows, results, t * filters, filters)
        transpose_tile(as_floats(picks), rows, as_floats(codes), t * filters, filters)


@inlined
def _multiply_tile(x, offsets, depth, panels, bias, out, place):
    """out[k, lane] = bias[k] + Σ_d panels[d, k] · x[offsets[d] + lane], a row for each filter."""
    filters = spaced(0, 1)
    sums = fma_tile(bias, filters, 0, filled(np.float32(1)), zero_tile())
    for d in range(depth):
        sums = fma_tile(panels, filters, d * LANES, load(x, get(offsets, d)), sums)
    store_tile(out, spaced(place, LANES), sums)


@compiled
def _pool(tiles, filters, picks):
    """The first tile = the largest of four tiles, or 0, and which it is."""
    for i in range(0, filters * LANES, LANES):
        best, pixel = largest_of_four(tiles, (i, i + _TILE, i + 2 * _TILE, i + 3 * _TILE))
        store(tiles, i, maximum(zeros(), best))
        store(picks, i, pixel)


@compiled
def _finish(results, codes, at, across, filters, out, code, place, step):
    """A row of windows of a group, on its way to memory."""
    if filters == step:  # a row is one long pixel
        across, filters = 1, across * filters
    for q in range(across):
        copy(results, at + q * filters, out, place + q * step, filters)
        _copy_codes(codes, at + q * filters, code, place + q * step, filters)


@compiled
def _copy_codes(codes, at, code, place, count):
    whole = count // LANES * LANES
    for i in range(0, whole, LANES):
        store(code, place + i, load(codes, at + i))
    for i in range(whole, count):
        put(code, place + i, np.uint8(get(codes, at + i)))
