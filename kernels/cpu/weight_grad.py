"""The weight gradient of a convolution that reads images where they lie: no window is copied.

    dw[d, k] = Σ_m x[starts[m] + offsets[d]] · dy[m, k]

It is the tile of direct.py with starts and offsets exchanged: numbers of a window × filters in registers, summed over
the outputs m of a block (windows.py says what starts and offsets are). The batch is cut into a few pieces, which
depend on nothing but the shape, and whose sums are added in order.
Where at most half of the lanes have a filter, they take two outputs at once, and the halves are added at the end.
Source: Georganas et al., "Anatomy of high-performance deep learning convolutions on SIMD architectures" (2018).
"""

import functools
from typing import NamedTuple

import numpy as np

from ..geometry import Pair
from .capture import every_run
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
from .windows import OUTPUTS, Reach, plan

NO_CODES = np.empty(0, np.uint8)
_HALF = LANES // 2
_PIECES = 8  # at most
_SUMS = 1 << 20  # numbers: some megabytes, which the last cache holds
_FEWEST = 64  # outputs of a piece: adding up its sums takes as long as some outputs do
_TURNS = 4  # tasks of each worker, so that none has to wait long for another
_BLOCK = 1 << 17  # numbers that a block reads
_RUN = (1 << 11) // LANES  # outputs whose gradients, a vector each, take 8 KB, a quarter of the L1 cache


def weight_grad(x: np.ndarray, dy: np.ndarray, reach: Reach, groups: int) -> np.ndarray:
    """dw as a matrix: the numbers of a window by the filters."""
    cut = cut_up(x.shape, dy.shape, reach, groups)
    sums = _multiplied(x, dy, NO_CODES, dy.shape[1:3], cut)
    if len(sums) == 1 and sums.shape[2] == dy.shape[3]:
        return sums[0, : cut.depth]
    dw = empty((cut.depth, dy.shape[3]))
    _total(workers_for(sums.size), sums, groups, dw)
    return dw


def weight_grad_if(
    faults: np.ndarray, x: np.ndarray, dy: np.ndarray, code: np.ndarray, size: Pair, reach: Reach, dw: np.ndarray
) -> None:
    """Write dw, a matrix, if there is NaN among the faults; no kernel is compiled for that before there is one.

    code        where each gradient belongs in the `size` outputs that 2×2 max-pooling follows, or nothing
    """

    def write(faults: np.ndarray, x: np.ndarray, dy: np.ndarray, code: np.ndarray, dw: np.ndarray) -> None:
        if np.isnan(faults).any():
            cut = cut_up(x.shape, (len(dy), *size, dy.shape[3]), reach, 1)
            _total(workers_for(dw.size), _multiplied(x, dy, code.reshape(-1), size, cut), 1, dw)

    every_run(write, faults, x, dy, code, dw)


def _multiplied(x: np.ndarray, dy: np.ndarray, code: np.ndarray, size: Pair, cut: "Cut") -> np.ndarray:
    workers = workers_for(len(x) * size[0] * size[1] * dy.shape[3] * len(cut.offsets) // LANES)
    sums, splits, memory = empty(cut.sums), cut.splits(workers), scratch("weight gradient", workers, cut.scratch)
    _multiply(workers, x, dy, code, *size, sums, *cut.tables, cut.groups, splits, memory)
    return sums


class Cut(NamedTuple):
    """How the work is cut up; what the sums are does not depend on the number of threads."""

    offsets: np.ndarray  # filled up to whole tiles
    starts: np.ndarray
    numbers: np.ndarray  # as in windows.Plan
    depth: int
    sums: tuple[int, int, int]  # the shape: pieces, offsets, lanes
    groups: int
    scratch: int  # numbers for each worker

    @property
    def tables(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        return self.offsets, self.starts, self.numbers

    def splits(self, workers: int) -> int:
        return splits_of(self.sums[2] // LANES // self.groups, self.sums[0] * self.groups, workers)


@functools.lru_cache(maxsize=64)
def cut_up(shape: tuple[int, ...], dy_shape: tuple[int, ...], reach: Reach, groups: int) -> Cut:
    offsets, starts, _, numbers, padded, _ = plan(shape, dy_shape[1:3], reach, dy_shape, groups, _PIECES, _BLOCK)
    spare, lanes = -len(offsets) % OUTPUTS, groups * -(-dy_shape[3] // groups // LANES) * LANES
    some, rows = numbers[11:13].tolist()
    blocks, outputs = -(-shape[0] // some) * -(-dy_shape[1] // rows), dy_shape[0] * dy_shape[1] * dy_shape[2]
    sums = pieces_of(min(blocks, outputs // _FEWEST), len(offsets) * lanes), len(offsets) + spare, lanes
    full = np.pad(offsets, (0, spare), mode="edge")
    return Cut(full, starts, numbers, len(offsets), sums, groups, _RUN * LANES + padded)


def pieces_of(most: int, size: int) -> int:
    """Into how many pieces to cut sums of so many numbers: a power of two, that any number of threads can share."""
    most = min(most, _PIECES, _SUMS // size)
    return 1 << most.bit_length() - 1 if most > 1 else 1


def splits_of(panels: int, pieces: int, workers: int) -> int:
    """Into how many parts to split the filters, a vector each panel, of every piece for all workers to be busy."""
    return min(panels, -(-_TURNS * workers // pieces))


@parallel(
    "f4[:, :, :, ::1], f4[:, :, :, ::1], u1[::1], intp, intp, f4[:, :, ::1], "
    "intp[::1], intp[::1], intp[::1], intp, intp, f4[:, ::1]"
)
def _multiply(worker, workers, arguments):
    """sums[i, d, k] = Σ_m x[starts[m] + offsets[d]] · dy[m, k] over piece i of the blocks.

    If there is a code, dy is what max_pool2d_grad would make of a smaller one.
    """
    x, dy, code, down, across, sums, offsets, starts, numbers, groups, splits, memory = unpack(arguments)
    stride, top, left, covered, line, padded = numbers[5], numbers[6], numbers[7], numbers[8], numbers[9], numbers[10]
    some, rows = numbers[11], numbers[12]
    (images, height, _, channels), filters = x.shape, dy.shape[3]
    inner, each = channels // groups, filters // groups
    panels, step = (each + LANES - 1) // LANES, inner if padded else channels
    row_blocks = (down + rows - 1) // rows
    blocks = (images + some - 1) // some * row_blocks
    packed, copied = memory[worker][: _RUN * LANES], memory[worker][_RUN * LANES :]
    tasks = len(sums) * groups * splits
    for task in range(tasks * worker // workers, tasks * (worker + 1) // workers):
        piece, group, split = task // (groups * splits), task // splits % groups, task % splits
        begin, end = blocks * piece // len(sums), blocks * (piece + 1) // len(sums)
        for block in range(begin, end):
            image, row = block // row_blocks * some, block % row_blocks * rows
            last_image, last_row = min(image + some, images), min(row + rows, down)
            first, reading = row * stride + top, (last_row - row - 1) * stride + covered
            if padded:
                source = copied
                pad(x, image, last_image, first, reading, group, inner, left, line, source)
            else:
                source = beyond(flat(x), ((image * height + first) * line + left) * step + group * inner)
            count, output = (last_image - image) * (last_row - row) * across, (image * down + row) * across
            for m in range(0, count, _RUN):
                run, fresh = starts[m : min(m + _RUN, count)], block == begin and m == 0
                for j in range(panels * split // splits, panels * (split + 1) // splits):
                    wide = min(LANES, each - j * LANES)
                    vector = LANES if wide > _HALF else _HALF
                    filter_, size = group * each + j * LANES, (down, across)
                    _pack(dy, code, size, output + m, len(run), filter_, wide, vector, packed)
                    result = beyond(flat(sums[piece]), (group * panels + j) * LANES)
                    _multiply_run(source, offsets, run, packed, wide, fresh, result, sums.shape[2])


@compiled
def _pack(dy, code, size, first, outputs, filter_, wide, step, packed):
    """packed[m, k] = dy[first + m, filter + k]; what lies in lanes beyond the last filter does not matter."""
    if len(code) == 0:
        _copy_gradients(dy, first * dy.shape[3] + filter_, outputs, wide, step, packed)
    else:
        _spread_gradients(dy, code, size, first, outputs, filter_, wide, step, packed)


@compiled
def _copy_gradients(dy, at, outputs, wide, step, packed):
    numbers, filters = flat(dy), dy.shape[3]
    whole = min(outputs, max(0, (dy.size - LANES - at) // filters + 1))
    for m in range(whole):
        store(packed, m * step, load(numbers, at + m * filters))
    for m in range(whole, outputs):
        copy(numbers, at + m * filters, packed, m * step, wide)


@compiled
def _spread_gradients(dy, code, size, first, outputs, filter_, wide, step, packed):
    """Of each 2×2 outputs the one that the code names has the gradient, the others zero."""
    (down, across), (_, height, width, filters) = size, dy.shape
    for m in range(outputs):
        n, p, q = (first + m) // (down * across), (first + m) // across % down, (first + m) % across
        i, j, pixel = p // 2, q // 2, p % 2 * 2 + q % 2
        pooled, at = i < height and j < width, ((n * height + i) * width + j) * filters + filter_
        for k in range(wide):
            chosen = pooled and get(code, at + k) == pixel
            put(packed, m * step + k, get(flat(dy), at + k) if chosen else np.float32(0))


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
    sums, groups, dw = unpack(arguments)
    total(worker, workers, sums, groups, dw)


@compiled
def any_nan(numbers):
    """Whether any of them is NaN."""
    found = False
    for i in range(len(numbers)):
        found |= np.isnan(numbers[i])
    return found


@compiled
def total(worker, workers, sums, groups, dw):
    """dw[d, k] = Σ_i sums[i, d, k], without the lanes that have no filter."""
    depth, filters = dw.shape
    pieces, padded_depth, columns = sums.shape
    each, piece_size, numbers, results = filters // groups, padded_depth * columns, flat(sums), flat(dw)
    whole = each // LANES * LANES
    halves = 2 if each - whole <= _HALF else 1
    for d in range(depth * worker // workers, depth * (worker + 1) // workers):
        for group in range(groups):
            at, place = d * columns + group * (columns // groups), d * filters + group * each
            for k in range(0, whole, LANES):
                vector = load(numbers, at + k)
                for piece in range(1, pieces):
                    vector = add(vector, load(numbers, at + k + piece * piece_size))
                store(results, place + k, vector)
            for k in range(whole, each):
                number = np.float32(0)
                for piece in range(pieces):
                    for half in range(halves):
                        number += get(numbers, at + k + piece * piece_size + half * _HALF)
                put(results, place + k, number)
