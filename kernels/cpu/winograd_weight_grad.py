"""Weight gradients of 3×3 windows without stride by Winograd's algorithm, with a quarter of the multiplications.

The forward sum Σ_e (Bᵀ d)[e] · (G g)[e] · (A y)[e], with y in the place of what it is multiplied by, is linear in each
of the three. So its derivative for the weights g needs no other matrices:

    V[e, tile, c] = (Bᵀ d B)[e]         e = 0 … 35; d is what the tile reads, 6×6 pixels, zeros where the image ends
    D[e, tile, k] = (A y Aᵀ)[e]         y are the gradients of the tile, 4×4 outputs
    M[e, c, k]    = Σ_tile V[e, tile, c] · D[e, tile, k]      36 matrix products
    dw            = Gᵀ M G

The tiles are cut into a few pieces and these into blocks, by the shape alone: each block is summed for itself and added
to M, which keeps long sums exact.
The transforms mix the pixels of a tile, so whoever gets a dw that is not finite sums it anew directly.
Source: Lavin & Gray, "Fast algorithms for convolutional neural networks" (2016).
"""

import functools

import numpy as np

from ..geometry import Pads
from ..winograd import OUTPUTS, POINTS, TAPS
from .compile import compiled
from .matmul import clear, copy
from .memory import empty
from .parallel import parallel, unpack, workers_for
from .scratch import scratch
from .simd import (
    LANES,
    TILE_ROWS,
    add,
    beyond,
    filled,
    flat,
    fma_tile,
    fma_vectors,
    load,
    spaced,
    store,
    store_tile,
    zero_tile,
)
from .weight_grad import NO_CODES, pieces_of, weight_grad_if
from .windows import forward_reach
from .winograd import find_patch, matrix_step, place_of
from .winograd_transforms import AREA, transform_gradient, transform_input, transform_taps

_CLOSE = 3 << 11  # numbers of one of the 36 V and D of a block: most of the L1 cache
_LEAST, _MOST = 24, 96  # tiles of a block: all of M is read and written for each


def weight_grad(x: np.ndarray, dy: np.ndarray, pads: Pads) -> np.ndarray:
    """dw."""
    (_, down, across, filters), channels = dy.shape, x.shape[3]
    tiles_across = -(-across // OUTPUTS)
    tiles_of_image = -(-down // OUTPUTS) * tiles_across
    tiles = len(x) * tiles_of_image
    workers = workers_for(tiles * AREA * channels * filters // LANES)
    told, shape, room = _plan(tiles, channels, filters)
    numbers = np.array([pads[0][0], pads[1][0], tiles, tiles_of_image, tiles_across, *told], np.intp)
    splits = min(shape[3] // LANES, max(1, workers // shape[0]))
    sums, dw, faults = empty(shape), empty((TAPS * TAPS * channels, filters)), empty((channels,))
    memory = scratch("Winograd weight gradient", workers, room)
    _multiply(workers, x, dy, numbers, splits, sums, memory)
    _total(workers_for(sums.size), sums, dw, faults)
    weight_grad_if(faults, x, dy, NO_CODES, (down, across), forward_reach((TAPS, TAPS), (1, 1), pads, (1, 1)), dw)
    return dw.reshape(TAPS, TAPS, channels, filters)


@functools.lru_cache(maxsize=64)
def _plan(tiles: int, channels: int, filters: int) -> tuple[tuple[int, ...], tuple[int, int, int, int], int]:
    """(tiles of a block, blocks, numbers of V a tile, from one V to the next, and D; shape of the sums; scratch)."""
    rows, columns = -(-channels // TILE_ROWS) * TILE_ROWS, -(-filters // LANES) * LANES
    depth = max(rows, -(-channels // LANES) * LANES)
    block = min(tiles, _MOST, max(_LEAST, _CLOSE // (depth + columns)))
    blocks = -(-tiles // block)
    steps = matrix_step(block, depth), matrix_step(block, columns)
    sums = pieces_of(blocks, AREA * rows * columns), AREA, rows, columns
    return (block, blocks, depth, *steps), sums, AREA * (sum(steps) + 2 * LANES + max(channels, filters))


@parallel("f4[:, :, :, ::1], f4[:, :, :, ::1], intp[::1], intp, f4[:, :, :, ::1], f4[:, ::1]")
def _multiply(worker, workers, arguments):
    """sums[i, e, c, k] = Σ V[e, tile, c] · D[e, tile, k] over piece i of the tiles."""
    x, dy, numbers, splits, sums, memory = unpack(arguments)
    top, left, tiles, tiles_of_image, tiles_across = numbers[0], numbers[1], numbers[2], numbers[3], numbers[4]
    size, blocks, depth, v_step, d_step = numbers[5], numbers[6], numbers[7], numbers[8], numbers[9]
    (pieces, _, rows, columns), channels, filters = sums.shape, x.shape[3], dy.shape[3]
    v = memory[worker]
    d = beyond(v, AREA * v_step)
    half = beyond(d, AREA * d_step)
    patch = beyond(half, AREA * LANES)
    for task in range(pieces * splits * worker // workers, pieces * splits * (worker + 1) // workers):
        piece, split, panels = task // splits, task % splits, columns // LANES
        begin, end = panels * split // splits * LANES, panels * (split + 1) // splits * LANES
        products = flat(sums[piece])
        for line in range(AREA * rows):
            clear(products, line * columns + begin, end - begin)
        for block in range(blocks * piece // pieces, blocks * (piece + 1) // pieces):
            count = min(size, tiles - block * size)
            for t in range(count):
                n, p, q = place_of(block * size + t, tiles_of_image, tiles_across)
                source, row = find_patch(x, n, p - top, q - left, POINTS, patch)
                for c in range(0, channels, LANES):
                    transform_input(source, c, row, channels, half, v, t * depth + c, v_step)
                source, row = find_patch(dy, n, p, q, OUTPUTS, patch)
                for k in range(begin, end, LANES):
                    transform_gradient(source, k, row, filters, half, d, t * columns + k, d_step)
            for e in range(AREA):
                ours, theirs = beyond(v, e * v_step), beyond(d, e * d_step)
                _add(ours, depth, theirs, columns, count, rows, begin, end, beyond(products, e * rows * columns))


@compiled
def _add(v, depth, d, columns, tiles, rows, begin, end, sums):
    """sums[c, k] += Σ_t v[t, c] · d[t, k]."""
    for k in range(begin, end, LANES):
        for c in range(0, rows, TILE_ROWS):
            neighbours, places, tile = spaced(c, 1), spaced(c * columns + k, columns), zero_tile()
            for t in range(tiles):
                tile = fma_tile(v, neighbours, t * depth, load(d, t * columns + k), tile)
            store_tile(sums, places, fma_vectors(sums, places, 0, filled(np.float32(1)), tile))


@parallel("f4[:, :, :, ::1], f4[:, ::1], f4[::1]")
def _total(worker, workers, arguments):
    """dw[(3r + s)·C + c, k] = (Gᵀ M G)[r, s], M = Σ sums[piece, :, c, k]; faults[c]: NaN where it is not finite."""
    sums, dw, faults = unpack(arguments)
    (pieces, _, rows, columns), (depth, filters), numbers = sums.shape, dw.shape, flat(sums)
    channels, step = depth // (TAPS * TAPS), rows * columns
    m, half, out = (
        np.empty(AREA * LANES, np.float32),
        np.empty(AREA * LANES, np.float32),
        np.empty(AREA * LANES, np.float32),
    )
    for c in range(channels * worker // workers, channels * (worker + 1) // workers):
        faults[c] = 0
        for k in range(0, filters, LANES):
            wide = min(LANES, filters - k)
            for e in range(AREA):
                vector = load(numbers, e * step + c * columns + k)
                for piece in range(1, pieces):
                    vector = add(vector, load(numbers, (piece * AREA + e) * step + c * columns + k))
                store(m, e * LANES, vector)
                clear(m, e * LANES + wide, LANES - wide)  # anything may be in lanes without a filter
            if not transform_taps(m, half, out):
                faults[c] = np.nan
            for tap in range(TAPS * TAPS):
                copy(out, tap * LANES, flat(dw), (tap * channels + c) * filters + k, wide)
