"""The weight gradient of a depthwise convolution: channel by channel, and tap by tap.

    dw[t, c] = Σ_m x[starts[m] + offsets[t] + c] · dy[places[m] + c]

It is the tile of depthwise.py with starts and offsets exchanged: the same vector of a run for some taps, in registers,
summed over the runs m of a block. Where a run is a row of pixels, there are sums for every pixel of it, which are added
up in the end. The batch is cut into a few pieces, which depend on nothing but the shape.
"""

import functools
from typing import NamedTuple

import numpy as np

from .compile import compiled, inlined
from .depthwise import plan_runs, repeated
from .direct import pad
from .matmul import clear
from .memory import empty
from .parallel import parallel, unpack, workers_for
from .scratch import scratch
from .simd import LANES, add, beyond, flat, fma_vectors, get, listed, load, load_tile, put, spaced, store, store_tile
from .weight_grad import pieces_of, splits_of
from .windows import Reach

_TAPS = 5  # of a tile: 9, 25 and 49 of them leave little or nothing of the last tile without work
_PIECES = 8  # at most
_FEWEST = 16  # runs of a piece: adding up its sums takes as long as some runs do


def weight_grad(x: np.ndarray, dy: np.ndarray, reach: Reach) -> np.ndarray:
    """dw as a matrix: the taps by the filters."""
    filters = dy.shape[3]
    x = repeated(x, filters)
    cut = _cut_up(x.shape, dy.shape, reach)
    taps, sums = len(reach.rows) * len(reach.columns), empty(cut.sums)
    workers = workers_for(dy.size * taps // LANES)
    splits = splits_of(cut.sums[2] // LANES, cut.sums[0], workers)
    memory = scratch("padded images", workers, cut.padded)
    _multiply(workers, x, dy, cut.offsets, cut.starts, cut.places, cut.numbers, cut.run, splits, sums, memory)
    dw = empty((taps, filters))
    _total(workers_for(sums.size), sums, cut.run, dw)
    return dw


class _Cut(NamedTuple):
    """How the work is cut up; what the sums are does not depend on the number of threads."""

    offsets: np.ndarray  # of the taps, filled up to whole tiles
    starts: np.ndarray  # of the runs of x
    places: np.ndarray  # of the runs of dy
    numbers: np.ndarray  # as in windows.Plan
    run: int  # numbers of a run
    sums: tuple[int, int, int]  # the shape: pieces, taps, lanes
    padded: int  # numbers of the padded copy of a block


@functools.lru_cache(maxsize=64)
def _cut_up(shape: tuple[int, ...], dy_shape: tuple[int, ...], reach: Reach) -> _Cut:
    images, down, across, filters = dy_shape
    (offsets, starts, places), numbers, run, padded = plan_runs(shape, (down, across), reach, dy_shape, _PIECES)
    full = np.pad(offsets, (0, -len(offsets) % _TAPS), mode="edge")
    some, rows = numbers[11:13].tolist()
    blocks, runs = -(-images // some) * -(-down // rows), images * down * across * filters // run
    lanes = -(-run // LANES) * LANES
    sums = pieces_of(min(blocks, runs // _FEWEST), full.size * lanes), full.size, lanes
    return _Cut(full, starts, places, numbers, run, sums, padded)


@parallel(
    "f4[:, :, :, ::1], f4[:, :, :, ::1], intp[::1], intp[::1], intp[::1], intp[::1], intp, intp, f4[:, :, ::1],"
    "f4[:, ::1]"
)
def _multiply(worker, workers, arguments):
    """sums[i, t, j] = Σ_m x[starts[m] + offsets[t] + j] · dy[places[m] + j] over piece i of the blocks."""
    x, dy, offsets, starts, places, numbers, run, splits, sums, memory = unpack(arguments)
    stride, top, left, covered, line, padded = numbers[5], numbers[6], numbers[7], numbers[8], numbers[9], numbers[10]
    some, rows = numbers[11], numbers[12]
    (images, height, _, channels), (_, down, across, _) = x.shape, dy.shape
    row_blocks, vectors = (down + rows - 1) // rows, (run + LANES - 1) // LANES
    blocks, tasks = (images + some - 1) // some * row_blocks, len(sums) * splits
    for task in range(tasks * worker // workers, tasks * (worker + 1) // workers):
        piece, split = task // splits, task % splits
        share_of_run, results = (vectors * split // splits, vectors * (split + 1) // splits), flat(sums[piece])
        for t in range(sums.shape[1]):
            clear(results, t * sums.shape[2] + share_of_run[0] * LANES, (share_of_run[1] - share_of_run[0]) * LANES)
        for block in range(blocks * piece // len(sums), blocks * (piece + 1) // len(sums)):
            image, row = block // row_blocks * some, block % row_blocks * rows
            deep, high, first = min(some, images - image), min(rows, down - row), row * stride + top
            if padded:
                source = memory[worker]
                pad(x, image, image + deep, first, (high - 1) * stride + covered, 0, channels, left, line, source)
            else:
                source = beyond(flat(x), ((image * height + first) * line + left) * channels)
            gradients = beyond(flat(dy), (image * down + row) * across * channels)
            count = deep * high * across * channels // run
            if run < LANES:
                _add_numbers(source, offsets, starts, gradients, places, count, run, results)
            else:
                _add_vectors(source, offsets, starts, gradients, places, count, run, share_of_run, results)


@compiled
def _add_vectors(x, offsets, starts, dy, places, count, run, vectors, sums):
    """Add to the sums of some vectors of a run; the last vector of a run overlaps the one before."""
    step = (run + LANES - 1) // LANES * LANES
    for vector in range(vectors[0], vectors[1]):
        j = min(vector * LANES, run - LANES)
        for t in range(0, len(offsets), _TAPS):
            _add_tile(x, offsets, t, starts, dy, places, count, j, sums, t * step + vector * LANES, step)


@inlined
def _add_tile(x, offsets, t, starts, dy, places, count, j, sums, place, step):
    """The numbers from j on of all runs, for _TAPS taps."""
    taps, spots = listed(offsets, t, _TAPS), spaced(place, step, _TAPS)
    tile = load_tile(sums, spots)
    for m in range(count):
        tile = fma_vectors(x, taps, get(starts, m) + j, load(dy, get(places, m) + j), tile)
    store_tile(sums, spots, tile)


@compiled
def _add_numbers(x, offsets, starts, dy, places, count, run, sums):
    """Runs that are shorter than a vector."""
    for t in range(len(offsets)):
        for j in range(run):
            number = get(sums, t * LANES + j)
            for m in range(count):
                number += get(x, get(starts, m) + get(offsets, t) + j) * get(dy, get(places, m) + j)
            put(sums, t * LANES + j, number)


@parallel("f4[:, :, ::1], intp, f4[:, ::1]")
def _total(worker, workers, arguments):
    """dw[t, c] = Σ_i Σ_j sums[i, t, j] for the numbers j of a run that are of channel c."""
    sums, run, dw = unpack(arguments)
    (taps, channels), (pieces, padded_taps, lanes) = dw.shape, sums.shape
    numbers, results, totals = flat(sums), flat(dw), np.empty(LANES, np.float32)
    for t in range(taps * worker // workers, taps * (worker + 1) // workers):
        clear(results, t * channels, channels)
        c = 0
        for place in range(0, lanes, LANES):
            vector = load(numbers, t * lanes + place)
            for piece in range(1, pieces):
                vector = add(vector, load(numbers, (piece * padded_taps + t) * lanes + place))
            store(totals, 0, vector)
            first, end = (0, run) if run < LANES else (place - min(place, run - LANES), LANES)
            for lane in range(first, end):
                put(results, t * channels + c, get(results, t * channels + c) + get(totals, lane))
                c = c + 1 if c + 1 < channels else 0
