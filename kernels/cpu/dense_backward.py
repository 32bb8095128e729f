"""The gradients of a dense layer, row by row of the weights, which are read or changed once, as they lie in memory.

    dx[n, c] = Σ_k dy[n, k] · w[c, k]       dy times LANES rows of w, which are turned into a panel (dense_forward.py)
    dw[c, k] = Σ_n x[n, c] · dy[n, k]       columns of x times dy, of which every thread has a copy in panels

A sum is never cut: it has one order, and the same bits at any thread count. The gradients of some rows of w lie in the
cache until they are used: so an optimizer's step can change the weights without a gradient ever reaching memory
(dense_update.py). While some rows are multiplied, memory is asked for what will be needed next.
"""

import numpy as np

from .compile import compiled, inlined
from .dense_forward import height_of, multiply_next, places_of, tiles_of
from .epilogue import relu_grad
from .matmul import FEW_ROWS, clear, copy, pack_panels, whole_panels
from .parallel import parallel, unpack, workers_for
from .scratch import scratch
from .simd import (
    LANES,
    TILE_ROWS,
    flat,
    fma_tile,
    load,
    on_stack,
    prefetch,
    prefetch_tile,
    put,
    spaced,
    store_tile,
    zero_tile,
)

_BLOCK = 3 * LANES  # rows of w at most: whole tiles, and whole vectors of dx
_DEPTH = 8 * LANES  # of a panel
_GRADIENTS = 1 << 14  # that wait in the cache
_LARGEST = 1 << 16  # numbers of dy
_NO_MASK = np.empty((0, 0), np.float32)


def suits(rows: int, depth: int, columns: int) -> bool:
    """Whether so many rows of a weight gradient are worth the copies of dy, and these fit into the cache."""
    copied = depth * (columns + LANES)
    return columns > FEW_ROWS and rows >= TILE_ROWS and 2 * rows >= max(depth, columns) and copied <= _LARGEST


def input_grad(dy: np.ndarray, w: np.ndarray, y: np.ndarray | None, dx: np.ndarray) -> np.ndarray:
    """dx = dy·wᵀ, where y > 0 if there is a y, for contiguous arrays."""
    columns, (rows, depth) = len(dy), w.shape
    workers = workers_for(rows * depth * columns // LANES)
    memory = scratch("dense layer", workers, (_DEPTH + columns + TILE_ROWS) * LANES)
    _input_grad(workers, dy, w, _NO_MASK if y is None else y, dx, memory)
    return dx


def shared(x: np.ndarray, dy: np.ndarray) -> tuple[int, np.ndarray]:
    """(workers, the scratch of each) for what begins with `begin`."""
    (depth, rows), width = x.shape, whole_panels_of(dy.shape[1])
    workers, gradients = workers_for(rows * depth * dy.shape[1] // LANES), (_BLOCK + TILE_ROWS) * width
    return workers, scratch("dense layer", workers, depth * (width + _BLOCK) + gradients)


@parallel("f4[:, ::1], f4[:, ::1], f4[:, ::1], f4[:, ::1], f4[:, ::1]")
def _input_grad(worker, workers, arguments):
    dy, w, y, dx, memory = unpack(arguments)
    images, rows = len(dy), len(w)
    panel, sums = memory[worker, : _DEPTH * LANES], memory[worker, _DEPTH * LANES :]
    places = places_of(dy)
    first, last = _own_rows(rows, worker, workers)
    for row in range(first, last, LANES):
        wide = min(LANES, last - row)
        _multiply_rows(dy, places, w, row, wide, panel, sums)
        if len(y) > 0:
            relu_grad(sums, 0, (LANES, 0), (images, 1), wide, flat(y), flat(dx), row, (rows, 0), False)
        else:
            for n in range(images):
                copy(sums, n * LANES, flat(dx), n * rows + row, wide)


@compiled
def _multiply_rows(dy, places, w, row, wide, panel, sums):
    """sums = dy · the transpose of some rows of w, while memory is asked for the next ones."""
    (images, depth), tiles = dy.shape, tiles_of(len(dy))
    start_of_all = on_stack(np.intp, 1)
    put(start_of_all, 0, 0)
    rows = (flat(w), start_of_all, depth, 1, depth)
    ahead = (row + LANES) * depth
    clear(sums, 0, images * LANES)
    for start in range(0, depth, _DEPTH):
        deep, at = min(_DEPTH, depth - start), 0
        pack_panels(rows, start, start + deep, row * depth, wide, panel)
        for tile in range(tiles):
            ahead = _fetch(flat(w), ahead, (deep + tiles - 1) // tiles)
            high = height_of(images - at, tiles - tile)
            multiply_next(flat(dy), places, at, high, start, deep, panel, sums, at * LANES, LANES)
            at += high


@compiled
def begin(x, dy, memory, worker, workers):
    """(scratch with a copy of dy, first, last, some): a worker's rows of w, and how many to take at once."""
    (depth, columns), width = dy.shape, whole_panels(dy.shape[1])
    panels, block, gradients = _divided(memory, depth * width, depth * _BLOCK)
    start_of_all = on_stack(np.intp, 1)
    put(start_of_all, 0, 0)
    pack_panels((flat(dy), start_of_all, depth, columns, 1), 0, depth, 0, columns, panels)
    first, last = _own_rows(x.shape[1], worker, workers)
    some = max(1, min(_BLOCK, _GRADIENTS // columns) // TILE_ROWS) * TILE_ROWS
    return (panels, block, gradients), first, last, some


@compiled
def gradients_of(x, row, below, columns, factors, w, state, other):
    """(gradients, at, end): those of rows row … below − 1, which are the weights at … end − 1.

    Memory is asked for these weights and their states, and for the next columns of x.
    """
    panels, block, gradients = factors
    numbers, (depth, rows) = flat(x), x.shape
    for n in range(depth):
        copy(numbers, n * rows + row, block, n * _BLOCK, below - row)
        _fetch(numbers, n * rows + below, (below - row) // LANES + 1)
    for i in range(0, below - row, TILE_ROWS):
        spots, ahead = spaced(i, 1), (row + i) * columns
        # from the last column to the first: what a tile stores beyond a row, is stored later where it belongs
        for j in range(whole_panels(columns) - LANES, -1, -LANES):
            _fetch_tile(w, ahead)
            _fetch_tile(state, ahead)
            _fetch_tile(other, ahead)
            ahead += TILE_ROWS * LANES
            tile = zero_tile()
            for n in range(depth):
                tile = fma_tile(block, spots, n * _BLOCK, load(panels, j * depth + n * LANES), tile)
            store_tile(gradients, spaced(i * columns + j, columns), tile)
    return gradients, row * columns, below * columns


@inlined
def _fetch(array, place, lines):
    """Ask memory for some cache lines; return the place of the next one."""
    for _ in range(lines):
        prefetch(array, place)
        place += LANES
    return place


@inlined
def _fetch_tile(array, place):
    """Ask memory for as many numbers as a tile has, if there are any."""
    if len(array) > 0:
        prefetch_tile(array, spaced(place, LANES))


@compiled
def _own_rows(rows, worker, workers):
    """A worker's rows, in whole vectors of them."""
    vectors = (rows + LANES - 1) // LANES
    return vectors * worker // workers * LANES, min(rows, vectors * (worker + 1) // workers * LANES)


@compiled
def _divided(memory, first, second):
    """Three pieces of memory."""
    return memory[:first], memory[first : first + second], memory[first + second :]


def whole_panels_of(columns: int) -> int:
    """matmul.whole_panels, for Python."""
    return -(-columns // LANES) * LANES
