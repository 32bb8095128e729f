"""Pooled weight gradients of short windows: every lane picks one of the four numbers that its output may have read.

    dw[d, k] = Σ_i fours[starts[i] + offsets[d], code[i, k]] · dy[i, k]    over the pooled pixels i

fours[j] are the numbers j, j + right, j + below and j + below + right of a block's copy of x, side by side. So a tile
of some numbers of a window and a vector of filters takes what a dense one would for a quarter of the outputs.
Where at most half of the lanes have a filter, they take two pixels at once, as in weight_grad.py; a pixel without a
gradient goes with the last of an odd number.
"""

import functools

import numpy as np

from .compile import compiled, inlined
from .matmul import clear, copy
from .memory import empty
from .parallel import parallel, unpack, workers_for
from .pooled_blocks import Blocks, bounds, copy_block, find_pixels, prefetch_block
from .scratch import scratch
from .simd import (
    LANES,
    as_integers,
    beyond,
    filled,
    flat,
    fma,
    get,
    load,
    picked,
    picked_two,
    picking,
    put,
    store,
    store_fours,
    total,
    zeros,
)
from .weight_grad import any_nan, pieces_of, splits_of
from .weight_grad import total as add_up
from .windows import Reach

_ROWS = 4  # numbers of a window: their sums fit into the registers beside what is picked for them
_HALF = LANES // 2


def weight_grad(
    x: np.ndarray, dy: np.ndarray, code: np.ndarray, blocks: Blocks, reach: Reach, dw: np.ndarray
) -> np.ndarray:
    """Write dw; return NaN among other numbers if x is not finite, and then dw is not written."""
    offsets, panels = _offsets(reach, x.shape[3], int(blocks.numbers[8])), -(-dy.shape[3] // LANES)
    size = len(offsets) * panels * LANES
    pieces, workers = pieces_of(blocks.blocks, size), workers_for(dy.size * len(offsets) // LANES)
    splits = splits_of(panels, pieces, workers)
    sums, faults = empty((pieces, len(offsets), panels * LANES)), empty((pieces * splits,))
    room = blocks.pixels + 1
    memory = scratch("pooled fours", workers, 5 * (blocks.read + LANES) + 2 * room * (LANES + 1))
    tables = blocks.numbers, blocks.blocks, room, blocks.read
    _multiply(workers, x, dy, code, sums, faults, offsets, *tables, splits, memory)
    _total(workers_for(sums.size), sums, faults, dw)
    return faults


@functools.lru_cache(maxsize=64)
def _offsets(reach: Reach, channels: int, line: int) -> np.ndarray:
    """Where in fours the numbers of a window lie, filled up to whole tiles."""
    h, v = np.array(reach.rows) - reach.rows[0], np.array(reach.columns) - reach.columns[0]
    offsets = 4 * (h[:, None, None] * line + v[:, None] * channels + np.arange(channels)).ravel()
    return np.pad(offsets, (0, -len(offsets) % _ROWS), mode="edge").astype(np.intp)


@parallel(
    "f4[:, :, :, ::1], f4[:, :, :, ::1], u1[:, :, :, ::1], f4[:, :, ::1], f4[::1], "
    "intp[::1], intp[::1], intp, intp, intp, intp, f4[:, ::1]"
)
def _multiply(worker, workers, arguments):
    """sums[i, d, k] = dw over piece i of the blocks."""
    x, dy, code, sums, faults, offsets, numbers, blocks, room, read, splits, memory = unpack(arguments)
    filters, (_, depth, step) = dy.shape[3], sums.shape
    panels = step // LANES
    copied, fours, gradients, picks, starts, spots = _divide(memory[worker], read, room)
    tasks = len(sums) * splits
    for task in range(tasks * worker // workers, tasks * (worker + 1) // workers):
        piece, split, fault = task // splits, task % splits, zeros()
        begin, end = panels * split // splits, panels * (split + 1) // splits
        for d in range(depth):
            clear(flat(sums[piece]), d * step + begin * LANES, (end - begin) * LANES)
        for block in range(blocks * piece // len(sums), blocks * (piece + 1) // len(sums)):
            place = bounds(block, dy.shape, numbers)
            fault = copy_block(x, place, numbers, copied, fault)
            _put_by_fours(copied, read, numbers[9], numbers[10], fours)
            count = find_pixels(place, dy.shape, numbers, starts, spots)
            put(starts, count, get(starts, 0))
            for j in range(begin, end):
                prefetch_block(x, dy, code, min(block + 1, blocks - 1), numbers, j - begin, end - begin)
                wide = min(LANES, filters - j * LANES)
                _pack(dy, code, j * LANES, wide, spots, count, gradients, picks)
                result = beyond(flat(sums[piece]), j * LANES)
                _add(fours, offsets, starts, count, gradients, picks, wide, result, step)
        faults[task] = total(fault)


@compiled
def _divide(memory, read, room):
    """(copied, fours, gradients, picks, starts, spots)."""
    fours, vectors = 4 * (read + LANES), room * LANES
    integers = as_integers(memory[read + fours + vectors :])
    starts, spots = integers[vectors : vectors + room], integers[vectors + room : vectors + 2 * room]
    gradients = memory[read + fours : read + fours + vectors]
    return memory[:read], memory[read : read + fours], gradients, integers[:vectors], starts, spots


@compiled
def _put_by_fours(copied, read, below, right, fours):
    for i in range(0, read - LANES - below - right, LANES):
        above, under = load(copied, i), load(copied, i + below)
        store_fours(fours, 4 * i, above, load(copied, i + right), under, load(copied, i + below + right))


@compiled
def _pack(dy, code, first, wide, spots, count, gradients, picks):
    """The gradients and picks of a vector of filters, and of a pixel without a gradient.

    What lies in lanes beyond the last filter does not matter.
    """
    numbers, codes, step = flat(dy), flat(code), LANES if wide > _HALF else _HALF
    for i in range(count):
        at, place = get(spots, i) * dy.shape[3] + first, i * step
        if at + LANES <= dy.size:
            store(gradients, place, load(numbers, at))
            store(picks, place, picking(load(codes, at)))
        else:
            copy(numbers, at, gradients, place, wide)
            for k in range(wide):
                put(picks, place + k, np.int32(get(codes, at + k)))
            store(picks, place, picking(load(picks, place)))
    store(gradients, count * step, zeros())
    store(picks, count * step, picking(filled(np.int32(0))))


@compiled
def _add(fours, offsets, starts, count, gradients, picks, wide, sums, step):
    """sums[d, k] += Σ of the fours that are picked, times their gradients."""
    if wide > _HALF:
        for d in range(0, len(offsets), _ROWS):
            _add_tile(fours, offsets, d, starts, count, 1, gradients, picks, sums, d * step, step)
    else:
        for d in range(0, len(offsets), _ROWS):
            _add_tile(fours, offsets, d, starts, count, 2, gradients, picks, sums, d * step, step)


@inlined
def _add_tile(fours, offsets, d, starts, count, together, gradients, picks, sums, place, step):
    """The sums of a tile, of one pixel at once or two together: a constant where it is called."""
    x0, x1 = beyond(fours, get(offsets, d)), beyond(fours, get(offsets, d + 1))
    x2, x3 = beyond(fours, get(offsets, d + 2)), beyond(fours, get(offsets, d + 3))
    r0, r1 = load(sums, place), load(sums, place + step)
    r2, r3 = load(sums, place + 2 * step), load(sums, place + 3 * step)
    for m in range((count + together - 1) // together):
        gradient, pick = load(gradients, m * LANES), load(picks, m * LANES)
        r0 = fma(_pick(x0, starts, m, together, pick), gradient, r0)
        r1 = fma(_pick(x1, starts, m, together, pick), gradient, r1)
        r2 = fma(_pick(x2, starts, m, together, pick), gradient, r2)
        r3 = fma(_pick(x3, starts, m, together, pick), gradient, r3)
    store(sums, place, r0)
    store(sums, place + step, r1)
    store(sums, place + 2 * step, r2)
    store(sums, place + 3 * step, r3)


@inlined
def _pick(x, starts, m, together, pick):
    if together == 1:
        return picked(x, 4 * np.intp(get(starts, m)), pick)
    return picked_two(x, 4 * np.intp(get(starts, 2 * m)), 4 * np.intp(get(starts, 2 * m + 1)), pick)


@parallel("f4[:, :, ::1], f4[::1], f4[:, ::1]")
def _total(worker, workers, arguments):
    """dw = Σ sums[piece], unless x is at fault."""
    sums, faults, dw = unpack(arguments)
    if not any_nan(faults):
        add_up(worker, workers, sums, 1, dw)
