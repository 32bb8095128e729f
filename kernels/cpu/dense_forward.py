"""The product of a dense layer, y = x·w + b, for which every weight is read once, as it lies in memory.

    block    some rows and columns of y: one task of one thread, whose sums stay in the L2 cache
    chunk    DEPTH rows of w: while one is multiplied, memory is asked for the next
    panel    LANES columns of a chunk: the first tile that reads them puts them side by side for the others
    tile     at most TILE_ROWS rows of x times a panel, in registers (simd.py)

A small batch has too few results to keep many threads busy: then the sums are cut into pieces, which depend on nothing
but the shape and are added in order. So every number is summed in one order: the same bits at any thread count.
"""

import numpy as np

from .compile import compiled, inlined
from .matmul import block_grid, copy, whole_panels
from .memory import empty
from .parallel import parallel, unpack, workers_for
from .scratch import scratch
from .simd import (
    LANES,
    TILE_ROWS,
    add,
    filled,
    flat,
    fma_tile,
    get,
    listed,
    load,
    load_tile,
    maximum,
    prefetch_tile,
    put,
    spaced,
    store,
    store_tile,
    zeros,
)

_CHUNK = 1 << 15  # numbers: the next chunk, beside it in the cache, is on its way
_DEPTH, _COLUMNS = 16 * LANES, 32 * LANES  # of a chunk, at most
_ROWS = 20 * TILE_ROWS  # of a block, at most
_HIGH, _LOWER, _LOWEST = TILE_ROWS, TILE_ROWS - 1, TILE_ROWS - 2  # tiles: most numbers of rows are a sum of these
_PIECES = 8  # at most
_FEWEST = 256  # of the depth, in a piece
_PIECE_RESULT = 32  # multiplications that take as long as adding up one more piece of a result
_NOTHING = np.empty(0, np.float32)


def forward(x: np.ndarray, w: np.ndarray, b: np.ndarray | None, floor: float = -np.inf) -> np.ndarray:
    """max(x·w + b, floor) for contiguous x and w; a NaN stays.

    >>> x, w = np.array([[1, 2]], np.float32), np.array([[3, -3], [4, -4]], np.float32)
    >>> forward(x, w, np.array([1, 1], np.float32), floor=0.0)
    array([[12.,  0.]], dtype=float32)
    """
    (rows, depth), columns = x.shape, w.shape[1]
    pieces = max(1, min(_PIECES, depth // _FEWEST, depth // (_PIECE_RESULT * rows)))
    y = empty((rows, columns))
    sums = y[None] if pieces == 1 else empty((pieces, rows, columns))
    workers = workers_for(rows * columns * depth // LANES)
    memory = scratch("dense layer", workers, LANES * _DEPTH + (_ROWS + TILE_ROWS) * _COLUMNS)
    _multiply(workers, x, w, _NOTHING if b is None else b, sums, floor if pieces == 1 else -np.inf, memory)
    if pieces > 1:
        _add_up(workers_for(sums.size), sums, floor, y)
    return y


@parallel("f4[:, ::1], f4[:, ::1], f4[::1], f4[:, :, ::1], f8, f4[:, ::1]")
def _multiply(worker, workers, arguments):
    """sums[i] = x · w over piece i of the depth; the first piece also has the bias."""
    x, w, bias, sums, floor, memory = unpack(arguments)
    pieces, rows, columns = sums.shape
    height, down, width, across = block_grid(rows, columns, pieces, workers)
    for task in range(worker, pieces * down * across, workers):
        piece, place = divmod(task, down * across)
        top, left = place // across * height, place % across * width
        below, behind = min(top + height, rows), min(left + width, columns)
        depths = len(w) * piece // pieces, len(w) * (piece + 1) // pieces
        begin = bias if piece == 0 else bias[:0]
        for row in range(top, below, _ROWS):
            for column in range(left, behind, _COLUMNS):
                block = row, min(row + _ROWS, below), column, min(column + _COLUMNS, behind)
                _multiply_block(x, w, depths, block, begin, np.float32(floor), sums[piece], memory[worker])


@compiled
def _multiply_block(x, w, depths, block, bias, floor, out, memory):
    """A block (row, below, column, behind) of max(x·w + bias, floor) over a part of the depth."""
    row, below, column, behind = block
    panel, sums = memory[: LANES * _DEPTH], memory[LANES * _DEPTH :]
    x, rows, width = x[row:below], below - row, behind - column
    step, places = whole_panels(width), places_of(x)
    for i in range(rows):
        _begin_row(sums, i * step, step, bias, column, width)
    deep = min(_DEPTH, _CHUNK // step)
    for start in range(depths[0], depths[1], deep):
        depth = min(deep, depths[1] - start)
        _multiply_chunk(flat(x), places, rows, flat(w), w.shape[1], start, depth, column, width, panel, sums)
    for i in range(rows):
        _raise_row(sums, i * step, floor, flat(out), (row + i) * w.shape[1] + column, width)


@compiled
def places_of(x):
    """Where the rows of x begin; a tile that has no more rows repeats the last one."""
    places = np.empty(len(x) + TILE_ROWS, np.intp)
    for i in range(len(places)):
        places[i] = min(i, len(x) - 1) * x.shape[1]
    return places


@compiled
def tiles_of(rows):
    return (rows + TILE_ROWS - 1) // TILE_ROWS


@compiled
def height_of(rows, tiles):
    """How many of the rows the first of so many tiles takes; at least the lowest, of which some may be repetitions."""
    return max(_LOWEST, (rows + tiles - 1) // tiles)


@compiled
def _begin_row(sums, at, step, bias, column, width):
    """A row of the bias, or of zeros if there is none."""
    for j in range(at, at + step, LANES):
        store(sums, j, zeros())
    if len(bias) > 0:
        copy(bias, column, sums, at, width)


@compiled
def _raise_row(sums, at, floor, out, place, width):
    """out = max(sums, floor)."""
    whole = width // LANES * LANES
    for j in range(0, whole, LANES):
        store(out, place + j, maximum(filled(floor), load(sums, at + j)))
    for j in range(whole, width):
        number = get(sums, at + j)
        put(out, place + j, floor if number < floor else number)


@compiled
def _multiply_chunk(x, places, rows, w, columns, start, depth, column, width, panel, sums):
    """sums += x · w for rows start … start + depth − 1 of w."""
    step, tiles = whole_panels(width), tiles_of(rows)
    lines = (depth + tiles - 1) // tiles
    ahead = (start + depth) * columns + column
    edge = ahead + width
    for j in range(0, width, LANES):
        at, wide = start * columns + column + j, min(LANES, width - j)
        if wide < LANES:
            _pack_edge(w, at, columns, depth, wide, panel)
        row = 0
        for tile in range(tiles):
            for _ in range(0, lines, TILE_ROWS):
                prefetch_tile(w, spaced(ahead, LANES))
                ahead += TILE_ROWS * LANES
                if ahead >= edge:
                    ahead, edge = edge + columns - width, edge + columns
            high = height_of(rows - row, tiles - tile)
            if tile == 0 and wide == LANES:
                _multiply_first(x, places, row, high, start, w, at, columns, depth, panel, sums, row * step + j, step)
            else:
                multiply_next(x, places, row, high, start, depth, panel, sums, row * step + j, step)
            row += high


@compiled
def _pack_edge(w, at, columns, depth, wide, panel):
    """The last columns, side by side; whatever lies beside them."""
    for d in range(depth):
        for j in range(wide):
            put(panel, d * LANES + j, get(w, at + d * columns + j))


@compiled
def _multiply_first(x, places, row, high, start, w, at, columns, depth, panel, sums, place, step):
    if high == _HIGH:
        rows, spots = listed(places, row, _HIGH), spaced(place, step, _HIGH)
        _pack_tile(x, rows, start, w, at, columns, depth, panel, sums, spots)
    elif high == _LOWER:
        rows, spots = listed(places, row, _LOWER), spaced(place, step, _LOWER)
        _pack_tile(x, rows, start, w, at, columns, depth, panel, sums, spots)
    else:
        rows, spots = listed(places, row, _LOWEST), spaced(place, step, _LOWEST)
        _pack_tile(x, rows, start, w, at, columns, depth, panel, sums, spots)


@compiled
def multiply_next(x, places, row, high, start, depth, panel, sums, place, step):
    """sums += x · panel for the tile of the rows from `row` on, and numbers `start` … of each."""
    if high == _HIGH:
        _add_tile(x, listed(places, row, _HIGH), start, depth, panel, sums, spaced(place, step, _HIGH))
    elif high == _LOWER:
        _add_tile(x, listed(places, row, _LOWER), start, depth, panel, sums, spaced(place, step, _LOWER))
    else:
        _add_tile(x, listed(places, row, _LOWEST), start, depth, panel, sums, spaced(place, step, _LOWEST))


@inlined
def _pack_tile(x, rows, start, w, at, columns, depth, panel, sums, spots):
    """sums += x · w for a tile; the columns of w are copied side by side."""
    tile = load_tile(sums, spots)
    for d in range(depth):
        b = load(w, at + d * columns)
        store(panel, d * LANES, b)
        tile = fma_tile(x, rows, start + d, b, tile)
    store_tile(sums, spots, tile)


@inlined
def _add_tile(x, rows, start, depth, panel, sums, spots):
    """sums += x · panel for a tile."""
    tile = load_tile(sums, spots)
    for d in range(depth):
        tile = fma_tile(x, rows, start + d, load(panel, d * LANES), tile)
    store_tile(sums, spots, tile)


@parallel("f4[:, :, ::1], f8, f4[:, ::1]")
def _add_up(worker, workers, arguments):
    """y = max(Σ_i sums[i], floor)."""
    sums, floor, y = unpack(arguments)
    size, numbers, results = y.size, flat(sums), flat(y)
    first, end = size * worker // workers, size * (worker + 1) // workers
    whole = first + (end - first) // LANES * LANES
    for i in range(first, whole, LANES):
        total = load(numbers, i)
        for piece in range(1, len(sums)):
            total = add(total, load(numbers, piece * size + i))
        store(results, i, maximum(filled(np.float32(floor)), total))
    for i in range(whole, end):
        number = get(numbers, i)
        for piece in range(1, len(sums)):
            number += get(numbers, piece * size + i)
        put(results, i, np.float32(floor) if number < floor else number)
