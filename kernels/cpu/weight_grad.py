"""The weight gradient of a convolution that reads images where they lie: no window is copied.

    dw[d, k] = Σ_m x[starts[m] + offsets[d]] · dy[m, k]

It is the tile of direct.py with starts and offsets exchanged: numbers of a window × filters in registers, summed over
the outputs m of a block (windows.py says what starts and offsets are). The batch is cut into a few pieces, which
depend on nothing but the shape, and whose sums are added in order.
Where at most half of the lanes have a filter, they take two outputs at once, and the halves are added at the end.
Source: Georganas et al., "Anatomy of high-performance deep learning convolutions on SIMD architectures" (2018).
"""

import functools

import numpy as np

from .compile import compiled, inlined
from .direct import pad
from .matmul import copy
from .memory import empty
from .parallel import parallel, unpack, workers_for
from .scratch import scratch
from .simd import (
    LANES,
    add,
    beyond,
    flat,
    fma_tile,
    fma_tile_two,
    get,
    listed,
    load,
    load_tile,
    put,
    spaced,
    store,
    store_tile,
    zero_tile,
)
from .windows import OUTPUTS, Plan, Reach, plan

_HALF = LANES // 2
_PIECES = 8  # at most
_FEWEST = 64  # outputs of a piece: adding up its sums takes as long as some outputs do
_BLOCK = 1 << 17  # numbers that a block reads
_RUN = (1 << 11) // LANES  # outputs whose gradients, a vector each, take 8 KB, a quarter of the L1 cache


def weight_grad(x: np.ndarray, dy: np.ndarray, reach: Reach, groups: int) -> np.ndarray:
    """dw as a matrix: the numbers of a window by the filters."""
    tables = _plan(x.shape, dy.shape, reach, groups)
    filters, depth = dy.shape[3], len(reach.rows) * len(reach.columns) * x.shape[3] // groups
    panels = -(-filters // groups // LANES)
    pieces, workers = _pieces(x.shape, dy.shape, tables), workers_for(dy.size * depth // LANES)
    sums = empty((pieces, len(tables.offsets), groups * panels * LANES))
    splits = min(panels, -(-workers // (pieces * groups)))
    memory = scratch("weight gradient", workers, _RUN * LANES + tables.padded)
    _multiply(workers, x, dy, sums, tables.offsets, tables.starts, tables.numbers, groups, splits, memory)
    if pieces == 1 and sums.shape[2] == filters:
        return sums[0, :depth]
    dw = empty((depth, filters))
    _total(workers_for(sums.size), sums, groups, dw)
    return dw


@functools.lru_cache(maxsize=64)
def _plan(shape: tuple[int, ...], dy_shape: tuple[int, ...], reach: Reach, groups: int) -> Plan:
    """The tables for blocks that depend on no number of threads, the offsets filled up to whole tiles."""
    tables = plan(shape, dy_shape[1:3], reach, dy_shape, groups, _PIECES, _BLOCK)
    spare = -len(tables.offsets) % OUTPUTS
    return tables._replace(offsets=np.pad(tables.offsets, (0, spare), mode="edge"))


def _pieces(shape: tuple[int, ...], dy_shape: tuple[int, ...], tables: Plan) -> int:
    """Into how many pieces the blocks are cut."""
    some, rows = tables.numbers[11:13]
    blocks, outputs = -(-shape[0] // some) * -(-dy_shape[1] // rows), dy_shape[0] * dy_shape[1] * dy_shape[2]
    return int(max(1, min(_PIECES, blocks, outputs // _FEWEST)))


@parallel("f4[:, :, :, ::1], f4[:, :, :, ::1], f4[:, :, ::1], intp[::1], intp[::1], intp[::1], intp, intp, f4[:, ::1]")
def _multiply(worker, workers, arguments):
    """sums[i, d, k] = Σ_m x[starts[m] + offsets[d]] · dy[m, k] over piece i of the blocks."""
    x, dy, sums, offsets, starts, numbers, groups, splits, memory = unpack(arguments)
    stride, top, left, covered, line, padded = numbers[5], numbers[6], numbers[7], numbers[8], numbers[9], numbers[10]
    some, rows = numbers[11], numbers[12]
    images, height, _, channels = x.shape
    _, down, across, filters = dy.shape
    inner, each = channels // groups, filters // groups
    panels, step = (each + LANES - 1) // LANES, inner if padded else channels
    row_blocks = (down + rows - 1) // rows
    blocks = (images + some - 1) // some * row_blocks
    gradients, copied = memory[worker][: _RUN * LANES], memory[worker][_RUN * LANES :]
    tasks = len(sums) * groups * splits
    for task in range(tasks * worker // workers, tasks * (worker + 1) // workers):
        piece, group, split = task // (groups * splits), task // splits % groups, task % splits
        begin, end = blocks * piece // len(sums), blocks * (piece + 1) // len(sums)
        for block in range(begin, end):
            image, row = block // row_blocks * some, block % row_blocks * rows
            last_image, last_row = min(image + some, images), min(row + rows, down)
            first = row * stride + top
            if padded:
                source = copied
                height_read = (last_row - row - 1) * stride + covered
                pad(x, image, last_image, first, height_read, group, inner, left, line, source)
            else:
                source = beyond(flat(x), ((image * height + first) * line + left) * step + group * inner)
            count = (last_image - image) * (last_row - row) * across
            origin = (image * down + row) * across * filters + group * each
            for m in range(0, count, _RUN):
                run = starts[m : min(m + _RUN, count)]
                for j in range(panels * split // splits, panels * (split + 1) // splits):
                    wide = min(LANES, each - j * LANES)
                    _pack(dy, origin + m * filters + j * LANES, wide, len(run), gradients)
                    result = beyond(flat(sums[piece]), (group * panels + j) * LANES)
                    _multiply_run(
                        source, offsets, run, gradients, wide, block == begin and m == 0, result, sums.shape[2]
                    )


@compiled
def _pack(dy, at, wide, outputs, gradients):
    """gradients[m, k] = dy[m, k]; what lies in lanes beyond the last filter does not matter."""
    numbers, filters, step = flat(dy), dy.shape[3], LANES if wide > _HALF else _HALF
    whole = min(outputs, max(0, (dy.size - LANES - at) // filters + 1))
    for m in range(whole):
        store(gradients, m * step, load(numbers, at + m * filters))
    for m in range(whole, outputs):
        copy(numbers, at + m * filters, gradients, m * step, wide)


@compiled
def _multiply_run(x, offsets, starts, gradients, wide, first, sums, step):
    """sums[d, k] = Σ_m x[starts[m] + offsets[d]] · gradients[m, k], or +=, unless it is the first run."""
    if wide > _HALF:
        for d in range(0, len(offsets), OUTPUTS):
            if first:
                _multiply_tile(x, offsets, d, starts, 1, gradients, True, sums, d * step, step)
            else:
                _multiply_tile(x, offsets, d, starts, 1, gradients, False, sums, d * step, step)
    else:
        for d in range(0, len(offsets), OUTPUTS):
            if first:
                _multiply_tile(x, offsets, d, starts, 2, gradients, True, sums, d * step, step)
            else:
                _multiply_tile(x, offsets, d, starts, 2, gradients, False, sums, d * step, step)
        if len(starts) % 2 == 1:
            _add_last(x, offsets, starts, gradients, wide, sums, step)


@inlined
def _multiply_tile(x, offsets, d, starts, together, gradients, first, sums, place, step):
    """The sums of a tile, one output at once or two together. Both choices are constants where it is called."""
    rows, spots = listed(offsets, d), spaced(place, step)
    tile = zero_tile() if first else load_tile(sums, spots)
    for m in range(len(starts) // together):
        gradient = load(gradients, m * LANES)
        if together == 1:
            tile = fma_tile(x, rows, get(starts, m), gradient, tile)
        else:
            tile = fma_tile_two(x, rows, get(starts, 2 * m), get(starts, 2 * m + 1), gradient, tile)
    store_tile(sums, spots, tile)


@compiled
def _add_last(x, offsets, starts, gradients, wide, sums, step):
    """The output that two at once leave over: any number beside it might be infinite, and 0 · ∞ is not 0."""
    m = len(starts) - 1
    for d in range(len(offsets)):
        number = get(x, get(starts, m) + get(offsets, d))
        for k in range(wide):
            put(sums, d * step + k, get(sums, d * step + k) + number * get(gradients, m * _HALF + k))


@parallel("f4[:, :, ::1], intp, f4[:, ::1]")
def _total(worker, workers, arguments):
    """dw[d, k] = Σ_i sums[i, d, k], without the lanes that have no filter."""
    sums, groups, dw = unpack(arguments)
    depth, filters = dw.shape
    pieces, padded_depth, columns = sums.shape
    each, piece_size, numbers, results = filters // groups, padded_depth * columns, flat(sums), flat(dw)
    whole = each // LANES * LANES
    halves = 2 if each - whole <= _HALF else 1
    for d in range(depth * worker // workers, depth * (worker + 1) // workers):
        for group in range(groups):
            at, place = d * columns + group * (columns // groups), d * filters + group * each
            for k in range(0, whole, LANES):
                total = load(numbers, at + k)
                for piece in range(1, pieces):
                    total = add(total, load(numbers, at + k + piece * piece_size))
                store(results, place + k, total)
            for k in range(whole, each):
                number = np.float32(0)
                for piece in range(pieces):
                    for half in range(halves):
                        number += get(numbers, at + k + piece * piece_size + half * _HALF)
                put(results, place + k, number)
