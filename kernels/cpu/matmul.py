"""Matrix products out of one register tile: the arithmetic of dense layers and convolutions.

A product a·b is cut until its pieces fit the machine:

    block   at most 240 rows × 512 columns of the result: one task of one thread
    slab    at most 256 of the depth (the summed index) of a, for the rows of one block: in the L2 cache
    panel   16 columns of b, as deep as the slab, eight side by side: in the L1 cache, one after the other
    tile    6 rows × 16 columns of the result: in registers

Slab, panels and block are scratch, padded to whole tiles, so that no tile has an edge; the edges are cut off when a
finished block is copied out. A block holds its panels one after the other: [column // 16, row, column % 16].
Every number of the result is summed slab after slab, however the blocks fall: the same bits at any thread count.
Source: Goto & van de Geijn, "Anatomy of high-performance matrix multiplication" (2008).
"""

import threading

import numpy as np

from .compile import compiled
from .parallel import parallel, unpack, workers_for
from .simd import LANES, add, broadcast, flat, fma, get, lane_of, load, put, store, total, transpose, zeros

TILE_ROWS = 6  # a tile of 6 × 16 numbers fills twelve of AVX2's sixteen registers
BLOCK_ROWS, MIN_BLOCK_ROWS = 40 * TILE_ROWS, 8 * TILE_ROWS
BLOCK_COLUMNS, MIN_BLOCK_COLUMNS = 32 * LANES, 4 * LANES
PANELS = 8 * LANES  # columns
SLAB = 256
SLAB_SIZE, PANELS_SIZE, BLOCK_SIZE = BLOCK_ROWS * SLAB, SLAB * PANELS, BLOCK_ROWS * BLOCK_COLUMNS
NARROW = 2  # columns: too few for a tile
MIN_DOT = 48  # numbers that make a dot product worth its last steps
FEW_ROWS = 4
_TINY, _TINY_VECTOR = 1 << 17, 1 << 13  # multiplications that NumPy's BLAS does at once and without waking its threads
_STRETCH = 512  # columns of a task of few rows
_AT_ONCE = 8  # rows of b that _add_rows adds
_ENOUGH_BLOCKS = 8
_NO_BIAS = np.empty(0, np.float32)


_kept = threading.local()


def scratch(workers: int) -> np.ndarray:
    """Memory for the slab, the panels and the block of each worker, kept between calls: fresh pages are slow.

    Every thread that calls kernels has its own.
    """
    if len(getattr(_kept, "scratch", ())) < workers:
        _kept.scratch = np.zeros((workers, SLAB_SIZE + PANELS_SIZE + BLOCK_SIZE), np.float32)
    return _kept.scratch


@compiled
def divide_scratch(memory):
    """(slab, panels, block). Rows beyond the last one hold leftovers, which no result ever sees."""
    return memory[:SLAB_SIZE], memory[SLAB_SIZE : SLAB_SIZE + PANELS_SIZE], memory[SLAB_SIZE + PANELS_SIZE :]


@compiled
def copy(source, start, target, place, count):
    """target[place …] = source[start …]: a vector at a time, then one number at a time."""
    whole = count // LANES * LANES
    for i in range(0, whole, LANES):
        store(target, place + i, load(source, start + i))
    for i in range(whole, count):
        put(target, place + i, get(source, start + i))


@compiled
def clear(target, place, count):
    for i in range(place, place + count):
        put(target, i, np.float32(0))


@compiled
def multiply_tile(a, at, row_step, depth_step, panels, panel, depth, block, place):
    """block[i, j] += Σ_d a[i, d] · panels[panel, d, j] for the tile of the block that begins at `place`."""
    r0 = load(block, place)
    r1 = load(block, place + LANES)
    r2 = load(block, place + 2 * LANES)
    r3 = load(block, place + 3 * LANES)
    r4 = load(block, place + 4 * LANES)
    r5 = load(block, place + 5 * LANES)
    for d in range(depth):
        b = load(panels, panel + d * LANES)
        r0 = fma(broadcast(a, at), b, r0)
        r1 = fma(broadcast(a, at + row_step), b, r1)
        r2 = fma(broadcast(a, at + 2 * row_step), b, r2)
        r3 = fma(broadcast(a, at + 3 * row_step), b, r3)
        r4 = fma(broadcast(a, at + 4 * row_step), b, r4)
        r5 = fma(broadcast(a, at + 5 * row_step), b, r5)
        at += depth_step
    store(block, place, r0)
    store(block, place + LANES, r1)
    store(block, place + 2 * LANES, r2)
    store(block, place + 3 * LANES, r3)
    store(block, place + 4 * LANES, r4)
    store(block, place + 5 * LANES, r5)


@compiled
def multiply_slab(slab, row_step, depth_step, rows, b, start, end, origin, columns, panels, block):
    """block += slab · b for rows start … end − 1 of b and some of its columns, the first of which lies at `origin`.

    b is (data, starts, run, row_step, column_step): its rows come in runs of `run` rows, which begin at `starts`.
    """
    depth = end - start
    if columns <= NARROW and (row_step == 1 or depth >= MIN_DOT):
        _pack_columns(b, start, end, origin, columns, panels)
        for j in range(columns):
            if depth_step == 1:
                _add_dots(slab, row_step, rows, panels, j * depth, depth, block, j)
            else:
                _add_weighted(slab, depth_step, rows, panels, j * depth, depth, block, j)
        return
    for first in range(0, columns, PANELS):
        width = min(PANELS, columns - first)
        _pack_panels(b, start, end, origin + first * b[4], width, panels)
        for j in range(0, width, LANES):
            for i in range(0, rows, TILE_ROWS):
                place = (first + j) * padded(rows) + i * LANES
                multiply_tile(slab, i * row_step, row_step, depth_step, panels, j * depth, depth, block, place)


@compiled
def _pack_columns(b, start, end, origin, columns, packed):
    """packed[j, d] = b[start + d, j] for the columns from `origin` on."""
    data, starts, run, row_step, column_step = b
    for d in range(start, end):
        at = origin + starts[d // run] + d % run * row_step
        for j in range(columns):
            put(packed, j * (end - start) + d - start, get(data, at + j * column_step))


@compiled
def _pack_panels(b, start, end, origin, columns, panels):
    """panels[j // 16, d, j % 16] = b[start + d, j] for the columns from `origin` on; beyond the last column, zeros.

    Rows are read as they lie, so that the next numbers are on their way from memory before they are asked for.
    """
    data, starts, run, row_step, column_step = b
    depth, whole = end - start, columns // LANES * LANES
    if whole < columns:
        clear(panels, whole * depth, LANES * depth)
    for i in range(start // run, (end - 1) // run + 1):
        first, last = max(start, i * run), min(end, (i + 1) * run)
        at, place = origin + starts[i] + (first - i * run) * row_step, (first - start) * LANES
        if column_step == 1:
            for d in range(last - first):
                for j in range(0, whole, LANES):
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
    """16 columns, in each of which the rows lie side by side, unless row_step says otherwise."""
    whole = rows // LANES * LANES if row_step == 1 else 0
    for d in range(0, whole, LANES):
        transpose(data, at + d, column_step, panels, place + d * LANES)
    for d in range(whole, rows):
        for j in range(LANES):
            put(panels, place + d * LANES + j, get(data, at + d * row_step + j * column_step))


@compiled
def dot(a, at, b, place, depth):
    """Σ_d a[at + d] · b[place + d], sixteen products at a time."""
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
def _add_dots(slab, row_step, rows, weights, place, depth, block, column):
    """Add the products of the slab's rows and the weights to one column of the block."""
    for i in range(rows):
        at = i * LANES + column
        put(block, at, get(block, at) + dot(slab, i * row_step, weights, place, depth))


@compiled
def _add_weighted(slab, depth_step, rows, weights, place, depth, block, column):
    """The same for a slab that lies column by column: add them up, each times its weight."""
    for i in range(0, rows, LANES):
        sums = zeros()
        for d in range(depth):
            sums = fma(broadcast(weights, place + d), load(slab, i + d * depth_step), sums)
        for lane in range(min(LANES, rows - i)):
            at = (i + lane) * LANES + column
            put(block, at, get(block, at) + lane_of(sums, lane))


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

    A block copies what it multiplies, so smaller blocks copy more: they are halved, along the longer side first, only
    until every worker has some. What a number is the sum of, and in which order, does not depend on it.
    """
    height, width = min(padded(rows), BLOCK_ROWS), min(whole_panels(columns), BLOCK_COLUMNS)
    while True:
        down, across = (rows + height - 1) // height, (columns + width - 1) // width
        spare_rows, spare_columns = height // (2 * MIN_BLOCK_ROWS), width // (2 * MIN_BLOCK_COLUMNS)
        if workers == 1 or results * down * across >= 2 * workers or spare_rows + spare_columns == 0:
            return padded((rows + down - 1) // down), down, width, across
        if spare_rows >= spare_columns:
            height = padded(height // 2)
        else:
            width = whole_panels(width // 2)


def pieces_of(depth: int, rows: int, columns: int, results: int = 1) -> int:
    """Into how many pieces to cut a long sum, where the results alone have too few blocks for the threads.

    The pieces are summed in order, so this depends on nothing but the shape.
    """
    if depth < 4 * SLAB:
        return 1
    blocks = results * -(-rows // MIN_BLOCK_ROWS) * -(-columns // MIN_BLOCK_COLUMNS)
    return max(1, min(_ENOUGH_BLOCKS // max(1, blocks), depth // (2 * SLAB)))


def matmul(a: np.ndarray, b: np.ndarray, out: np.ndarray, bias: np.ndarray | None = None) -> np.ndarray:
    """out = a · b + bias, for matrices that are contiguous or the transpose of a contiguous one.

    >>> a = np.array([[1, 2], [3, 4]], np.float32)
    >>> matmul(a, a.T, np.empty((2, 2), np.float32), np.array([0, 1], np.float32))
    array([[ 5., 12.],
           [11., 26.]], dtype=float32)
    """
    rows, depth, columns = *a.shape, b.shape[1]
    if rows * depth * columns <= (_TINY if rows > 1 and columns > 1 else _TINY_VECTOR):
        return _numpy_matmul(a, b, out, bias)
    if (columns <= FEW_ROWS and not a.flags.c_contiguous) or (rows <= NARROW and not b.flags.c_contiguous):
        return matmul(b.T, a.T, out.T).T  # of the two ways to see a thin product, the one that reads along rows
    bias = _NO_BIAS if bias is None else bias
    workers = workers_for(rows * depth * columns // LANES)
    if columns <= NARROW and a.flags.c_contiguous:
        _multiply_few_columns(workers, a, b.T, bias, out)
        return out
    pieces = pieces_of(depth, rows, columns)
    sums = out[None] if pieces == 1 else np.empty_like(out, shape=(pieces, *out.shape))
    if rows <= FEW_ROWS and b.flags.c_contiguous and out.flags.c_contiguous:
        _multiply_few_rows(workers, a, b, bias, sums)
    else:
        _multiply(workers, a, b, bias, sums, scratch(workers))
    if pieces > 1:
        np.sum(sums, axis=0, out=out)
    return out


@np.errstate(over="ignore", invalid="ignore")
def _numpy_matmul(a: np.ndarray, b: np.ndarray, out: np.ndarray, bias: np.ndarray | None) -> np.ndarray:
    np.matmul(a, b, out=out)
    return out if bias is None else np.add(out, bias, out=out)


@parallel("f4[:, :], f4[:, :], f4[::1], f4[:, :, :], f4[:, ::1]")
def _multiply(worker, workers, arguments):
    """sums[i] = a · b over piece i of the depth; the first piece also has the bias."""
    a, b, bias, sums, memory = unpack(arguments)
    slab, panels, block = divide_scratch(memory[worker])
    pieces, rows, columns = sums.shape
    a_row, a_depth = a.strides[0] // a.itemsize, a.strides[1] // a.itemsize
    depth, b_depth, b_column = len(b), b.strides[0] // b.itemsize, b.strides[1] // b.itemsize
    matrix = flat(b), np.zeros(1, np.intp), depth, b_depth, b_column
    out_row, out_column = sums.strides[1] // sums.itemsize, sums.strides[2] // sums.itemsize
    height, down, width, across = block_grid(rows, columns, pieces, workers)
    for task in range(worker, pieces * down * across, workers):
        piece, place = divmod(task, down * across)
        row, column = place // across * height, place % across * width
        high, wide = min(height, rows - row), min(width, columns - column)
        if piece == 0 and len(bias) > 0:
            fill(block, high, wide, bias, column)
        else:
            clear(block, 0, padded(high) * whole_panels(wide))
        last = depth * (piece + 1) // pieces
        for start in range(depth * piece // pieces, last, SLAB):
            end = min(start + SLAB, last)
            at, origin = row * a_row + start * a_depth, column * b_column
            row_step, depth_step = _pack_slab(flat(a), a_row, a_depth, at, high, end - start, slab)
            multiply_slab(slab, row_step, depth_step, high, matrix, start, end, origin, wide, panels, block)
        at = piece * (sums.strides[0] // sums.itemsize) + row * out_row + column * out_column
        _unpack_block(block, high, wide, flat(sums), out_row, out_column, at)


@compiled
def fill(block, rows, columns, bias, first):
    """Begin every row of the block with the bias, from `first` on."""
    for column in range(0, columns, LANES):
        panel = column * padded(rows)
        copy(bias, first + column, block, panel, min(LANES, columns - column))
        row = load(block, panel)
        for i in range(1, rows):
            store(block, panel + i * LANES, row)


@parallel("f4[:, ::1], f4[:, ::1], f4[::1], f4[:, :]")
def _multiply_few_columns(worker, workers, arguments):
    """Dot products of the rows of a, which are read once and never copied, with a few columns."""
    a, columns, bias, out = unpack(arguments)
    depth = a.shape[1]
    for i in range(len(a) * worker // workers, len(a) * (worker + 1) // workers):
        for j in range(len(columns)):
            out[i, j] = dot(flat(a), i * depth, flat(columns), j * depth, depth)
            if len(bias) > 0:
                out[i, j] += bias[j]


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
            if piece == 0 and len(bias) > 0:
                copy(bias, first, results, place, count)
            else:
                clear(results, place, count)
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
    """target[place …] += Σ_e a[factors + e] · b[start + e·step …] over eight rows of b."""
    whole = count // LANES * LANES
    for j in range(0, whole, LANES):
        at = start + j
        even = fma(broadcast(a, factors), load(b, at), load(target, place + j))
        odd = fma(broadcast(a, factors + 1), load(b, at + step), zeros())
        even = fma(broadcast(a, factors + 2), load(b, at + 2 * step), even)
        odd = fma(broadcast(a, factors + 3), load(b, at + 3 * step), odd)
        even = fma(broadcast(a, factors + 4), load(b, at + 4 * step), even)
        odd = fma(broadcast(a, factors + 5), load(b, at + 5 * step), odd)
        even = fma(broadcast(a, factors + 6), load(b, at + 6 * step), even)
        odd = fma(broadcast(a, factors + 7), load(b, at + 7 * step), odd)
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
    """Copy a part of `a` along its contiguous axis; return the (row, depth) steps of the copy."""
    if depth_step == 1:
        for i in range(rows):
            copy(a, at + i * row_step, slab, i * depth, depth)
        return depth, 1
    for d in range(depth):
        copy(a, at + d * depth_step, slab, d * padded(rows), rows)
    return 1, padded(rows)


@compiled
def _unpack_block(block, rows, columns, result, row_step, column_step, at):
    """Copy a finished block into the result, along the result's contiguous axis."""
    if column_step == 1:
        for i in range(rows):
            unpack_row(block, i, rows, columns, result, at + i * row_step)
    else:
        for j in range(columns):
            place = j // LANES * LANES * padded(rows) + j % LANES
            for i in range(rows):
                put(result, at + i * row_step + j * column_step, get(block, place + i * LANES))


@compiled
def unpack_row(block, i, rows, columns, result, at):
    """Copy row i of a block, which lies panel by panel, to one place."""
    whole = columns // LANES * LANES
    for j in range(0, whole, LANES):
        store(result, at + j, load(block, j * padded(rows) + i * LANES))
    for j in range(whole, columns):
        put(result, at + j, get(block, whole * padded(rows) + i * LANES + j - whole))
