"""Winograd convolution: 3×3 windows without stride, 4×4 outputs at a time, by a quarter of the multiplications.

A tile is 4×4 outputs of all filters. A task is a block of tiles, of one or several images, and a share of the filters:

    V[e, tile, c] = (Bᵀ d B)[e]         e = 0 … 35; d is what the tile reads, 6×6 pixels, zeros where the image ends
    M[e, tile, k] = Σ_c V[e, tile, c] · U[e, k // L, c, k % L]      36 matrix products; L = LANES
    tile          = Aᵀ M A + bias

V and M stay in the L2 cache, and results go through ReLU or pooling on their way out of registers.
U[e] = (G g Gᵀ)[e] is made of the packed weights by a launch of its own.
The input gradient is the same over dy, through the transposed weights, the last tap first.

The transforms mix the pixels of a tile: a NaN, an infinity or an overflow would reach outputs that it does not belong
to. So a tile that is not finite is summed anew directly.
Source: Lavin & Gray, "Fast algorithms for convolutional neural networks" (2016).
"""

import functools

import numpy as np

from ..geometry import Pads
from ..winograd import OUTPUTS, POINTS, TAPS
from .compile import compiled, inlined
from .direct import POOL, packed, packed_transposed
from .epilogue import relu_grad, relu_max_pool
from .matmul import clear, copy, padded_bias, whole_panels
from .parallel import parallel, unpack, workers_for
from .scratch import scratch
from .simd import (
    LANES,
    TILE_ROWS,
    beyond,
    broadcast,
    filled,
    flat,
    fma,
    fma_tile,
    load,
    maximum,
    spaced,
    store,
    store_tile,
    zero_tile,
)
from .winograd_transforms import AREA, TILE, transform_and_pool, transform_input, transform_output, transform_weights

_BLOCK = 3 << 15  # numbers of V and M of a block: most of the L2 cache
_LEAST, _MOST = 3 * TILE_ROWS, 16 * TILE_ROWS  # tiles of a block: all of U is read for each block
_WIDE = 2 * LANES  # filters that are multiplied before they are transformed
_WEIGHT = 20  # multiplications that take as long as transforming a weight
_NO_NUMBERS, _NO_CODES = np.empty(0, np.float32), np.empty(0, np.uint8)


def conv2d(
    x: np.ndarray,
    w: np.ndarray,
    b: np.ndarray | None,
    pads: Pads,
    y: np.ndarray,
    floor: float = -np.inf,
    code: np.ndarray | None = None,
) -> None:
    """y = b + Σ over the taps, but nothing less than `floor`; with a code, ReLU and 2×2 max-pooling of that."""
    size = y.shape[1:3] if code is None else (POOL * y.shape[1], POOL * y.shape[2])
    corner = pads[0][0], pads[1][0]
    _launch(x, packed(w, 1), b, floor, y, _NO_CODES if code is None else code, _NO_NUMBERS, (*corner, *size, False))


def conv2d_input_grad(
    dy: np.ndarray, w: np.ndarray, pads: Pads, dx: np.ndarray, mask: np.ndarray = _NO_NUMBERS
) -> None:
    """dx, only where the mask is positive if there is one."""
    corner = TAPS - 1 - pads[0][0], TAPS - 1 - pads[1][0]
    panels = packed_transposed(w, _TURNED, 1)
    _launch(dy, panels, None, -np.inf, dx, _NO_CODES, mask, (*corner, *dx.shape[1:3], True))


_TURNED = np.arange(TAPS**2)[::-1].copy()


def _launch(
    x: np.ndarray,
    panels: np.ndarray,
    bias: np.ndarray | None,
    floor: float,
    out: np.ndarray,
    code: np.ndarray,
    mask: np.ndarray,
    numbers: tuple[int, ...],
) -> None:
    """
    numbers     how far outside the image the first tile's first pixel is; rows and columns that are computed; whether
                pixels outside are not there, rather than zeros that an infinite weight would turn into NaN
    """
    channels, filters = x.shape[3], out.shape[3]
    tiles = len(x) * -(-numbers[2] // OUTPUTS) * -(-numbers[3] // OUTPUTS)
    workers = workers_for(tiles * AREA * channels * filters // LANES)
    block, wide, splits, size = _plan(tiles, channels, filters, workers)
    transformed = scratch("transformed weights", 1, AREA * channels * -(-filters // LANES) * LANES)
    _transform_weights(workers_for(_WEIGHT * channels * filters), panels, channels, filters, transformed)
    memory = scratch("Winograd", workers, size)
    told = np.array([*numbers, block, wide, splits], np.intp)
    weights = transformed, panels, padded_bias(bias, filters)
    _correlate(workers, x, *weights, floor, out, code, mask, told, memory)


@functools.lru_cache(maxsize=64)
def _plan(tiles: int, channels: int, filters: int, workers: int) -> tuple[int, int, int, int]:
    """(tiles of a block, filters that are multiplied at once, splits of the filters, numbers of scratch)."""
    depth, columns = (-(-count // LANES) * LANES for count in (channels, filters))
    wide = min(_WIDE, columns)
    most = min(_MOST, max(_LEAST, _BLOCK // (AREA * (depth + wide)) // TILE_ROWS * TILE_ROWS))
    turns = -(-tiles // (most * workers))
    block = min(most, -(-tiles // (turns * workers * TILE_ROWS)) * TILE_ROWS)
    splits = min(columns // wide, max(1, workers * turns // -(-tiles // block)))
    return block, wide, splits, AREA * (matrix_step(block, depth) + matrix_step(block, wide) + LANES + depth) + TILE


def matrix_step(rows, columns):
    """From one of 36 matrices to the next: not a multiple of 4 KB, or their rows would share places in the cache."""
    return rows * columns + LANES


_matrix_step = compiled(matrix_step)


@parallel("f4[::1], intp, intp, f4[::1]")
def _transform_weights(worker, workers, arguments):
    """transformed[e, k // L, c, k % L] = (G g Gᵀ)[e] of g[r, s] = panels[k // L, r, s, c, k % L]."""
    panels, channels, filters, transformed = unpack(arguments)
    half = np.empty(TAPS * POINTS * LANES, np.float32)
    tap, across = channels * LANES, whole_panels(filters) // LANES
    for task in range(channels * across * worker // workers, channels * across * (worker + 1) // workers):
        panel, c = task // channels, task % channels * LANES
        transform_weights(panels, panel * TAPS * TAPS * tap + c, tap, half, transformed, panel * tap + c, across * tap)


@parallel("f4[:, :, :, ::1], f4[::1], f4[::1], f4[::1], f8, f4[:, :, :, ::1], u1[::1], f4[::1], intp[::1], f4[:, ::1]")
def _correlate(worker, workers, arguments):
    """Some tasks."""
    x, transformed, panels, bias, lowest, out, code, mask, numbers, memory = unpack(arguments)
    top, left, down, across = numbers[0], numbers[1], numbers[2], numbers[3]
    virtual, block, wide, splits = numbers[4], numbers[5], numbers[6], numbers[7]
    (_, height, width, channels), columns, floor = x.shape, whole_panels(out.shape[3]), np.float32(lowest)
    depth = whole_panels(channels)
    v_step, m_step = _matrix_step(block, depth), _matrix_step(block, wide)
    v = memory[worker]
    m = beyond(v, AREA * v_step)
    half = beyond(m, AREA * m_step)
    tile = beyond(half, AREA * LANES)
    patch = beyond(tile, TILE)
    tiles_across = (across + OUTPUTS - 1) // OUTPUTS
    tiles_of_image = (down + OUTPUTS - 1) // OUTPUTS * tiles_across
    tiles = len(x) * tiles_of_image
    blocks, parts = (tiles + block - 1) // block, columns // LANES
    for task in range(blocks * splits * worker // workers, blocks * splits * (worker + 1) // workers):
        first, split = task // splits * block, task % splits
        count = min(block, tiles - first)
        for t in range(count):
            n, p, q = place_of(first + t, tiles_of_image, tiles_across)
            source, row = find_patch(x, n, p - top, q - left, POINTS, patch)
            for c in range(0, channels, LANES):
                transform_input(source, c, row, channels, half, v, t * depth + c, v_step)
        end = parts * (split + 1) // splits * LANES
        for column in range(parts * split // splits * LANES, end, wide):
            here = min(wide, end - column)
            for e in range(AREA):
                weights = beyond(transformed, (e * columns + column) * channels)
                _multiply(beyond(v, e * v_step), depth, count, weights, channels, here, beyond(m, e * m_step), wide)
            for t in range(count):
                n, p, q = place_of(first + t, tiles_of_image, tiles_across)
                size = min(OUTPUTS, down - p), min(OUTPUTS, across - q)
                for k in range(0, here, LANES):
                    products, spot = (m, t * wide + k, m_step, half, bias, column + k), (n, p, q, column + k)
                    if _pool(products, size, out, code, spot) or _write(products, size, floor, mask, out, code, spot):
                        continue
                    if not transform_output(*products, -np.inf, mask[:0], tile, 0, (OUTPUTS * LANES, LANES)):
                        _copy_patch(x, n, p - top, q - left, POINTS, patch)
                        panel = beyond(panels, (column + k) * TAPS * TAPS * channels)
                        there = _range(p - top, height, virtual), _range(q - left, width, virtual)
                        _sum_directly(patch, channels, there, panel, bias, column + k, tile)
                    _finish(tile, size, floor, mask, out, code, spot)


@inlined
def place_of(tile, tiles_of_image, across):
    """(n, p, q) of a tile's first output."""
    place = tile % tiles_of_image
    return tile // tiles_of_image, place // across * OUTPUTS, place % across * OUTPUTS


@compiled
def _multiply(v, depth, rows, weights, channels, columns, m, step):
    """m = v · weights, in whole tiles of registers."""
    for j in range(0, columns, LANES):
        for i in range(0, rows, TILE_ROWS):
            places, sums = spaced(i * depth, depth), zero_tile()
            for c in range(channels):
                sums = fma_tile(v, places, c, load(weights, (j * channels) + c * LANES), sums)
            store_tile(m, spaced(i * step + j, step), sums)


@inlined
def find_patch(x, n, h, w, points, patch):
    """A square of `points` pixels a side from (h, w) on, where it lies or as a copy, and how far apart its rows are.

    What is read as vectors reaches beyond the last channel.
    """
    _, height, width, channels = x.shape
    first = ((n * height + h) * width + w) * channels
    end = first + (points - 1) * (width + 1) * channels + whole_panels(channels)
    inside = h >= 0 and w >= 0 and h + points <= height and w + points <= width
    if inside and end <= x.size:
        return beyond(flat(x), first), width * channels
    _copy_patch(x, n, h, w, points, patch)
    return patch, points * channels


@compiled
def _copy_patch(x, n, h, w, points, patch):
    """The pixels from (h, w) on; zeros outside."""
    row = points * x.shape[3]
    for i in range(points):
        if 0 <= h + i < x.shape[1]:
            _copy_row(x, n, h + i, w, points, patch, i * row)
        else:
            clear(patch, i * row, row)


@compiled
def _copy_row(x, n, h, w, points, patch, place):
    _, height, width, channels = x.shape
    first, last, end = min(max(w, 0), w + points), max(min(w + points, width), w), place + points * channels
    start = place + (first - w) * channels
    clear(patch, place, start - place)
    if first < last:
        copy(flat(x), ((n * height + h) * width + first) * channels, patch, start, (last - first) * channels)
        start += (last - first) * channels
    clear(patch, start, end - start)


@compiled
def _range(first, size, virtual):
    """Which rows or columns of a patch are there."""
    return (max(0, -first), min(POINTS, size - first)) if virtual else (0, POINTS)


@compiled
def _sum_directly(patch, channels, there, panels, bias, at, tile):
    """tile[i, j] = bias + Σ_{r,s,c} patch[i + r, j + s, c] · panels[r, s, c]."""
    (top, bottom), (left, right) = there
    for i in range(OUTPUTS):
        for j in range(OUTPUTS):
            sums = load(bias, at)
            for h in range(max(i, top), min(i + TAPS, bottom)):
                for w in range(max(j, left), min(j + TAPS, right)):
                    pixel, tap = (h * POINTS + w) * channels, ((h - i) * TAPS + w - j) * channels
                    for c in range(channels):
                        sums = fma(broadcast(patch, pixel + c), load(panels, (tap + c) * LANES), sums)
            store(tile, (i * OUTPUTS + j) * LANES, sums)


@inlined
def _pool(products, size, out, code, spot):
    """Pool a tile out of the products, if that is wanted of whole vectors; tell whether it is done."""
    if len(code) == 0 or spot[3] + LANES > out.shape[3]:
        return False
    place, steps = _pooled_place(out, spot)
    return transform_and_pool(*products, (size[0] // POOL, size[1] // POOL), flat(out), code, place, steps)


@inlined
def _write(products, size, floor, mask, out, code, spot):
    """Make a tile of the products where its results belong, if all of it does; tell whether it is done."""
    if len(code) > 0 or min(size) < OUTPUTS or spot[3] + LANES > out.shape[3]:
        return False
    place, steps = _place(out, spot)
    return transform_output(*products, floor, mask, flat(out), place, steps)


@inlined
def _place(out, spot):
    """Where the number (n, p, q, k) lies, and how far it is to the next row and pixel."""
    _, down, across, filters = out.shape
    n, p, q, k = spot
    return ((n * down + p) * across + q) * filters + k, (across * filters, filters)


@inlined
def _pooled_place(out, spot):
    n, p, q, k = spot
    return _place(out, (n, p // POOL, q // POOL, k))


@compiled
def _finish(tile, size, floor, mask, out, code, spot):
    """What becomes of the rows, columns and filters of a tile that are there."""
    steps, wide = (OUTPUTS * LANES, LANES), min(LANES, out.shape[3] - spot[3])
    if len(code) > 0:
        place, out_steps = _pooled_place(out, spot)
        pooled = size[0] // POOL, size[1] // POOL
        relu_max_pool(tile, 0, steps, pooled, wide, flat(out), code, place, out_steps, False)
        return
    place, out_steps = _place(out, spot)
    if len(mask) > 0:
        relu_grad(tile, 0, steps, size, wide, mask, flat(out), place, out_steps, False)
    else:
        _store_tile(tile, size, floor, wide, flat(out), place, out_steps)


@compiled
def _store_tile(tile, size, floor, wide, out, place, steps):
    for i in range(size[0]):
        for j in range(size[1]):
            at = (i * OUTPUTS + j) * LANES
            store(tile, at, maximum(filled(floor), load(tile, at)))
            copy(tile, at, out, place + i * steps[0] + j * steps[1], wide)
