"""The gradients of a dense layer, row by row of the weights, which are read or changed once, as they lie in memory.

    dx[n, c] = Σ_k w[c, k] · dy[n, k]       rows of w times dyᵀ; turned on the way to dx
    dw[c, k] = Σ_n x[n, c] · dy[n, k]       columns of x times dy

Of the small factor, dy, every thread keeps a copy in panels (matmul.py). A sum is never cut: it has one order, and the
same bits at any thread count. The gradients of some rows of w lie in the cache until they are used: so an optimizer's
step can change the weights without a gradient ever reaching memory (dense_update.py). While some rows are multiplied,
memory is asked for what will be needed next.
"""

import numpy as np

from .compile import compiled, inlined
from .epilogue import relu_grad
from .matmul import copy, pack_panels, whole_panels
from .parallel import parallel, unpack, workers_for
from .scratch import scratch
from .simd import (
    LANES,
    TILE_ROWS,
    flat,
    fma_tile,
    load,
    prefetch,
    spaced,
    store_tile,
    transpose,
    zero_tile,
)

_BLOCK = 3 * LANES  # rows of w at most: whole tiles, and whole vectors of dx
_RUN = 64  # of the depth, after which memory is asked for more
_AHEAD = 1 << 12  # numbers of w
_GRADIENTS = 1 << 14  # that wait in the cache
_LARGEST = 1 << 16  # numbers of the small factor
_NO_MASK = np.empty((0, 0), np.float32)


def suits(rows: int, depth: int, columns: int) -> bool:
    """Whether so many rows of a result are worth the copies of the small factor, and these fit into the cache."""
    return rows >= TILE_ROWS and 2 * rows >= max(depth, columns) and depth * (columns + LANES) <= _LARGEST


def input_grad(dy: np.ndarray, w: np.ndarray, y: np.ndarray | None, dx: np.ndarray) -> None:
    """dx = dy·wᵀ, where y > 0 if there is a y, for contiguous arrays."""
    (rows, depth), width = w.shape, whole_panels_of(len(dy))
    workers = workers_for(rows * depth * len(dy) // LANES)
    memory = scratch("dense layer", workers, (depth + _BLOCK + TILE_ROWS + LANES) * width)
    _input_grad(workers, dy, w, _NO_MASK if y is None else y, dx, memory)


def weight_grad(x: np.ndarray, dy: np.ndarray, dw: np.ndarray) -> None:
    """dw = xᵀ·dy, for contiguous arrays."""
    workers, memory = shared(x, dy)
    _weight_grad(workers, x, dy, dw, memory)


def shared(x: np.ndarray, dy: np.ndarray) -> tuple[int, np.ndarray]:
    """(workers, the scratch of each) for what begins with `begin`."""
    (depth, rows), width = x.shape, whole_panels_of(dy.shape[1])
    workers, gradients = workers_for(rows * depth * dy.shape[1] // LANES), (_BLOCK + TILE_ROWS) * width
    return workers, scratch("dense layer", workers, depth * (width + _BLOCK) + gradients)


@parallel("f4[:, ::1], f4[:, ::1], f4[:, ::1], f4[:, ::1], f4[:, ::1]")
def _input_grad(worker, workers, arguments):
    dy, w, y, dx, memory = unpack(arguments)
    (columns, depth), width, rows = dy.shape, whole_panels(len(dy)), len(w)
    panels, block, turned = _divided(memory[worker], depth * width, (_BLOCK + TILE_ROWS) * width)
    front = TILE_ROWS * width  # a tile that ends with the last row may begin before the block
    pack_panels((flat(dy), np.zeros(1, np.intp), depth, 1, depth), 0, depth, 0, columns, panels)
    first, last = _own_rows(rows, worker, workers)
    for row in range(first, last, _BLOCK):
        below = min(row + _BLOCK, last)
        for top in range(row, below, TILE_ROWS):
            top = min(top, rows - TILE_ROWS)
            _multiply_rows(flat(w), top * depth, depth, panels, width, block, front + (top - row) * width)
        for top in range(row, below, LANES):
            for j in range(0, width, LANES):
                transpose(block, front + (top - row) * width + j, width, turned, j * LANES)
            wide = min(LANES, below - top)
            if len(y) > 0:
                relu_grad(turned, 0, (LANES, 0), (columns, 1), wide, flat(y), flat(dx), top, (rows, 0), False)
            else:
                for n in range(columns):
                    copy(turned, n * LANES, flat(dx), n * rows + top, wide)


@compiled
def _multiply_rows(w, at, depth, panels, width, block, place):
    """block = w · panels for the rows of a tile."""
    rows, lines = spaced(at, depth), (TILE_ROWS * _RUN + width - 1) // width
    ahead = at + max(TILE_ROWS * depth, _AHEAD)
    for j in range(0, width, LANES):
        tile = zero_tile()
        for start in range(0, depth, _RUN):
            ahead = _fetch(w, ahead, lines)
            for d in range(start, min(start + _RUN, depth)):
                tile = fma_tile(w, rows, d, load(panels, j * depth + d * LANES), tile)
        store_tile(block, spaced(place + j, width), tile)


@parallel("f4[:, ::1], f4[:, ::1], f4[::1], f4[:, ::1]")
def _weight_grad(worker, workers, arguments):
    x, dy, dw, memory = unpack(arguments)
    factors, first, last, some = begin(x, dy, memory[worker], worker, workers)
    for row in range(first, last, some):
        gradients, at, end = gradients_of(x, row, min(row + some, last), dy.shape[1], factors, dw, dw[:0], dw[:0])
        copy(gradients, 0, dw, at, end - at)


@compiled
def begin(x, dy, memory, worker, workers):
    """(scratch with a copy of dy, first, last, some): a worker's rows of w, and how many to take at once."""
    (depth, columns), width = dy.shape, whole_panels(dy.shape[1])
    panels, block, gradients = _divided(memory, depth * width, depth * _BLOCK)
    pack_panels((flat(dy), np.zeros(1, np.intp), depth, columns, 1), 0, depth, 0, columns, panels)
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
    lines = (TILE_ROWS * columns + whole_panels(columns) - 1) // whole_panels(columns)
    for i in range(0, below - row, TILE_ROWS):
        spots, ahead = spaced(i, 1), (row + i) * columns
        # from the last column to the first: what a tile stores beyond a row, is stored later where it belongs
        for j in range(whole_panels(columns) - LANES, -1, -LANES):
            for array in (w, state, other):
                if len(array) > 0:
                    _fetch(array, ahead, lines)
            ahead += lines * LANES
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
