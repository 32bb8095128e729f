"""The input gradient of a convolution with a 2×2 max-pooling behind it, without the zeros that it leaves.

Of each window of four outputs only one has a gradient: the one (i, j) that the code names.

    dx[n, (2p + i)·σ + r·δ − π₀, (2q + j)·σ + s·δ − π₀, c] += dy[n, p, q, k] · w[r, s, c, k]

For each of the four outputs the filters whose gradient is there are marked, without those whose gradient is zero (a
ReLU's, where it was not active). All that the output reads of dx, its window, is summed over the marked filters in
registers, a tile at a time: vectors of numbers that follow one another in dx, with zeros in the weights where a vector
reaches farther than a row of taps. Windows are added to a few rows of dx in scratch, with a border for what falls
outside; rows that no other window reaches are written, and the others move up. The order in which a number is summed
depends on the shape alone.
"""

import functools
from typing import NamedTuple

import numpy as np

from ..geometry import NO_PADS, Pads, Pair
from .compile import compiled, inlined
from .epilogue import relu_grad
from .matmul import clear, copy
from .memory import empty
from .parallel import parallel, unpack, workers_for
from .scratch import scratch
from .simd import (
    LANES,
    TILE_ROWS,
    as_words,
    beyond,
    bits_of,
    both,
    broadcast,
    equal,
    filled,
    flat,
    fma_vectors,
    get,
    listed,
    load,
    load_tile,
    lowest_bit,
    negated,
    put,
    spaced,
    store_tile,
    zeros,
)

_NO_NUMBERS = np.empty(0, np.float32)
_OUTPUTS = 4  # of a window of the pooling
_TILE = TILE_ROWS * LANES
_FILTERS = min(64, (3 << 11) // _TILE)  # as many as bits, whose weights for a tile take most of the L1 cache


def input_grad_of_pool(
    dy: np.ndarray,
    code: np.ndarray,
    w: np.ndarray,
    input_size: Pair,
    strides: Pair = (1, 1),
    pads: Pads = NO_PADS,
    dilation: Pair = (1, 1),
    groups: int = 1,
    mask: np.ndarray = _NO_NUMBERS,
) -> np.ndarray:
    """dx for finite weights; with a mask, an array as dx, numbers pass only where it is positive."""
    dx = empty((len(dy), *input_size, w.shape[2] * groups))
    workers = workers_for(dy.size * w[..., 0].size // LANES)
    tables = _plan(dy.shape, w.shape, dx.shape, strides, pads, dilation, groups, workers)
    weights = scratch("weights", 1, w.shape[3] * tables.entries.size)
    _pack(workers_for(weights.size), w, tables.entries, groups, weights)
    memory = scratch("padded images", workers, tables.size)
    marks = scratch("marks", workers, 2 * _OUTPUTS * dy.shape[2])
    _add_windows(workers, dy, code, w, weights, dx, mask, tables.places, tables.numbers, groups, memory, marks)
    return dx


class _Plan(NamedTuple):
    """How windows are cut up, and dx."""

    entries: np.ndarray  # (tiles, numbers of a tile): which number of w[..., k] each is, −1 where there is none
    places: np.ndarray  # of the vectors of a window, counted from its first number
    numbers: np.ndarray  # what _add_windows asks for, in its order
    size: int  # numbers of the rows in scratch


@functools.lru_cache(maxsize=64)
def _plan(
    dy_shape: tuple[int, ...],
    w_shape: tuple[int, ...],
    dx_shape: tuple[int, ...],
    strides: Pair,
    pads: Pads,
    dilation: Pair,
    groups: int,
    workers: int,
) -> _Plan:
    (images, height, width, _), (taps_down, taps_across, channels, _) = dx_shape, w_shape
    reach = [(size - 1) * step for size, step in zip(w_shape, dilation)]
    line = max(width + pads[1][0], (2 * dy_shape[2] - 1) * strides[1] + reach[1] + 1)
    runs, run = (1, taps_across * channels) if dilation[1] == 1 else (taps_across, channels)
    vectors = -(-run // LANES)
    entries = np.full((taps_down, runs, vectors * LANES), -1)
    entries[..., :run] = np.arange(taps_down * runs * run).reshape(taps_down, runs, run)
    places = [
        (r * dilation[0] * line + s * dilation[1]) * channels + vector * LANES
        for r in range(taps_down)
        for s in range(runs)
        for vector in range(vectors)
    ]
    spare = -len(places) % TILE_ROWS  # in front, so that what they store again is older than what others store
    tall = strides[0] + max(strides[0], reach[0] + 1)  # rows that two rows of outputs reach
    strips = min(height, max(1, -(-workers // (images * groups))))
    step, wide = strides[1] * channels, places[vectors * runs - 1] + LANES  # from window to window, and their rows
    apart = 0 if step % LANES == 0 else -(-wide // (2 * step))
    return _Plan(
        np.concatenate([np.full(spare * LANES, -1), entries.ravel()]).reshape(-1, _TILE).astype(np.intp),
        np.array([0] * spare + places, np.intp),
        np.array([line, tall, *strides, pads[0][0], pads[1][0], reach[0], strips, *dilation, apart], np.intp),
        tall * line * channels + LANES,
    )


@parallel("f4[:, :, :, ::1], intp[:, ::1], intp, f4[::1]")
def _pack(worker, workers, arguments):
    """packed[group, tile, k, i] = w[entries[tile, i], group, k], or 0."""
    w, entries, groups, packed = unpack(arguments)
    numbers, table, filters = flat(w), flat(entries), w.shape[3] // groups
    tiles = len(entries)
    for task in range(groups * tiles * worker // workers, groups * tiles * (worker + 1) // workers):
        group, first = task // tiles, task % tiles * _TILE
        for k in range(filters):
            for i in range(_TILE):
                entry = get(table, first + i)
                number = get(numbers, max(entry, 0) * w.shape[3] + group * filters + k)
                put(packed, (task * filters + k) * _TILE + i, number if entry >= 0 else np.float32(0))


@parallel(
    "f4[:, :, :, ::1], u1[:, :, :, ::1], f4[:, :, :, ::1], f4[::1], f4[:, :, :, ::1], f4[::1], intp[::1], intp[::1],"
    "intp, f4[:, ::1], f4[:, ::1]"
)
def _add_windows(worker, workers, arguments):
    """Some strips of dx, each of one image and group."""
    dy, code, w, weights, dx, mask, places, numbers, groups, memory, marks = unpack(arguments)
    line, tall, stride, top, left, reach = numbers[0], numbers[1], numbers[2], numbers[4], numbers[5], numbers[6]
    (images, height, width, channels), (_, down, across, filters), strips = dx.shape, dy.shape, numbers[7]
    row = line * w.shape[2]
    steps = stride * row, numbers[3] * w.shape[2]  # from an output's window to the next
    tasks = images * strips * groups
    for task in range(tasks * worker // workers, tasks * (worker + 1) // workers):
        n, strip, group = task // (strips * groups), task // groups % strips, task % groups
        first, last = height * strip // strips, height * (strip + 1) // strips
        clear(memory[worker], 0, tall * row)
        # windows of pooled row p begin in row 2·p·σ − π₀ and end in row (2·p + 1)·σ − π₀ + reach
        p = max(0, (first + top - reach + stride - 1) // (2 * stride))
        while 2 * p * stride - top < last:
            if p < down:
                at = (n * down + p) * across * filters + group * (filters // groups)
                gradients = beyond(flat(dy), at), beyond(flat(code), at), filters, filters // groups
                windows = memory[worker], steps, across
                if _finite(dy[n, p]):
                    _add_tiles(gradients, weights, group, windows, places, numbers[10], as_words(marks[worker]))
                else:
                    _add_numbers(gradients, w, group, windows, numbers)
            begin = max(first, 2 * p * stride - top)
            end = min(last, 2 * (p + 1) * stride - top)
            at = (begin - 2 * p * stride + top) * row + left * w.shape[2]
            place = (n * height + begin) * width * channels + group * w.shape[2]
            _finish(memory[worker], at, (row, w.shape[2]), (end - begin, width), w.shape[2], dx, place, mask, groups)
            copy(memory[worker], 2 * stride * row, memory[worker], 0, (tall - 2 * stride) * row)
            clear(memory[worker], (tall - 2 * stride) * row, 2 * stride * row)
            p += 1


@compiled
def _finite(dy):
    """Whether all gradients of a row are: 0 times others is not 0, they must not meet the zeros around the weights."""
    numbers, different = flat(dy), 0
    for i in range(len(numbers)):
        different += numbers[i] - numbers[i] != 0
    return different == 0


@compiled
def _add_tiles(gradients, weights, group, windows, places, apart, marks):
    """Add some filters' part of a tile to all windows of a row, then the next.

    A processor that loads a part of a vector which it has only just stored must wait. So where overlaps are no whole
    vectors, windows follow others that lie `apart` from them.
    """
    (dy, code, step, filters), across = gradients, windows[2]
    tiles = len(places) // TILE_ROWS
    for first in range(0, filters, _FILTERS):
        for q in range(across):
            _mark(dy, code, q * step + first, min(_FILTERS, filters - first), marks, q * _OUTPUTS)
        for tile in range(tiles):
            rows = listed(places, tile * TILE_ROWS)
            packed = beyond(weights, ((group * tiles + tile) * filters + first) * _TILE)
            if apart == 0:
                for q in range(across):
                    for output in range(_OUTPUTS):
                        _add_tile(beyond(dy, q * step + first), packed, rows, windows, q, output, marks)
            else:
                for output in range(_OUTPUTS):
                    for turn in range(apart):
                        q = turn
                        while q < across:
                            _add_tile(beyond(dy, q * step + first), packed, rows, windows, q, output, marks)
                            q += apart


@inlined
def _add_tile(dy, packed, rows, windows, q, output, marks):
    """Add to a part of a window its weights of all filters that are marked, times their gradients."""
    block, to, _ = windows
    window = beyond(block, output // 2 * to[0] + (2 * q + output % 2) * to[1])
    bits, sums = get(marks, q * _OUTPUTS + output), load_tile(window, rows)
    while bits != 0:
        k = lowest_bit(bits)
        sums = fma_vectors(packed, spaced(0, LANES), k * _TILE, broadcast(dy, k), sums)
        bits &= bits - 1
    store_tile(window, rows, sums)


@compiled
def _mark(dy, code, at, filters, marks, place):
    """Bit k of marks[place + output] is set where filter k's gradient is that output's, and not zero."""
    whole = filters // LANES * LANES
    for output in range(_OUTPUTS):
        bits = 0
        for k in range(0, whole, LANES):
            gradients, here = load(dy, at + k), equal(load(code, at + k), filled(np.int32(output)))
            bits |= bits_of(both(here, negated(equal(gradients, zeros())))) << k
        for k in range(whole, filters):
            if get(code, at + k) == output and get(dy, at + k) != 0:
                bits |= 1 << k
        put(marks, place + output, bits)


@compiled
def _add_numbers(gradients, w, group, windows, numbers):
    """Add all windows of a row number by number."""
    (dy, code, step, filters), (block, to, across), weights = gradients, windows, flat(w)
    taps_down, taps_across, channels, columns = w.shape
    for q in range(across):
        for k in range(filters):
            at = q * step + k
            i, j = divmod(np.intp(get(code, at)), 2)
            window = i * to[0] + (2 * q + j) * to[1]
            for r in range(taps_down):
                for s in range(taps_across):
                    place = window + (r * numbers[8] * numbers[0] + s * numbers[9]) * channels
                    entry = (r * taps_across + s) * channels * columns + group * filters + k
                    for c in range(channels):
                        product = get(dy, at) * get(weights, entry + c * columns)
                        put(block, place + c, get(block, place + c) + product)


@compiled
def _finish(block, at, steps, size, channels, dx, place, mask, groups):
    """Take the pixels of the image out of a block."""
    results, out_steps = flat(dx), (dx.shape[2] * dx.shape[3], dx.shape[3])
    if groups == 1:  # a row is one long pixel
        channels, size = size[1] * channels, (size[0], 1)
    if len(mask) > 0:
        relu_grad(block, at, steps, size, channels, mask, results, place, out_steps, False)
    else:
        for h in range(size[0]):
            for v in range(size[1]):
                source, target = at + h * steps[0] + v * steps[1], place + h * out_steps[0] + v * out_steps[1]
                copy(block, source, results, target, channels)
