"""Depthwise convolution, one input channel a filter: no matrix product, but vectors of filters, tap after tap.

    out[places[i] + c] = bias[c mod K] + Σ_t x[starts[i] + offsets[t] + c] · w[taps[t], c mod K]

The tables are those of direct.py, for *runs* of numbers: the K channels of a pixel, or, where neighbouring outputs read
neighbouring pixels and K would not fill vectors well, of all pixels of a row. A tile has the same vector of some runs,
so that a vector of weights is loaded once for all of them. Weights are repeated, so that they can be loaded from the
middle of a pixel.
Where a channel has several filters, its copies stand side by side, one for each.
"""

import functools

import numpy as np

from ..geometry import Pair
from .compile import compiled, inlined
from .direct import pad
from .memory import empty
from .parallel import parallel, share, unpack, workers_for
from .scratch import scratch
from .simd import (
    LANES,
    TILE_ROWS,
    beyond,
    flat,
    fma_vectors,
    get,
    listed,
    load,
    load_tile,
    put,
    spaced,
    store_tile,
)
from .windows import Reach, plan

_BLOCK = 1 << 16  # numbers that a block reads, half of the L2 cache
_NO_BIAS = np.empty(0, np.float32)


def correlate(
    x: np.ndarray, w: np.ndarray, taps: np.ndarray, bias: np.ndarray | None, out: np.ndarray, size: Pair, reach: Reach
) -> None:
    """Correlate x with some taps of w into `size` pixels of each image of `out`."""
    filters = out.shape[3]
    x, weights = repeated(x, filters), scratch("weights", 1, (len(taps) + 1) * (filters + LANES))
    _repeat_weights(1, w.reshape(-1, filters), taps, _NO_BIAS if bias is None else bias, weights)
    workers = workers_for(len(x) * size[0] * size[1] * filters * len(taps) // LANES)
    runs, numbers, run, padded = plan_runs(x.shape, size, reach, out.shape, workers)
    memory = scratch("padded images", workers, padded)
    _correlate(workers, x, weights, out, *runs, numbers, run, memory)


@functools.lru_cache(maxsize=64)
def plan_runs(
    shape: tuple[int, ...], size: Pair, reach: Reach, out_shape: tuple[int, ...], workers: int
) -> tuple[list[np.ndarray], np.ndarray, int, int]:
    """(offsets, starts and places of the runs; what _correlate asks for; numbers of a run, and of a padded copy)."""
    filters, tables = shape[3], plan(shape, size, reach, out_shape, 1, workers, _BLOCK)
    rows = -filters % LANES > filters // 4 and reach.strides[1] == reach.steps[1] == 1
    pixels = size[1] if rows else 1
    runs = tables.offsets[::filters], tables.starts[::pixels], tables.places[::pixels]
    return [np.ascontiguousarray(table) for table in runs], tables.numbers, pixels * filters, tables.padded


def repeated(images: np.ndarray, filters: int) -> np.ndarray:
    """As many copies of each channel, side by side, as it has filters.

    >>> repeated(np.array([[1, 2]], np.float32), 4)
    array([[1., 1., 2., 2.]], dtype=float32)
    """
    if images.shape[-1] == filters:
        return images
    copies = empty((*images.shape[:-1], filters))
    _repeat(workers_for(copies.size), images, copies.reshape(images.size, -1))
    return copies


def summed(copies: np.ndarray, channels: int) -> np.ndarray:
    """The sums of the copies of each channel.

    >>> summed(np.array([[1, 2, 3, 4]], np.float32), 2)
    array([[3., 7.]], dtype=float32)
    """
    if copies.shape[-1] == channels:
        return copies
    sums = empty((*copies.shape[:-1], channels))
    _sum(workers_for(copies.size), copies.reshape(sums.size, -1), sums)
    return sums


@parallel("f4[:, ::1], intp[::1], f4[::1], f4[::1]")
def _repeat_weights(worker, workers, arguments):
    """repeated[t, c] = w[taps[t], c mod K] for the LANES numbers after the last channel too; behind them the bias."""
    w, taps, bias, repeated = unpack(arguments)
    weights, filters = flat(w), w.shape[1]
    step = filters + LANES
    for c in range(step):
        for t in range(len(taps)):
            put(repeated, t * step + c, get(weights, get(taps, t) * filters + c % filters))
        put(repeated, len(taps) * step + c, get(bias, c % filters) if len(bias) > 0 else np.float32(0))


@parallel("f4[:, :, :, ::1], f4[::1], f4[:, :, :, ::1], intp[::1], intp[::1], intp[::1], intp[::1], intp, f4[:, ::1]")
def _correlate(worker, workers, arguments):
    """Some blocks of outputs, or of some vectors of their runs."""
    x, weights, out, offsets, starts, places, numbers, run, memory = unpack(arguments)
    origin, out_image, out_row, down, across = numbers[0], numbers[1], numbers[2], numbers[3], numbers[4]
    stride, top, left, covered, line, padded = numbers[5], numbers[6], numbers[7], numbers[8], numbers[9], numbers[10]
    some, rows, splits = numbers[11], numbers[12], numbers[13]
    images, height, _, channels = x.shape
    row_blocks, vectors = (down + rows - 1) // rows, (run + LANES - 1) // LANES
    tasks = (images + some - 1) // some * row_blocks * splits
    for task in range(tasks * worker // workers, tasks * (worker + 1) // workers):
        block, split = task // splits, task % splits
        image, row = block // row_blocks * some, block % row_blocks * rows
        deep, high, first = min(some, images - image), min(rows, down - row), row * stride + top
        if padded:
            source = memory[worker]
            pad(x, image, image + deep, first, (high - 1) * stride + covered, 0, channels, left, line, source)
        else:
            source = beyond(flat(x), ((image * height + first) * line + left) * channels)
        target = beyond(flat(out), origin + image * out_image + row * out_row)
        count, share_of_run = (
            deep * high * across * channels // run,
            (vectors * split // splits, vectors * (split + 1) // splits),
        )
        if run < LANES:
            _sum_numbers(source, offsets, starts, weights, channels, run, target, places, count)
        elif count < TILE_ROWS:
            few_starts, few_places = _filled_up(starts, count), _filled_up(places, count)
            _sum_vectors(
                source, offsets, few_starts, weights, channels, run, share_of_run, target, few_places, TILE_ROWS
            )
        else:
            _sum_vectors(source, offsets, starts, weights, channels, run, share_of_run, target, places, count)


@compiled
def _filled_up(table, count):
    """The first numbers of a table, and the last of them again until they are enough for a tile."""
    full = np.empty(TILE_ROWS, np.intp)
    for i in range(TILE_ROWS):
        full[i] = table[min(i, count - 1)]
    return full


@compiled
def _sum_vectors(x, offsets, starts, weights, channels, run, vectors, out, places, count):
    """Some vectors of some runs; the last vector of a run, and the last tile, overlap those before."""
    for first in range(0, count, TILE_ROWS):
        i = min(first, count - TILE_ROWS)
        for vector in range(vectors[0], vectors[1]):
            c = min(vector * LANES, run - LANES)
            _sum_tile(x, offsets, starts, i, weights, channels, c, out, places)


@inlined
def _sum_tile(x, offsets, starts, i, weights, channels, c, out, places):
    """The numbers from c on of TILE_ROWS runs."""
    step, at, rows = channels + LANES, c % channels, listed(starts, i)
    sums = load_tile(weights, spaced(len(offsets) * step + at, 0))
    for t in range(len(offsets)):
        sums = fma_vectors(x, rows, get(offsets, t) + c, load(weights, t * step + at), sums)
    store_tile(beyond(out, c), listed(places, i), sums)


@compiled
def _sum_numbers(x, offsets, starts, weights, channels, run, out, places, count):
    """Runs that are shorter than a vector."""
    step = channels + LANES
    for i in range(count):
        for c in range(run):
            number = get(weights, len(offsets) * step + c % channels)
            for t in range(len(offsets)):
                number += get(x, get(starts, i) + get(offsets, t) + c) * get(weights, t * step + c % channels)
            put(out, get(places, i) + c, number)


@parallel("f4[::1], f4[:, ::1]")
def _repeat(worker, workers, arguments):
    images, copies = unpack(arguments)
    images, copies = share(images, worker, workers), share(copies, worker, workers)
    for i in range(len(images)):
        for j in range(copies.shape[1]):
            copies[i, j] = images[i]


@parallel("f4[:, ::1], f4[::1]")
def _sum(worker, workers, arguments):
    copies, sums = unpack(arguments)
    copies, sums = share(copies, worker, workers), share(sums, worker, workers)
    for i in range(len(sums)):
        total = np.float32(0)
        for j in range(copies.shape[1]):
            total += copies[i, j]
        sums[i] = total
