"""The gradients of a dense layer, row by row of the weights, which are read or changed once, as they lie in memory.

    dx[n, c] = Σ_k dy[n, k] · w[c, k]       dy times LANES rows of w, which are turned into a panel (dense_forward.py)
    dw[c, k] = Σ_n x[n, c] · dy[n, k]       columns of x times dy, of which every thread has a copy in panels

A sum is never cut: it has one order, and the same bits at any thread count. The gradients of some rows of w lie in the
cache until they are used: so an optimizer's step can change the weights without a gradient ever reaching memory
(dense_update.py). The rows themselves are there, too, if dx was computed first: one pass over the weights for both.
While some rows are multiplied, memory is asked for what will be needed next.
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
NOTHING = np.empty((0, 0), np.float32)


def suits(rows: int, depth: int, columns: int) -> bool:
    """Whether so many rows of a weight gradient are worth the copies of dy, and these fit into the cache."""
    copied = depth * (columns + LANES)
    return columns > FEW_ROWS and rows >= TILE_ROWS and 2 * rows >= max(depth, columns) and copied <= _LARGEST


def input_grad(dy: np.ndarray, w: np.ndarray, y: np.ndarray | None, dx: np.ndarray) -> np.ndarray:
    """dx = dy·wᵀ, where y > 0 if there is a y, for contiguous arrays."""
    columns, (rows, depth) = len(dy), w.shape
    workers = workers_for(rows * depth * columns // LANES)
    _input_grad(
        workers, dy, w, NOTHING if y is None else y, dx, scratch("dense layer", workers, _input_scratch(columns))
    )
    return dx


def _input_scratch(images: int) -> int:
    """Numbers that `_multiply_rows` needs."""
    return (_DEPTH + images + TILE_ROWS) * LANES


def shared(x: np.ndarray, dy: np.ndarray) -> tuple[int, np.ndarray]:
    """(workers, the scratch of each) for what begins with `begin`."""
    (depth, rows), width = x.shape, whole_panels_of(dy.shape[1])
    workers, gradients = workers_for(rows * depth * dy.shape[1] // LANES), (_BLOCK + TILE_ROWS) * width
    return workers, scratch("dense layer", workers, _input_scratch(depth) + depth * (width + _BLOCK) + gradients)


@parallel("f4[:, ::1], f4[:, ::1], f4[:, ::1], f4[:, ::1], f4[:, ::1]")
def _input_grad(worker, workers, arguments):
    dy, w, y, dx, memory = unpack(arguments)
    first, last = _own_rows(len(w), worker, workers)
    _input_gradients_of(dy, places_of(dy), flat(w), y, dx, first, last, memory[worker])


@compiled
def _input_gradients_of(dy, places, w, y, dx, row, below, memory):
    """Columns of dx, LANES at a time: all those of which the first is one of row … below − 1."""
    panel, sums = memory[: _DEPTH * LANES], memory[_DEPTH * LANES :]
    images, rows = dx.shape
    for first in range(whole_panels(row), below, LANES):
        wide = min(LANES, rows - first)
        _multiply_rows(dy, places, w, first, wide, panel, sums)
        if len(y) > 0:
            relu_grad(sums, 0, (LANES, 0), (images, 1), wide, flat(y), flat(dx), first, (rows, 0), False)
        else:
            for n in range(images):
                copy(sums, n * LANES, flat(dx), n * rows + first, wide)


@compiled
def _multiply_rows(dy, places, w, row, wide, panel, sums):
    """sums = dy · the transpose of some rows of w, while memory is asked for the next ones."""
    (images, depth), tiles = dy.shape, tiles_of(len(dy))
    start_of_all = on_stack(np.intp, 1)
    put(start_of_all, 0, 0)
    rows = (w, start_of_all, depth, 1, depth)
    ahead = (row + LANES) * depth
    clear(sums, 0, images * LANES)
    for start in range(0, depth, _DEPTH):
        deep, at = min(_DEPTH, depth - start), 0
        pack_panels(rows, start, start + deep, row * depth, wide, panel)
        for tile in range(tiles):
            ahead = _fetch(w, ahead, (deep + tiles - 1) // tiles)
            high = height_of(images - at, tiles - tile)
            multiply_next(flat(dy), places, at, high, start, deep, panel, sums, at * LANES, LANES)
            at += high


@compiled
def begin(x, dy, y, dx, memory, worker, workers):
    """(task, first, last, some): what `gradients_of` needs, a worker's rows of w, and how many to take at once.

    With a dx the input gradients are wanted, too, and masked if there is a y.
    """
    (depth, columns), width = dy.shape, whole_panels(dy.shape[1])
    panels, rest = _cut(memory, depth * width)
    block, rest = _cut(rest, depth * _BLOCK)
    start_of_all = on_stack(np.intp, 1)
    put(start_of_all, 0, 0)
    pack_panels((flat(dy), start_of_all, depth, columns, 1), 0, depth, 0, columns, panels)
    first, last = _own_rows(x.shape[1], worker, workers)
    some = max(1, min(_BLOCK, _GRADIENTS // columns) // TILE_ROWS) * TILE_ROWS
    return (x, dy, places_of(dy), y, dx, panels, block, rest), first, last, some


@compiled
def gradients_of(task, row, below, w, state, other):
    """(gradients, at, end): those of rows row … below − 1, which are the weights at … end − 1.

    Before them the input gradients, if they are wanted: a vector of them that reaches into the rows below is computed
    here, with the weights as they were. Memory is asked for the weights and their states, and for the next columns
    of x.
    """
    x, dy, places, y, dx, panels, block, rest = task
    gradients, memory = _cut(rest, (_BLOCK + TILE_ROWS) * whole_panels(dy.shape[1]))
    if len(dx) > 0:
        _input_gradients_of(dy, places, w, y, dx, row, below, memory)
        w = w[:0]  # these rows have just been read: they need not be asked for
    numbers, (depth, rows), columns = flat(x), x.shape, dy.shape[1]
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
def _cut(memory, size):
    """So much of the memory, and the rest."""
    return memory[:size], memory[size:]


def whole_panels_of(columns: int) -> int:
    """matmul.whole_panels, for Python."""
    return -(-columns // LANES) * LANES
