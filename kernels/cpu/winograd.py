"""Winograd convolution: 3×3 windows without stride, 4×4 outputs at a time, by a quarter of the multiplications.

A tile is 4×4 outputs of all filters. A task is a block of tiles, of one or several images, and a share of the filters:

    V[e, tile, c] = (Bᵀ d B)[e]         e = 0 … 35; d is what the tile reads, 6×6 pixels, zeros where the image ends
    M[e, tile, k] = Σ_c V[e, tile, c] · U[e, k // L, c, k % L]      36 matrix products; L = LANES
    tile          = Aᵀ M A + bias

V and M stay in the L2 cache, and a tile is finished before it leaves L1. U[e] = (G g Gᵀ)[e] is made of the packed
weights by a launch of its own.

The transforms mix the pixels of a tile: a NaN, an infinity or an overflow would reach outputs that it does not belong
to. So a tile that is not finite is summed anew directly.
Source: Lavin & Gray, "Fast algorithms for convolutional neural networks" (2016).
"""

import functools

import numpy as np

from ..geometry import Pair
from ..winograd import OUTPUTS, POINTS, TAPS
from .compile import compiled
from .matmul import clear, copy, padded_bias, whole_panels
from .parallel import parallel, unpack, workers_for
from .scratch import scratch
from .simd import (
    LANES,
    TILE_ROWS,
    beyond,
    broadcast,
    flat,
    fma,
    fma_tile,
    load,
    spaced,
    store,
    store_tile,
    zero_tile,
)  # fmt: skip
from .winograd_transforms import AREA, TILE, transform_input, transform_output, transform_weights

_BLOCK = 3 << 15  # numbers of V and M of a block: most of the L2 cache
_LEAST, _MOST = 3 * TILE_ROWS, 16 * TILE_ROWS  # tiles of a block: all of U is read for each block
_WIDE = 2 * LANES  # filters that are multiplied before they are transformed
_WEIGHT = 20  # multiplications that take as long as transforming a weight


def correlate(
    x: np.ndarray, panels: np.ndarray, bias: np.ndarray | None, out: np.ndarray, corner: Pair, virtual: bool
) -> None:
    """out[n, p, q] = bias + Σ_{r,s} x[n, p + r − corner₀, q + s − corner₁] · w[r, s], for w as `direct` packs it.

    virtual     pixels outside x are not there, rather than zeros that an infinite weight would turn into NaN
    """
    (images, _, _, channels), filters = x.shape, out.shape[3]
    tiles = images * -(-out.shape[1] // OUTPUTS) * -(-out.shape[2] // OUTPUTS)
    workers = workers_for(tiles * AREA * channels * filters // LANES)
    block, wide, splits, numbers = _plan(tiles, channels, filters, workers)
    transformed = scratch("transformed weights", 1, AREA * channels * -(-filters // LANES) * LANES)
    _transform_weights(workers_for(_WEIGHT * channels * filters), panels, channels, filters, transformed)
    memory = scratch("Winograd", workers, numbers)
    sizes = np.array([*corner, block, wide, splits, virtual], np.intp)
    _correlate(workers, x, transformed, panels, padded_bias(bias, filters), out, sizes, memory)


@functools.lru_cache(maxsize=64)
def _plan(tiles: int, channels: int, filters: int, workers: int) -> tuple[int, int, int, int]:
    """(tiles of a block, filters that are multiplied at once, splits of the filters, numbers of scratch)."""
    depth, columns = (-(-count // LANES) * LANES for count in (channels, filters))
    wide = min(_WIDE, columns)
    most = min(_MOST, max(_LEAST, _BLOCK // (AREA * (depth + wide)) // TILE_ROWS * TILE_ROWS))
    turns = -(-tiles // (most * workers))
    block = min(most, -(-tiles // (turns * workers * TILE_ROWS)) * TILE_ROWS)
    splits = min(columns // wide, max(1, workers * turns // -(-tiles // block)))
    return block, wide, splits, AREA * (_step(block, depth) + _step(block, wide) + LANES + depth) + TILE


def _step(rows, columns):
    """From one of 36 matrices to the next: not a multiple of 4 KB, or their rows would share places in the cache."""
    return rows * columns + LANES


_matrix_step = compiled(_step)


@parallel("f4[::1], intp, intp, f4[::1]")
def _transform_weights(worker, workers, arguments):
    """transformed[e, k // L, c, k % L] = (G g Gᵀ)[e] of g[r, s] = panels[k // L, r, s, c, k % L]."""
    panels, channels, filters, transformed = unpack(arguments)
    half = np.empty(TAPS * POINTS * LANES, np.float32)
    tap, across = channels * LANES, whole_panels(filters) // LANES
    for task in range(channels * across * worker // workers, channels * across * (worker + 1) // workers):
        panel, c = task // channels, task % channels * LANES
        transform_weights(panels, panel * TAPS * TAPS * tap + c, tap, half, transformed, panel * tap + c, across * tap)


@parallel("f4[:, :, :, ::1], f4[::1], f4[::1], f4[::1], f4[:, :, :, ::1], intp[::1], f4[:, ::1]")
def _correlate(worker, workers, arguments):
    """Some tasks."""
    x, transformed, panels, bias, out, sizes, memory = unpack(arguments)
    top, left, block, wide, splits, virtual = sizes[0], sizes[1], sizes[2], sizes[3], sizes[4], sizes[5]
    channels, columns = x.shape[3], whole_panels(out.shape[3])
    depth = whole_panels(channels)
    v_step, m_step = _matrix_step(block, depth), _matrix_step(block, wide)
    v = memory[worker]
    m = beyond(v, AREA * v_step)
    half = beyond(m, AREA * m_step)
    tile = beyond(half, AREA * LANES)
    patch = beyond(tile, TILE)
    across = (out.shape[2] + OUTPUTS - 1) // OUTPUTS
    tiles_of_image = (out.shape[1] + OUTPUTS - 1) // OUTPUTS * across
    tiles = len(x) * tiles_of_image
    blocks, parts = (tiles + block - 1) // block, columns // LANES
    for task in range(blocks * splits * worker // workers, blocks * splits * (worker + 1) // workers):
        first, split = task // splits * block, task % splits
        count = min(block, tiles - first)
        for t in range(count):
            n, p, q = _place(first + t, tiles_of_image, across)
            source, row = _patch(x, n, p - top, q - left, patch)
            for c in range(0, channels, LANES):
                transform_input(source, c, row, channels, half, v, t * depth + c, v_step)
        end = parts * (split + 1) // splits * LANES
        for column in range(parts * split // splits * LANES, end, wide):
            here = min(wide, end - column)
            for e in range(AREA):
                weights = beyond(transformed, (e * columns + column) * channels)
                _multiply(beyond(v, e * v_step), depth, count, weights, channels, here, beyond(m, e * m_step), wide)
            for t in range(count):
                n, p, q = _place(first + t, tiles_of_image, across)
                for k in range(0, here, LANES):
                    if not transform_output(m, t * wide + k, m_step, half, bias, column + k, tile):
                        _copy_patch(x, n, p - top, q - left, patch)
                        panel = beyond(panels, (column + k) * TAPS * TAPS * channels)
                        there = _range(p - top, x.shape[1], virtual), _range(q - left, x.shape[2], virtual)
                        _sum_directly(patch, channels, there, panel, bias, column + k, tile)
                    _store_tile(tile, out, n, p, q, column + k)


@compiled
def _place(tile, tiles_of_image, across):
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


@compiled
def _patch(x, n, h, w, patch):
    """The 6×6 pixels from (h, w) on, where they lie or as a copy, and how far apart their rows are.

    What is read as vectors reaches beyond the last channel.
    """
    _, height, width, channels = x.shape
    first = ((n * height + h) * width + w) * channels
    end = first + (POINTS - 1) * (width + 1) * channels + whole_panels(channels)
    if h >= 0 and w >= 0 and h + POINTS <= height and w + POINTS <= width and end <= x.size:
        return beyond(flat(x), first), width * channels
    _copy_patch(x, n, h, w, patch)
    return patch, POINTS * channels


@compiled
def _copy_patch(x, n, h, w, patch):
    """The 6×6 pixels from (h, w) on, with zeros outside the image."""
    _, height, width, channels = x.shape
    first, last, row = max(w, 0), min(w + POINTS, width), POINTS * channels
    for i in range(POINTS):
        if 0 <= h + i < height and first < last:
            before, inside = (first - w) * channels, (last - first) * channels
            clear(patch, i * row, before)
            copy(flat(x), ((n * height + h + i) * width + first) * channels, patch, i * row + before, inside)
            clear(patch, i * row + before + inside, row - before - inside)
        else:
            clear(patch, i * row, row)


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


@compiled
def _store_tile(tile, out, n, p, q, filter_):
    """The part of a tile that is there."""
    _, down, across, filters = out.shape
    results, wide = flat(out), min(LANES, filters - filter_)
    for i in range(min(OUTPUTS, down - p)):
        for j in range(min(OUTPUTS, across - q)):
            place = ((n * down + p + i) * across + q + j) * filters + filter_
            if wide == LANES:
                store(results, place, load(tile, (i * OUTPUTS + j) * LANES))
            else:
                copy(tile, (i * OUTPUTS + j) * LANES, results, place, wide)
