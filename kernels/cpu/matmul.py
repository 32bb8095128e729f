"""Matrix products out of one register tile: the arithmetic of dense layers and convolutions.

A product a·b is cut until its pieces fit the machine:

    block   rows × columns of the result: one task of one thread
    panel   LANES columns of b, at most DEPTH of the depth (the summed index): in the L1 cache; up to 64 panels side
            by side are copied at once
    slab    some rows of a, as deep as the panels: in the L2 cache
    tile    TILE_ROWS rows × LANES columns of the result: in registers

Slab and panels are scratch, padded to whole tiles; rows of `a` that follow each other, and are summed at once, need no
slab. Tiles are written to where the result is wanted, but for those at its edges, of which only a part is copied there.
Every number of the result is summed in the same order, however the blocks fall: the same bits at any thread count.
Source: Goto & van de Geijn, "Anatomy of high-performance matrix multiplication" (2008).
"""

import numpy as np

from .compile import compiled, inlined
from .elementwise import transposed
from .memory import empty
from .parallel import parallel, unpack, workers_for
from .scratch import scratch
from .simd import (
    LANES,
    TILE_ROWS,
    add,
    beyond,
    broadcast,
    flat,
    fma,
    fma_tile,
    get,
    load,
    load_tile,
    on_stack,
    prefetch_tile,
    put,
    spaced,
    store,
    store_tile,
    total,
    transpose,
    zeros,
)
from .sums import sum_parts

DEPTH = (1 << 12) // LANES  # a panel takes 16 KB
SLAB_ROWS = (15 << 12) // DEPTH // TILE_ROWS * TILE_ROWS  # a slab takes 240 KB
PANELS = 64 * LANES  # columns
SLAB_SIZE, PANELS_SIZE, EDGE_SIZE = (
    SLAB_ROWS * DEPTH + LANES * (SLAB_ROWS // TILE_ROWS),
    DEPTH * PANELS,
    TILE_ROWS * LANES,
)
SCRATCH = SLAB_SIZE + PANELS_SIZE + EDGE_SIZE
_GROUP = 8 * LANES  # columns that are copied at once
_ROWS, _FEWEST_TILES = 1 << 12, 4  # numbers of rows that are read where they lie for all panels, and tiles of them
_RESULT = 16  # multiplications that take as long as writing a number of the result
COPY = 16  # multiplications that take as long as copying a number
NARROW = 2  # columns: too few for a tile
FEW_ROWS = 4
_STRETCH = 512  # columns of a task of few rows
_AT_ONCE = 8  # rows of b that _add_rows adds
_ENOUGH_BLOCKS, _BLOCK_ROWS, _BLOCK_COLUMNS = 8, 48, 64  # so many of this size, if a long sum is not to be cut


def padded_bias(bias: np.ndarray | None, columns: int, pieces: int = 1) -> np.ndarray:
    """What each piece of a sum begins with: the first one with the bias, if there is any, the others with zeros.

    Vectors of it can be loaded from any place.
    """
    numbers = empty((pieces, columns + LANES))
    _pad_bias(1, _NO_BIAS if bias is None else bias, numbers)
    return numbers


_NO_BIAS = np.empty(0, np.float32)


@parallel("f4[::1], f4[:, ::1]")
def _pad_bias(worker, workers, arguments):
    bias, numbers = unpack(arguments)
    clear(flat(numbers), len(bias), numbers.size - len(bias))
    copy(bias, 0, flat(numbers), 0, len(bias))


@compiled
def divide_scratch(memory):
    """(slab, panels, edge, what is left). Rows beyond the last one hold leftovers, which no result ever sees."""
    edge = SLAB_SIZE + PANELS_SIZE
    return memory[:SLAB_SIZE], memory[SLAB_SIZE:edge], memory[edge : edge + EDGE_SIZE], memory[edge + EDGE_SIZE :]


@compiled
def copy(source, start, target, place, count):
    """target[place …] = source[start …]: a vector at a time, the last of which overlaps the one before."""
    if count >= LANES:
        for i in range(0, count - LANES, LANES):
            store(target, place + i, load(source, start + i))
        store(target, place + count - LANES, load(source, start + count - LANES))
    else:
        for i in range(count):
            put(target, place + i, get(source, start + i))


@compiled
def clear(target, place, count):
    for i in range(place, place + count):
        put(target, i, np.float32(0))


@compiled
def multiply_tile(a, at, row_step, depth_step, panels, panel, depth, begin, first, begin_step, out, place, out_step):
    """out[i, j] = begin[i, j] + Σ_d a[i, d] · panels[panel, d, j] for the rows and columns of a tile.

    Memory is asked for the lines of the result first: stores that have to wait for them would stand in a queue.
    """
    prefetch_tile(out, spaced(place + LANES - 1, out_step))
    rows, sums = spaced(at, row_step), load_tile(begin, spaced(first, begin_step))
    for d in range(depth):
        sums = fma_tile(a, rows, d * depth_step, load(panels, panel + d * LANES), sums)
    store_tile(out, spaced(place, out_step), sums)


@compiled
def multiply_slab(
    slab, tile_step, row_step, depth_step, rows, panels, depth, columns, overlap, bias, at, out, place, step, edge
):
    """out = bias + slab · panels if there is a bias (at ≥ 0, where its first number lies), else out += slab · panels.

    The result's first number lies at `place`, its next row `step` further. The last panel may overlap the one before.
    """
    for j in range(0, columns, LANES):
        left = min(j, columns - LANES) if overlap else j
        wide = min(LANES, columns - left)
        for i in range(0, rows, TILE_ROWS):
            high, corner = min(TILE_ROWS, rows - i), place + i * step + left
            whole = high == TILE_ROWS and wide == LANES
            tile, spot, tile_row = (out, corner, step) if whole else (edge, 0, LANES)
            begin, first, begin_step = (bias, at + left, 0) if at >= 0 else (tile, spot, tile_row)
            if not whole and at < 0:
                for row in range(high):
                    copy(out, corner + row * step, edge, row * LANES, wide)
            multiply_tile(
                slab, i // TILE_ROWS * tile_step, row_step, depth_step, panels, j * depth, depth,
                begin, first, begin_step, tile, spot, tile_row,
            )  # fmt: skip
            if not whole:
                for row in range(high):
                    copy(edge, row * LANES, out, corner + row * step, wide)


@compiled
def pack_panels(b, start, end, origin, columns, panels):
    """panels[j // L, d, j % L] = b[start + d, j] for the columns from `origin` on, L = LANES; beyond the last, zeros.

    Rows are read as they lie, so that the next numbers are on their way from memory before they are asked for, but
    not more of one than there are panels that the L1 cache can take numbers for.
    """
    data, starts, run, row_step, column_step = b
    depth, whole = end - start, columns // LANES * LANES
    if whole < columns:
        clear(panels, whole * depth, LANES * depth)
    for i in range(start // run, (end - 1) // run + 1):
        first, last = max(start, i * run), min(end, (i + 1) * run)
        at, place = origin + starts[i] + (first - i * run) * row_step, (first - start) * LANES
        if column_step == 1:
            for group in range(0, whole, _GROUP):
                for d in range(last - first):
                    for j in range(group, min(group + _GROUP, whole), LANES):
                        store(panels, j * depth + place + d * LANES, load(data, at + d * row_step + j))
        else:
            for j in range(0, whole, LANES):
                _transpose(data, at + j * column_step, row_step, column_step, last - first, panels, j * depth + place)
        for d in range(last - first):
            for j in range(whole, columns):
                value = get(data, at + d * row_step + j * column_step)
                put(panels, whole * depth + place + d * LANES + j - whole, value)


@compiled
def _transpose(data, at, row_step, column_step, rows, panels, place):
    """LANES columns, in each of which the rows lie side by side, unless row_step says otherwise."""
    whole = rows // LANES * LANES if row_step == 1 else 0
    for d in range(0, whole, LANES):
        transpose(data, at + d, column_step, panels, place + d * LANES)
    for d in range(whole, rows):
        for j in range(LANES):
            put(panels, place + d * LANES + j, get(data, at + d * row_step + j * column_step))


@inlined
def dot(a, at, b, place, depth):
    """Σ_d a[at + d] · b[place + d], a vector of products at a time."""
    even, odd = zeros(), zeros()
    whole = depth // (2 * LANES) * (2 * LANES)
    for d in range(0, whole, 2 * LANES):
        even = fma(load(a, at + d), load(b, place + d), even)
        odd = fma(load(a, at + d + LANES), load(b, place + d + LANES), odd)
    if depth - whole >= LANES:
        even = fma(load(a, at + whole), load(b, place + whole), even)
        whole += LANES
    product = total(add(even, odd))
    for d in range(whole, depth):
        product += get(a, at + d) * get(b, place + d)
    return product


@compiled
def padded(rows):
    """The rows of whole tiles."""
    return (rows + TILE_ROWS - 1) // TILE_ROWS * TILE_ROWS


@compiled
def whole_panels(columns):
    """The columns of whole panels."""
    return (columns + LANES - 1) // LANES * LANES


@compiled
def block_grid(rows, columns, results, workers):
    """(height, down, width, across): how so many results of one shape are cut into blocks for so many workers.

    A block multiplies height · width pairs of numbers for every height + width that it copies, and whoever has the
    most blocks is the last to finish. No block is higher than the result, or to cut a few rows off it would look cheap
    and copy all of b twice. What a number is the sum of, and in which order, does not depend on the cut.
    """
    grid, least = (rows, 1, columns, 1), np.inf
    for across in range(1, workers + 1):
        width = whole_panels((columns + across - 1) // across)
        fewest_turns = (results * across + workers - 1) // workers
        for turns in range(fewest_turns, fewest_turns + 2):
            height = min(rows, padded((rows * results * across + turns * workers - 1) // (turns * workers)))
            time = turns * (height * width + COPY * (height + width))
            if time < least:
                grid, least = (height, (rows + height - 1) // height, width, (columns + width - 1) // width), time
    return grid


def pieces_of(depth: int, rows: int, columns: int, results: int = 1) -> int:
    """Into how many pieces to cut a long sum, where the results alone have too few blocks for the threads.

    The pieces are summed in order, so this depends on nothing but the shape.
    """
    if depth < 4 * DEPTH:
        return 1
    blocks = results * -(-rows // _BLOCK_ROWS) * -(-columns // _BLOCK_COLUMNS)
    return max(1, min(_ENOUGH_BLOCKS // max(1, blocks), depth // (2 * DEPTH)))


def matmul(a: np.ndarray, b: np.ndarray, out: np.ndarray, bias: np.ndarray | None = None) -> np.ndarray:
    """out = a · b + bias, for matrices that are contiguous or the transpose of a contiguous one.

    >>> a = np.array([[1, 2], [3, 4]], np.float32)
    >>> matmul(a, a.T, np.empty((2, 2), np.float32), np.array([0, 1], np.float32))
    array([[ 5., 12.],
           [11., 26.]], dtype=float32)
    """
    (rows, depth), columns = a.shape, b.shape[1]
    if rows == 0 or depth == 0 or columns == 0:
        out[...] = 0 if bias is None else bias
        return out
    workers = workers_for(rows * columns * (depth + _RESULT) // LANES)
    if columns <= NARROW and a.flags.c_contiguous:
        _multiply_few_columns(workers, a, transposed(b), padded_bias(bias, columns), out)
        return out
    if rows <= NARROW and not b.flags.c_contiguous and bias is None:
        return matmul(b.T, a.T, out.T).T  # dot products as well
    pieces = pieces_of(depth, rows, columns)
    bias = padded_bias(bias, columns, pieces)
    sums = out[None] if pieces == 1 else empty((pieces, rows, columns))
    if rows <= FEW_ROWS and b.flags.c_contiguous:
        _multiply_few_rows(workers, transposed(a.T), b, bias, sums)
    else:
        _multiply(workers, a, b, bias, sums, scratch("matrix product", workers, SCRATCH))
    if pieces > 1:
        sum_parts(sums, out)
    return out


@parallel("f4[:, :], f4[:, :], f4[::1], f4[:, :, ::1], f4[:, ::1]")
def _multiply(worker, workers, arguments):
    """sums[i] = a · b over piece i of the depth; the first piece also has the bias, the others its zeros."""
    a, b, bias, sums, memory = unpack(arguments)
    pieces, rows, columns = sums.shape
    height, down, width, across = block_grid(rows, columns, pieces, workers)
    for task in range(worker, pieces * down * across, workers):
        piece, place = divmod(task, down * across)
        row, column = place // across * height, place % across * width
        behind = min(column + width, columns)
        for first in range(column, behind, PANELS):
            block = piece, row, min(row + height, rows), first, min(first + PANELS, behind)
            _multiply_block(a, b, bias, sums, block, memory[worker])


@compiled
def _multiply_block(a, b, bias, sums, block, memory):
    """A block (piece, row, below, column, behind) of the result, which ends before row `below` and column `behind`."""
    piece, row, below, column, behind = block
    slab, panels, edge, _ = divide_scratch(memory)
    pieces, rows, columns = sums.shape
    a_row, a_depth = a.strides[0] // a.itemsize, a.strides[1] // a.itemsize
    depth, b_depth, b_column = len(b), b.strides[0] // b.itemsize, b.strides[1] // b.itemsize
    start_of_all = on_stack(np.intp, 1)
    put(start_of_all, 0, 0)
    matrix = flat(b), start_of_all, depth, b_depth, b_column
    begin, last = depth * piece // pieces, depth * (piece + 1) // pieces
    overlap = last - begin <= DEPTH and behind - column >= LANES  # what is summed at once may be computed twice
    for start in range(begin, last, DEPTH):
        end = min(start + DEPTH, last)
        whole = (behind - column) // LANES * LANES if overlap else behind - column
        pack_panels(matrix, start, end, column * b_column, whole, panels)
        if column + whole < behind:
            pack_panels(matrix, start, end, (behind - LANES) * b_column, LANES, beyond(panels, whole * (end - start)))
        at = piece * (columns + LANES) + column if start == begin else -1
        product = panels, end - start, behind - column, overlap, bias, at, flat(sums)
        packed = row
        if a_depth == 1 and depth <= DEPTH:  # rows that follow each other are read where they lie
            packed = row + (below - row) // TILE_ROWS * TILE_ROWS
            some = max(_FEWEST_TILES, _ROWS // depth // TILE_ROWS) * TILE_ROWS
            for i in range(row, packed, some):
                place, steps = (piece * rows + i) * columns + column, (TILE_ROWS * a_row, a_row, 1)
                multiply_slab(beyond(flat(a), i * a_row), *steps, min(some, packed - i), *product, place, columns, edge)
        for i in range(packed, below, SLAB_ROWS):
            high, place = min(SLAB_ROWS, below - i), (piece * rows + i) * columns + column
            steps = _pack_slab(flat(a), a_row, a_depth, i * a_row + start * a_depth, high, end - start, slab)
            multiply_slab(slab, *steps, high, *product, place, columns, edge)


@parallel("f4[:, ::1], f4[:, ::1], f4[::1], f4[:, :]")
def _multiply_few_columns(worker, workers, arguments):
    """Dot products of the rows of a, which are read once and never copied, with a few columns."""
    a, columns, bias, out = unpack(arguments)
    rows, depth = a.shape
    first, last = rows * worker // workers, rows * (worker + 1) // workers
    for j in range(len(columns)):
        for i in range(first, last):
            out[i, j] = dot(flat(a), i * depth, flat(columns), j * depth, depth) + bias[j]


@parallel("f4[:, ::1], f4[:, ::1], f4[::1], f4[:, :, ::1]")
def _multiply_few_rows(worker, workers, arguments):
    """sums[i] = a · b over piece i of the depth, for so few rows that copying b would take longer than the product."""
    a, b, bias, sums = unpack(arguments)
    pieces, rows, columns = sums.shape
    depth, factors, numbers, results = len(b), flat(a), flat(b), flat(sums)
    stretches = (columns + _STRETCH - 1) // _STRETCH
    for task in range(worker, pieces * stretches, workers):
        piece, stretch = divmod(task, stretches)
        first = stretch * _STRETCH
        count = min(_STRETCH, columns - first)
        for i in range(rows):
            place = (piece * rows + i) * columns + first
            copy(bias, piece * (columns + LANES) + first, results, place, count)
        start, end = depth * piece // pieces, depth * (piece + 1) // pieces
        for i in range(rows):
            place = (piece * rows + i) * columns + first
            for d in range(start, end, _AT_ONCE):
                at, factor = d * columns + first, i * depth + d
                if end - d >= _AT_ONCE:
                    _add_rows(factors, factor, numbers, at, columns, results, place, count)
                else:
                    for e in range(end - d):
                        _add_row(factors, factor + e, numbers, at + e * columns, results, place, count)


@compiled
def _add_rows(a, factors, b, start, step, target, place, count):
    """target[place …] += Σ_e a[factors + e] · b[start + e·step …] over _AT_ONCE rows of b."""
    whole = count // LANES * LANES
    for j in range(0, whole, LANES):
        at = start + j
        even, odd = load(target, place + j), zeros()
        for e in range(0, _AT_ONCE, 2):
            even = fma(broadcast(a, factors + e), load(b, at + e * step), even)
            odd = fma(broadcast(a, factors + e + 1), load(b, at + (e + 1) * step), odd)
        store(target, place + j, add(even, odd))
    for j in range(whole, count):
        number = get(target, place + j)
        for e in range(_AT_ONCE):
            number += get(a, factors + e) * get(b, start + e * step + j)
        put(target, place + j, number)


@compiled
def _add_row(a, factor, b, start, target, place, count):
    """target[place …] += a[factor] · b[start …]."""
    whole = count // LANES * LANES
    for j in range(0, whole, LANES):
        store(target, place + j, fma(broadcast(a, factor), load(b, start + j), load(target, place + j)))
    for j in range(whole, count):
        put(target, place + j, get(target, place + j) + get(a, factor) * get(b, start + j))


@compiled
def _pack_slab(a, row_step, depth_step, at, rows, depth, slab):
    """Copy a part of `a` along its contiguous axis; return the (tile, row, depth) steps of the copy."""
    if depth_step == 1:
        for i in range(rows):
            copy(a, at + i * row_step, slab, i * depth, depth)
        return TILE_ROWS * depth, depth, 1
    tile_step = TILE_ROWS * depth + LANES  # no tile is higher than a vector is wide: the next one covers the rest
    whole = (rows - LANES) // TILE_ROWS if rows >= LANES else 0
    for d in range(depth):
        for tile in range(whole):
            store(slab, tile * tile_step + d * TILE_ROWS, load(a, at + d * depth_step + tile * TILE_ROWS))
        for i in range(whole * TILE_ROWS, rows):
            put(slab, i // TILE_ROWS * tile_step + d * TILE_ROWS + i % TILE_ROWS, get(a, at + d * depth_step + i))
    return tile_step, 1, TILE_ROWS
