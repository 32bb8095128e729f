"""The weight gradient of a convolution in front of a 2×2 max-pooling, of whose outputs one in four has a gradient.

    dw[d, k] = Σ_i x[starts[i] + steps[code[i, k]] + offsets[d]] · dy[i, k]    over the pooled pixels i

`steps` lead from the window of the first of four outputs to the one that the code names. For each filter a list is made
of its windows' places and gradients, without those that are zero (a ReLU's, where it was not active). Then one part of
a window after the other, as many vectors as a tile has rows, is summed over the list. A block of pooled pixels is so
small that what it reads of x, in a copy with zeros around, and its lists lie in the L2 cache.
The zeros that are left out would make NaN of an infinity in x: whoever copies x looks for what is not finite. If there
is any, all is done again as weight_grad.py does it, zeros included; so are windows of a few numbers.
"""

import functools
import math
from typing import NamedTuple

import numpy as np

from ..geometry import Pair
from . import weight_grad
from .compile import compiled, inlined
from .direct import pad
from .matmul import clear, copy
from .memory import empty
from .parallel import parallel, unpack, workers_for
from .scratch import scratch
from .simd import (
    LANES,
    TILE_ROWS,
    add,
    beyond,
    broadcast,
    flat,
    fma,
    fma_vectors,
    get,
    listed,
    load,
    load_tile,
    put,
    spaced,
    store,
    store_tile,
    total,
    transpose,
    zeros,
)
from .windows import Reach

_PIXELS = 64  # of a block
_BLOCK = 1 << 15  # numbers that a block reads
_FILTERS = 128  # that have lists at once
_SHORT = 96  # numbers of a window for which lists do not pay
_FAULT = np.full(1, np.nan, np.float32)


def weight_grad_of_pool(
    x: np.ndarray, dy: np.ndarray, code: np.ndarray, output_size: Pair, reach: Reach, groups: int
) -> np.ndarray:
    """dw as a matrix: the numbers of a window by the filters."""
    filters, faults = dy.shape[3], _FAULT
    whole = weight_grad.cut_up(x.shape, (len(dy), *output_size, filters), reach, groups)
    dw = empty((whole.depth, filters))
    if groups == 1 and whole.depth > _SHORT:
        cut = _cut_up(x.shape, dy.shape, output_size, reach)
        workers = workers_for(dy.size * len(cut.windows))
        splits = min(-(-filters // LANES), -(-weight_grad.TURNS * workers // cut.pieces))
        sums, faults = empty((cut.pieces, filters, len(cut.windows) * LANES)), empty((cut.pieces * splits,))
        adders = workers_for(sums.size)
        memory = scratch("pooled weight gradient", max(workers, adders), cut.scratch)
        _multiply(workers, x, dy, code, sums, faults, cut.windows, cut.numbers, splits, memory)
        _total(adders, sums, cut.firsts, cut.counts, faults, dw, memory)
    _spread(x, dy, code, output_size, faults, whole, dw)
    return dw


class _Cut(NamedTuple):
    """How the work is cut up; what the sums are does not depend on the number of threads."""

    windows: np.ndarray  # where in a window each vector begins, filled up to whole tiles
    firsts: np.ndarray  # which number of the window is its first
    counts: np.ndarray  # how many of its numbers are of the window
    numbers: np.ndarray  # what _multiply asks for
    pieces: int
    scratch: int  # numbers for each worker


@functools.lru_cache(maxsize=64)
def _cut_up(shape: tuple[int, ...], dy_shape: tuple[int, ...], output_size: Pair, reach: Reach) -> _Cut:
    images, _, _, channels = shape
    _, down, across, filters = dy_shape
    covered = max(reach.rows) - min(reach.rows) + 1, max(reach.columns) - min(reach.columns) + 1

    def reads(pixels: int, axis: int) -> int:
        """Rows or columns of x that so many pooled pixels read, and the output that the pooling leaves over."""
        outputs = 2 * pixels + output_size[axis] % 2
        return (outputs - 1) * reach.strides[axis] + covered[axis]

    rows, columns = _evenly(down, math.isqrt(_PIXELS)), _evenly(across, math.isqrt(_PIXELS))
    while rows > 1 and reads(rows, 0) * reads(columns, 1) * channels > _BLOCK:
        rows = _evenly(down, rows - 1)
    span, line = reads(rows, 0), reads(columns, 1)
    several = rows == down and columns == across
    some = max(1, min(images, _PIXELS // (down * across), _BLOCK // (span * line * channels))) if several else 1
    windows, firsts, counts = _vectors(reach, channels, line * channels)
    blocks = -(-images // some) * -(-down // rows) * -(-across // columns)
    pieces = weight_grad.pieces_of(blocks, filters * len(windows) * LANES)
    numbers = min(reach.rows), min(reach.columns), *reach.strides, some, rows, columns, span, line
    pixels = some * rows * columns
    size = some * span * line * channels + LANES + _FILTERS * (2 * (pixels + 1) + 1) + 2 * pixels
    return _Cut(windows, firsts, counts, np.array(numbers, np.intp), pieces, max(size, 2 * LANES**2))


def _evenly(many: int, most: int) -> int:
    """The largest of as few parts as can be, each of at most so many.

    >>> _evenly(61, 8), _evenly(9, 8)
    (8, 5)
    """
    return -(-many // -(-many // most))


def _vectors(reach: Reach, channels: int, line: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The vectors that cover a window: where they begin, and their first and how many numbers of it.

    A row of the window is covered as a whole if it takes no more than a tile, otherwise some channels of all its taps.
    """
    taps = len(reach.columns)
    together = reach.columns[-1] - reach.columns[0] == taps - 1 and taps * channels <= TILE_ROWS * LANES
    run, pixels = (taps * channels, 1) if together else (channels, taps)
    step = -(-run // LANES) * LANES if together else max(1, TILE_ROWS // taps) * LANES
    vectors = []
    for r, h in enumerate(reach.rows):
        for block in range(0, run, step):
            for s in range(pixels):
                place, first = (
                    (h - reach.rows[0]) * line + (reach.columns[s] - reach.columns[0]) * channels,
                    r * taps + s,
                )
                for c in range(block, min(block + step, run), LANES):
                    vectors.append((place + c, first * channels + c, min(LANES, run - c)))
    vectors += [(vectors[-1][0], 0, 0)] * (-len(vectors) % TILE_ROWS)
    windows, firsts, counts = np.array(vectors, np.intp).T.copy()
    return windows, firsts, counts


@parallel(
    "f4[:, :, :, ::1], f4[:, :, :, ::1], u1[:, :, :, ::1], f4[:, :, ::1], f4[::1], "
    "intp[::1], intp[::1], intp, f4[:, ::1]"
)
def _multiply(worker, workers, arguments):
    """sums[i, k] = the vectors of dw for filter k over piece i of the blocks; faults: NaN where x is not finite."""
    x, dy, code, sums, faults, windows, numbers, splits, memory = unpack(arguments)
    (images, _, _, channels), (_, down, across, filters), size = x.shape, dy.shape, sums.shape[2]
    some, rows, columns, span, line = numbers[4], numbers[5], numbers[6], numbers[7], numbers[8]
    blocks = (images + some - 1) // some * ((down + rows - 1) // rows) * ((across + columns - 1) // columns)
    copied, starts, pixels, lists = _divide(memory[worker], some * span * line * channels, some * rows * columns)
    right, below = numbers[3] * channels, numbers[2] * line * channels
    tasks = len(sums) * splits
    for task in range(tasks * worker // workers, tasks * (worker + 1) // workers):
        piece, split = task // splits, task % splits
        begin, end, fault = filters * split // splits, filters * (split + 1) // splits, zeros()
        clear(flat(sums[piece]), begin * size, (end - begin) * size)
        for block in range(blocks * piece // len(sums), blocks * (piece + 1) // len(sums)):
            bounds = _bounds(block, images, down, across, numbers)
            fault = _copy(x, bounds, numbers, copied, fault)
            count = _find_pixels(bounds, down, across, below, right, span * line * channels, starts, pixels)
            for k in range(begin, end, _FILTERS):
                some_filters = min(_FILTERS, end - k)
                _list(dy, code, k, some_filters, starts, pixels, count, below, right, lists)
                _add(copied, windows, lists, some_filters, beyond(flat(sums[piece]), k * size))
        faults[task] = total(fault)


@compiled
def _divide(memory, read, pixels):
    """(copied, starts, pixels, (factors, places, counts)): what a worker needs for a block."""
    lists, room = _FILTERS * (pixels + 1), read + LANES
    integers = memory[room + lists :].view(np.int32)
    starts, pixels, counts, places = (
        integers[:pixels],
        integers[pixels : 2 * pixels],
        integers[2 * pixels : 2 * pixels + _FILTERS],
        integers[2 * pixels + _FILTERS :],
    )
    return memory[:room], starts, pixels, (memory[room : room + lists].view(np.int32), places, counts)


@compiled
def _bounds(block, images, down, across, numbers):
    """The first and last (image, row, column) of a block of pooled pixels."""
    some, rows, columns = numbers[4], numbers[5], numbers[6]
    row_blocks, column_blocks = (down + rows - 1) // rows, (across + columns - 1) // columns
    image, row = block // (row_blocks * column_blocks) * some, block // column_blocks % row_blocks * rows
    column = block % column_blocks * columns
    return image, row, column, min(image + some, images), min(row + rows, down), min(column + columns, across)


@compiled
def _copy(x, bounds, numbers, copied, fault):
    """Copy what a block reads; add 0 · x to what may be at fault, which is NaN for an infinity."""
    top, left, stride_h, stride_w, span, line = numbers[0], numbers[1], numbers[2], numbers[3], numbers[7], numbers[8]
    (image, row, column, last, _, _), channels = bounds, x.shape[3]
    pad(x, image, last, 2 * row * stride_h + top, span, 0, channels, 2 * column * stride_w + left, line, copied)
    count = (last - image) * span * line * channels
    clear(copied, count, LANES)
    for i in range(0, count, LANES):
        fault = fma(load(copied, i), zeros(), fault)
    return fault


@compiled
def _find_pixels(bounds, down, across, below, right, image_step, starts, pixels):
    """How many pooled pixels a block has; where in its copy the windows of each begin, and which of dy's each is."""
    image, row, column, last_image, last_row, last_column = bounds
    count = 0
    for n in range(image, last_image):
        for i in range(row, last_row):
            for j in range(column, last_column):
                put(
                    starts, count, np.int32((n - image) * image_step + 2 * (i - row) * below + 2 * (j - column) * right)
                )
                put(pixels, count, np.int32((n * down + i) * across + j))
                count += 1
    return count


@compiled
def _list(dy, code, first, filters, starts, pixels, count, below, right, lists):
    """The places and gradients of some filters, but for those that are zero: four at once, so that counts stay in
    registers.
    """
    factors, places, counts = lists
    gradients, codes, step, room = flat(dy).view(np.int32), flat(code), dy.shape[3], len(starts) + 1
    steps = np.array([0, right, below, below + right], np.int32)
    whole = filters // 4 * 4
    for k in range(0, whole, 4):
        a, b, c, d = k * room, (k + 1) * room, (k + 2) * room, (k + 3) * room
        for i in range(count):
            start, at = get(starts, i), get(pixels, i) * step + first + k
            a = _note(gradients, codes, at, start, steps, factors, places, a)
            b = _note(gradients, codes, at + 1, start, steps, factors, places, b)
            c = _note(gradients, codes, at + 2, start, steps, factors, places, c)
            d = _note(gradients, codes, at + 3, start, steps, factors, places, d)
        put(counts, k, np.int32(a - k * room))
        put(counts, k + 1, np.int32(b - (k + 1) * room))
        put(counts, k + 2, np.int32(c - (k + 2) * room))
        put(counts, k + 3, np.int32(d - (k + 3) * room))
    for k in range(whole, filters):
        a = k * room
        for i in range(count):
            at = get(pixels, i) * step + first + k
            a = _note(gradients, codes, at, get(starts, i), steps, factors, places, a)
        put(counts, k, np.int32(a - k * room))


@inlined
def _note(gradients, codes, at, start, steps, factors, places, spot):
    """Write an entry, and go on to the next spot unless the gradient, taken as bits, is zero or minus zero."""
    bits = get(gradients, at)
    put(factors, spot, bits)
    put(places, spot, start + get(steps, np.intp(get(codes, at))))
    return spot + np.intp(bits & 0x7FFFFFFF != 0)


@compiled
def _add(x, windows, lists, filters, sums):
    """sums[k] += Σ x[place + windows …] · factor over the list of filter k."""
    bits, places, counts = lists
    factors, room = bits.view(np.float32), len(bits) // _FILTERS
    for t in range(0, len(windows), TILE_ROWS):
        rows = listed(windows, t)
        for k in range(filters):
            spots = spaced((k * len(windows) + t) * LANES, LANES)
            tile = load_tile(sums, spots)
            for i in range(k * room, k * room + get(counts, k)):
                tile = fma_vectors(x, rows, np.intp(get(places, i)), broadcast(factors, i), tile)
            store_tile(sums, spots, tile)


@parallel("f4[:, :, ::1], intp[::1], intp[::1], f4[::1], f4[:, ::1], f4[:, ::1]")
def _total(worker, workers, arguments):
    """dw[firsts[v] + i, k] = Σ sums[piece, k, v, i], unless x is at fault."""
    sums, firsts, counts, faults, dw, memory = unpack(arguments)
    if np.isnan(faults.sum()):
        return
    (pieces, filters, size), numbers, results = sums.shape, flat(sums), flat(dw)
    square, transposed = memory[worker][: LANES * LANES], memory[worker][LANES * LANES :]
    panels = (filters + LANES - 1) // LANES
    for task in range(worker, len(firsts) * panels, workers):
        v, first = task // panels, task % panels * LANES
        wide = min(LANES, filters - first)
        for k in range(wide):
            at = (first + k) * size + v * LANES
            vector = load(numbers, at)
            for piece in range(1, pieces):
                vector = add(vector, load(numbers, at + piece * filters * size))
            store(square, k * LANES, vector)
        transpose(square, 0, LANES, transposed, 0)
        for i in range(counts[v]):
            copy(transposed, i * LANES, results, (firsts[v] + i) * filters + first, wide)


def _spread(x, dy, code, output_size, faults, cut, dw):
    """dw, if x is at fault, with all the zeros that the pooling makes of dy."""
    workers = workers_for(4 * dy.size * len(cut.offsets) // LANES)
    sums, splits, memory = empty(cut.sums), cut.splits(workers), scratch("weight gradient", workers, cut.scratch)
    _multiply_all(workers, x, dy, code, *output_size, faults, sums, *cut.tables, cut.groups, splits, memory)
    _total_all(workers_for(sums.size), sums, cut.groups, faults, dw)


@parallel(
    "f4[:, :, :, ::1], f4[:, :, :, ::1], u1[:, :, :, ::1], intp, intp, f4[::1], f4[:, :, ::1], "
    "intp[::1], intp[::1], intp[::1], intp, intp, f4[:, ::1]"
)
def _multiply_all(worker, workers, arguments):
    x, dy, code, down, across, faults, sums, offsets, starts, numbers, groups, splits, memory = unpack(arguments)
    if np.isnan(faults.sum()):
        shape, cut = (len(dy), down, across, dy.shape[3]), (offsets, starts, numbers, groups, splits)
        weight_grad.multiply_pieces(worker, workers, x, dy, code, shape, sums, cut, memory[worker])


@parallel("f4[:, :, ::1], intp, f4[::1], f4[:, ::1]")
def _total_all(worker, workers, arguments):
    sums, groups, faults, dw = unpack(arguments)
    if np.isnan(faults.sum()):
        weight_grad.total(worker, workers, sums, groups, dw)
