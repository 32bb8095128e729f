"""Matrix products out of one register tile: the arithmetic of dense layers and convolutions.

A product a·b is cut until its pieces fit the machine:

    block   at most 240 rows × 256 columns of the result: one task of one thread
    slab    at most 256 of the depth (the summed index) of a, for the rows of one block: in the L2 cache
    panel   16 columns of b, as deep as the slab: in the L1 cache
    tile    6 rows × 16 columns of the result: in registers

Slab, panel and block are scratch, padded to whole tiles, so that no tile has an edge; the edges are cut off when a
finished block is copied out. A block holds its panels one after the other: [column // 16, row, column % 16].
Every number of the result is summed slab after slab, however the blocks fall: the same bits at any thread count.
Source: Goto & van de Geijn, "Anatomy of high-performance matrix multiplication" (2008).
"""

import threading

import numpy as np

from .compile import compiled
from .parallel import parallel, unpack, workers_for
from .simd import LANES, add, broadcast, fma, get, load, put, store, total, transpose, zeros

TILE_ROWS = 6  # a tile of 6 × 16 numbers fills twelve of AVX2's sixteen registers
BLOCK_ROWS, MIN_BLOCK_ROWS = 40 * TILE_ROWS, 8 * TILE_ROWS
BLOCK_COLUMNS, MIN_BLOCK_COLUMNS = 16 * LANES, 4 * LANES
SLAB = 256
SLAB_SIZE, PANEL_SIZE, BLOCK_SIZE = BLOCK_ROWS * SLAB, SLAB * LANES, BLOCK_ROWS * BLOCK_COLUMNS
NARROW = 2  # columns: too few for a tile
MIN_DOT = 48  # numbers that make a dot product worth its last steps
FEW_ROWS = 4
_TINY = 8192  # multiplications, which NumPy's BLAS does at once and without waking its threads
_STRETCH = 2048  # columns of a task of few rows
_ENOUGH_BLOCKS = 8


_kept = threading.local()


def scratch(workers: int) -> np.ndarray:
    """Memory for the slab, the panel and the block of each worker, kept between calls: fresh pages are slow.

    Every thread that calls kernels has its own.
    """
    if len(getattr(_kept, "scratch", ())) < workers:
        _kept.scratch = np.zeros((workers, SLAB_SIZE + PANEL_SIZE + BLOCK_SIZE), np.float32)
    return _kept.scratch


@compiled
def divide_scratch(memory):
    """(slab, panel, block). Rows beyond the last one hold leftovers, which no result ever sees."""
    return memory[:SLAB_SIZE], memory[SLAB_SIZE : SLAB_SIZE + PANEL_SIZE], memory[SLAB_SIZE + PANEL_SIZE :]


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
def multiply_tile(a, row_step, depth_step, at, panel, depth, block, place):
    """block[i, j] += Σ_d a[i, d] · panel[d, j] for the tile of the block that begins at `place`."""
    r0 = load(block, place)
    r1 = load(block, place + LANES)
    r2 = load(block, place + 2 * LANES)
    r3 = load(block, place + 3 * LANES)
    r4 = load(block, place + 4 * LANES)
    r5 = load(block, place + 5 * LANES)
    for d in range(depth):
        b = load(panel, d * LANES)
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
def multiply_slab(slab, row_step, depth_step, rows, b, start, end, origin, columns, panel, block):
    """block += slab · b for rows start … end − 1 of b and some of its columns, the first of which lies at `origin`.

    b is (data, starts, run, row_step, column_step): its rows come in runs of `run` rows, which begin at `starts`.
    """
    depth = end - start
    narrow = columns <= NARROW and (row_step == 1 or depth >= MIN_DOT)
    lanes = 1 if narrow else LANES
    for j in range(0, columns, lanes):
        width = min(lanes, columns - j)
        if width < lanes:
            clear(panel, 0, depth * LANES)
        _pack_panel(b, start, end, origin + j * b[4], width, panel, lanes)
        if not narrow:
            for i in range(0, rows, TILE_ROWS):
                place = j * padded(rows) + i * LANES
                multiply_tile(slab, row_step, depth_step, i * row_step, panel, depth, block, place)
        elif depth_step == 1:
            for i in range(rows):
                place = i * LANES + j
                put(block, place, get(block, place) + dot(slab, i * row_step, panel, depth))
        else:
            _add_weighted(slab, depth_step, rows, panel, depth, block, j)


@compiled
def _pack_panel(b, start, end, origin, columns, panel, step):
    """panel[d · step + j] = b[start + d, j] for the columns from `origin` on."""
    data, starts, run, row_step, column_step = b
    for i in range(start // run, (end - 1) // run + 1):
        first, last = max(start, i * run), min(end, (i + 1) * run)
        at = origin + starts[i] + (first - i * run) * row_step
        place = (first - start) * step
        if columns == LANES and column_step == 1:
            for d in range(last - first):
                store(panel, place + d * step, load(data, at + d * row_step))
            continue
        whole = (last - first) // LANES * LANES if columns == LANES and row_step == 1 else 0
        for d in range(0, whole, LANES):
            transpose(data, at + d, column_step, panel, place + d * LANES)
        for d in range(whole, last - first):
            for j in range(columns):
                put(panel, place + d * step + j, get(data, at + d * row_step + j * column_step))


@compiled
def dot(a, at, b, depth):
    """Σ_d a[at + d] · b[d], sixteen products at a time."""
    even, odd = zeros(), zeros()
    whole = depth // (2 * LANES) * (2 * LANES)
    for d in range(0, whole, 2 * LANES):
        even = fma(load(a, at + d), load(b, d), even)
        odd = fma(load(a, at + d + LANES), load(b, d + LANES), odd)
    if depth - whole >= LANES:
        even = fma(load(a, at + whole), load(b, whole), even)
        whole += LANES
    product = total(add(even, odd))
    for d in range(whole, depth):
        product += get(a, at + d) * get(b, d)
    return product


@compiled
def _add_weighted(slab, depth_step, rows, weights, depth, block, column):
    """Add the columns of a slab that lies column by column, each times its weight, to one column of the block."""
    for i in range(0, rows, LANES):
        sums = zeros()
        for d in range(depth):
            sums = fma(broadcast(weights, d), load(slab, i + d * depth_step), sums)
        store(weights, depth, sums)
        for lane in range(min(LANES, rows - i)):
            place = (i + lane) * LANES + column
            put(block, place, get(block, place) + get(weights, depth + lane))


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


def matmul(a: np.ndarray, b: np.ndarray, out: np.ndarray) -> np.ndarray:
    """out = a · b, for matrices that are contiguous or the transpose of a contiguous one.

    >>> a = np.array([[1, 2], [3, 4]], np.float32)
    >>> matmul(a, a.T, np.empty((2, 2), np.float32))
    array([[ 5., 11.],
           [11., 25.]], dtype=float32)
    """
    rows, depth, columns = *a.shape, b.shape[1]
    if rows * depth * columns <= _TINY:
        return _numpy_matmul(a, b, out=out)
    workers = workers_for(rows * depth * columns // LANES)
    if columns <= NARROW and a.flags.c_contiguous:
        _multiply_few_columns(workers, a, b.T, out.ravel("K"), *_steps(out))
        return out
    few_rows = rows <= FEW_ROWS and b.flags.c_contiguous and out.flags.c_contiguous
    pieces = pieces_of(depth, rows, columns)
    sums = out.ravel("K")[None] if pieces == 1 else np.empty((pieces, out.size), np.float32)
    if few_rows:
        _multiply_few_rows(workers, a, b, sums.reshape(pieces, rows, columns))
    else:
        matrices = a.ravel("K"), *_steps(a), b.ravel("K"), *_steps(b), sums, *_steps(out)
        _multiply(workers, *matrices, rows, depth, columns, scratch(workers))
    if pieces > 1:
        np.sum(sums, axis=0, out=out.ravel("K"))
    return out


@np.errstate(over="ignore", invalid="ignore")
def _numpy_matmul(a: np.ndarray, b: np.ndarray, out: np.ndarray) -> np.ndarray:
    return np.matmul(a, b, out=out)


def _steps(matrix: np.ndarray) -> tuple[int, int]:
    row, column = matrix.strides
    return row // 4, column // 4


@parallel("f4[::1], intp, intp, f4[::1], intp, intp, f4[:, ::1], intp, intp, intp, intp, intp, f4[:, ::1]")
def _multiply(worker, workers, arguments):
    """sums[i] = a · b over piece i of the depth."""
    a, a_row, a_depth, b, b_depth, b_column, sums, out_row, out_column, rows, depth, columns, memory = unpack(arguments)
    slab, panel, block = divide_scratch(memory[worker])
    matrix = b, np.zeros(1, np.intp), depth, b_depth, b_column
    height, down, width, across = block_grid(rows, columns, len(sums), workers)
    for task in range(worker, len(sums) * down * across, workers):
        piece, place = divmod(task, down * across)
        row, column = place // across * height, place % across * width
        high, wide = min(height, rows - row), min(width, columns - column)
        clear(block, 0, padded(high) * whole_panels(wide))
        last = depth * (piece + 1) // len(sums)
        for start in range(depth * piece // len(sums), last, SLAB):
            end = min(start + SLAB, last)
            at = row * a_row + start * a_depth
            row_step, depth_step = _pack_slab(a, a_row, a_depth, at, high, end - start, slab)
            origin = column * b_column
            multiply_slab(slab, row_step, depth_step, high, matrix, start, end, origin, wide, panel, block)
        _unpack_block(block, high, wide, sums[piece], out_row, out_column, row * out_row + column * out_column)


@parallel("f4[:, ::1], f4[:, ::1], f4[::1], intp, intp")
def _multiply_few_columns(worker, workers, arguments):
    """Dot products of the rows of a, which are read once and never copied, with a few columns."""
    a, columns, out, row_step, column_step = unpack(arguments)
    numbers, depth = a.reshape(-1), a.shape[1]
    for i in range(len(a) * worker // workers, len(a) * (worker + 1) // workers):
        for j in range(len(columns)):
            put(out, i * row_step + j * column_step, dot(numbers, i * depth, columns[j], depth))


@parallel("f4[:, ::1], f4[:, ::1], f4[:, :, ::1]")
def _multiply_few_rows(worker, workers, arguments):
    """sums[i] = a · b over piece i of the depth, for so few rows that copying b would take longer than the product."""
    a, b, sums = unpack(arguments)
    pieces, rows, columns = sums.shape
    stretches = (columns + _STRETCH - 1) // _STRETCH
    factors, numbers, results = a.reshape(-1), b.reshape(-1), sums.reshape(-1)
    for task in range(worker, pieces * stretches, workers):
        piece, stretch = divmod(task, stretches)
        first, end = stretch * _STRETCH, min((stretch + 1) * _STRETCH, columns)
        for i in range(rows):
            place = (piece * rows + i) * columns
            clear(results, place + first, end - first)
        for d in range(b.shape[0] * piece // pieces, b.shape[0] * (piece + 1) // pieces):
            for i in range(rows):
                place = (piece * rows + i) * columns
                _add_scaled(
                    factors, i * b.shape[0] + d, numbers, d * columns + first, results, place + first, end - first
                )


@compiled
def _add_scaled(factors, i, source, start, target, place, count):
    """target[place …] += factors[i] · source[start …]."""
    whole = count // LANES * LANES
    factor = broadcast(factors, i)
    for j in range(0, whole, LANES):
        store(target, place + j, fma(factor, load(source, start + j), load(target, place + j)))
    for j in range(whole, count):
        put(target, place + j, get(target, place + j) + get(factors, i) * get(source, start + j))


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
