"""Pooled weight gradients of long windows: for each filter a list of the gradients that are not zero.

An entry is a gradient and where the window begins that its code names. One part of a window after the other, as many
vectors as a tile has rows, is summed over the list.
"""

import functools
from typing import NamedTuple

import numpy as np

from .compile import compiled, inlined
from .matmul import clear, copy
from .memory import empty
from .parallel import parallel, unpack, workers_for
from .pooled_blocks import Blocks, bounds, copy_block, find_pixels
from .scratch import scratch
from .simd import (
    LANES,
    TILE_ROWS,
    add,
    as_floats,
    as_integers,
    beyond,
    broadcast,
    flat,
    fma_vectors,
    get,
    listed,
    load,
    load_tile,
    on_stack,
    put,
    spaced,
    store,
    store_tile,
    total,
    transpose,
    zeros,
)
from .weight_grad import any_nan, pieces_of, splits_of
from .windows import Reach

_FILTERS = 128  # that have lists at once


def weight_grad(
    x: np.ndarray, dy: np.ndarray, code: np.ndarray, blocks: Blocks, reach: Reach, dw: np.ndarray
) -> np.ndarray:
    """Write dw; return NaN among other numbers if x is not finite, and then dw is not written."""
    filters, room = dy.shape[3], _FILTERS * (2 * (blocks.pixels + 1) + 1) + 2 * blocks.pixels
    cover = _cover(reach, x.shape[3], int(blocks.numbers[8]))
    size = len(cover.places) * LANES
    pieces, workers = pieces_of(blocks.blocks, filters * size), workers_for(dy.size * len(cover.places))
    splits, adders = splits_of(-(-filters // LANES), pieces, workers), workers_for(pieces * filters * size)
    sums, faults = empty((pieces, filters, size)), empty((pieces * splits,))
    memory = scratch("pooled lists", max(workers, adders), max(blocks.read + room, 2 * LANES**2))
    tables = blocks.numbers, blocks.blocks, blocks.pixels, blocks.read
    _multiply(workers, x, dy, code, sums, faults, cover.places, *tables, splits, memory)
    _total(adders, sums, cover.firsts, cover.counts, faults, dw, memory)
    return faults


class _Cover(NamedTuple):
    """The vectors that cover a window, filled up to whole tiles."""

    places: np.ndarray
    firsts: np.ndarray  # which number of the window is the first of each
    counts: np.ndarray  # how many of its numbers are of the window


@functools.lru_cache(maxsize=64)
def _cover(reach: Reach, channels: int, line: int) -> _Cover:
    """A row of the window as a whole, if it takes no more than a tile, otherwise some channels of all its taps."""
    taps, first_row, first_column = len(reach.columns), reach.rows[0], reach.columns[0]
    together = reach.columns[-1] - first_column == taps - 1 and taps * channels <= TILE_ROWS * LANES
    run, pixels = (taps * channels, 1) if together else (channels, taps)
    step = -(-run // LANES) * LANES if together else max(1, TILE_ROWS // taps) * LANES
    vectors = []
    for r, h in enumerate(reach.rows):
        for block in range(0, run, step):
            for s in range(pixels):
                place = (h - first_row) * line + (reach.columns[s] - first_column) * channels
                for c in range(block, min(block + step, run), LANES):
                    vectors.append((place + c, (r * taps + s) * channels + c, min(LANES, run - c)))
    vectors += [(vectors[-1][0], 0, 0)] * (-len(vectors) % TILE_ROWS)
    return _Cover(*np.array(vectors, np.intp).T.copy())


@parallel(
    "f4[:, :, :, ::1], f4[:, :, :, ::1], u1[:, :, :, ::1], f4[:, :, ::1], f4[::1], "
    "intp[::1], intp[::1], intp, intp, intp, intp, f4[:, ::1]"
)
def _multiply(worker, workers, arguments):
    """sums[i, k] = the vectors of dw for filter k over piece i of the blocks."""
    x, dy, code, sums, faults, cover, numbers, blocks, pixels, read, splits, memory = unpack(arguments)
    filters, size, copied = dy.shape[3], sums.shape[2], memory[worker][:read]
    starts, spots, lists = _divide(memory[worker][read:], pixels)
    tasks = len(sums) * splits
    for task in range(tasks * worker // workers, tasks * (worker + 1) // workers):
        piece, split = task // splits, task % splits
        begin, end, fault = filters * split // splits, filters * (split + 1) // splits, zeros()
        clear(flat(sums[piece]), begin * size, (end - begin) * size)
        for block in range(blocks * piece // len(sums), blocks * (piece + 1) // len(sums)):
            place = bounds(block, dy.shape, numbers)
            fault = copy_block(x, place, numbers, copied, fault)
            count = find_pixels(place, dy.shape, numbers, starts, spots)
            for first in range(begin, end, _FILTERS):
                some = min(_FILTERS, end - first)
                _list(dy, code, first, some, starts, spots, count, numbers[9], numbers[10], lists)
                _add(copied, cover, lists, some, beyond(flat(sums[piece]), first * size))
        faults[task] = total(fault)


@compiled
def _divide(memory, pixels):
    """Integers for the pixels of a block, and the lists: gradients, places and counts."""
    room, integers = _FILTERS * (pixels + 1), as_integers(memory)
    starts, spots, counts = integers[:pixels], integers[pixels : 2 * pixels], integers[2 * pixels :][:_FILTERS]
    lists = integers[2 * pixels + _FILTERS :]
    return starts, spots, (lists[:room], lists[room : 2 * room], counts)


@compiled
def _list(dy, code, first, filters, starts, spots, count, below, right, lists):
    """Make the lists of some filters: of four at once, so that their counts stay in registers."""
    gradients, places, counts = lists
    numbers, codes, step, room = as_integers(dy), flat(code), dy.shape[3], len(starts) + 1
    steps = on_stack(np.int32, 4)
    for j in range(4):
        put(steps, j, np.int32(j // 2 * below + j % 2 * right))
    whole = filters // 4 * 4
    for k in range(0, whole, 4):
        a, b, c, d = k * room, (k + 1) * room, (k + 2) * room, (k + 3) * room
        for i in range(count):
            start, at = get(starts, i), get(spots, i) * step + first + k
            a = _note(numbers, codes, at, start, steps, gradients, places, a)
            b = _note(numbers, codes, at + 1, start, steps, gradients, places, b)
            c = _note(numbers, codes, at + 2, start, steps, gradients, places, c)
            d = _note(numbers, codes, at + 3, start, steps, gradients, places, d)
        put(counts, k, np.int32(a - k * room))
        put(counts, k + 1, np.int32(b - (k + 1) * room))
        put(counts, k + 2, np.int32(c - (k + 2) * room))
        put(counts, k + 3, np.int32(d - (k + 3) * room))
    for k in range(whole, filters):
        a = k * room
        for i in range(count):
            at = get(spots, i) * step + first + k
            a = _note(numbers, codes, at, get(starts, i), steps, gradients, places, a)
        put(counts, k, np.int32(a - k * room))


@inlined
def _note(numbers, codes, at, start, steps, gradients, places, entry):
    """Write an entry, and go on to the next one unless the gradient, taken as bits, is zero or minus zero."""
    bits = get(numbers, at)
    put(gradients, entry, bits)
    put(places, entry, start + get(steps, np.intp(get(codes, at))))
    return entry + np.intp(bits & 0x7FFFFFFF != 0)


@compiled
def _add(x, cover, lists, filters, sums):
    """sums[k] += Σ x[place + cover …] · gradient over the list of filter k."""
    bits, places, counts = lists
    gradients, room = as_floats(bits), len(bits) // _FILTERS
    for t in range(0, len(cover), TILE_ROWS):
        rows = listed(cover, t)
        for k in range(filters):
            spots = spaced((k * len(cover) + t) * LANES, LANES)
            tile = load_tile(sums, spots)
            for entry in range(k * room, k * room + get(counts, k)):
                tile = fma_vectors(x, rows, np.intp(get(places, entry)), broadcast(gradients, entry), tile)
            store_tile(sums, spots, tile)


@parallel("f4[:, :, ::1], intp[::1], intp[::1], f4[::1], f4[:, ::1], f4[:, ::1]")
def _total(worker, workers, arguments):
    """dw[firsts[v] + i, k] = Σ sums[piece, k, v, i], unless x is at fault."""
    sums, firsts, counts, faults, dw, memory = unpack(arguments)
    if any_nan(faults):
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
