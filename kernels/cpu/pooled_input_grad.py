"""The input gradient of a convolution with a 2×2 max-pooling behind it, without most of the zeros that it leaves.

Of each window of four outputs only one has a gradient: the one (i, j) that the code names.

    dx[n, (2p + i)·σ + r·δ − π₀, (2q + j)·σ + s·δ − π₀, c] += dy[n, p, q, k] · w[r, s, c, k]

All that the four outputs read is the window's *patch* of dx. Weights are packed four times, as each of the codes moves
them within the patch, with zeros around. So a patch is summed over the filters in registers, a tile at a time, by no
more than the choice of the weights that are loaded: with 3×3 taps 16 products where the four outputs have 36.
A patch is cut into vectors, each of numbers that follow one another in dx. A block of rows of dx is summed in scratch,
with a border for what falls outside. The order in which a number is summed depends on the shape alone.
"""

import functools
from typing import NamedTuple

import numpy as np

from ..geometry import NO_PADS, Pads, Pair
from .compile import compiled
from .epilogue import relu_grad
from .matmul import clear, copy
from .memory import empty
from .parallel import parallel, unpack, workers_for
from .scratch import scratch
from .simd import (
    LANES,
    TILE_ROWS,
    beyond,
    broadcast,
    flat,
    fma_vectors,
    get,
    listed,
    load_tile,
    put,
    spaced,
    store_tile,
)

_NO_NUMBERS = np.empty(0, np.float32)
_CODES = 4
_TILE = TILE_ROWS * LANES
_FILTERS = max(1, (3 << 11) // (_CODES * _TILE))  # whose weights for a tile take 24 KB, most of the L1 cache
_BLOCK = 1 << 16  # numbers of a block, half of the L2 cache


def input_grad_of_pool(
    dy: np.ndarray,
    code: np.ndarray,
    w: np.ndarray,
    input_size: Pair,
    strides: Pair = (1, 1),
    pads: Pads = NO_PADS,
    dilation: Pair = (1, 1),
    groups: int = 1,
    mask: np.ndarray = _NO_NUMBERS,
) -> np.ndarray:
    """dx for finite weights; with a mask, an array as dx, numbers pass only where it is positive."""
    dx = empty((len(dy), *input_size, w.shape[2] * groups))
    workers = workers_for(dy.size * w[..., 0].size // LANES)
    tables = _plan(dy.shape, w.shape, dx.shape, strides, pads, dilation, groups, workers)
    weights = scratch("weights", 1, w.shape[3] * tables.entries.size)
    _pack(workers_for(weights.size), w, tables.entries, groups, weights)
    memory = scratch("padded images", workers, tables.size)
    _add_patches(workers, dy, code, w, weights, dx, mask, tables.places, tables.numbers, groups, memory)
    return dx


class _Plan(NamedTuple):
    """How patches are cut up, and dx."""

    entries: np.ndarray  # (tiles, codes, numbers of a tile): which number of w[..., k] each is, −1 where there is none
    places: np.ndarray  # of the vectors of a patch, counted from its first number
    numbers: np.ndarray  # what _add_patches asks for, in its order
    size: int  # numbers of a block


@functools.lru_cache(maxsize=64)
def _plan(
    dy_shape: tuple[int, ...],
    w_shape: tuple[int, ...],
    dx_shape: tuple[int, ...],
    strides: Pair,
    pads: Pads,
    dilation: Pair,
    groups: int,
    workers: int,
) -> _Plan:
    (images, height, width, _), (_, _, channels, _) = dx_shape, w_shape
    reach = [(size - 1) * step for size, step in zip(w_shape, dilation)]
    line = max(width + pads[1][0], (2 * dy_shape[2] - 1) * strides[1] + reach[1] + 1)
    down, across = (_axis(size, stride, step) for size, stride, step in zip(w_shape, strides, dilation))
    entries, places = [], []
    for u, taps_down in down.items():
        for run in _runs(across):
            taps = [[(r, s) for r in taps_down for s in across[v]] for v in run]  # of each pixel, for each code
            numbers = [[_entry(tap, w_shape, c) for tap in codes] for codes in taps for c in range(channels)]
            vectors = -(-len(numbers) // LANES)
            numbers += [[-1] * _CODES] * (vectors * LANES - len(numbers))
            entries.append(np.array(numbers).reshape(vectors, LANES, _CODES))
            places += [(u * line + run[0]) * channels + vector * LANES for vector in range(vectors)]
    spare = -len(places) % TILE_ROWS  # in front, so that what they store again is older than what others store
    table = np.concatenate([np.full((spare, LANES, _CODES), -1), *entries]).reshape(-1, _TILE, _CODES)
    border = 2 * strides[0] + reach[0]  # rows around those of a block that its patches have as well
    rows = max(1, min(height, _BLOCK // (line * channels) - 2 * border))
    rows = -(-height // max(-(-height // rows), -(-workers // (images * groups))))
    return _Plan(
        np.ascontiguousarray(table.transpose(0, 2, 1), np.intp),
        np.array([0] * spare + places, np.intp),
        np.array([line, rows, *strides, pads[0][0], pads[1][0], *reach, *dilation], np.intp),
        (rows + 2 * border) * line * channels + LANES,
    )


def _axis(size: int, stride: int, dilation: int) -> dict[int, tuple[int, int]]:
    """Which pixels of a patch there are along one axis, and through which tap each output of two reads them, or −1.

    >>> _axis(2, 1, 1)
    {0: (0, -1), 1: (1, 0), 2: (-1, 1)}
    """
    taps = range(0, size * dilation, dilation)

    def tap(distance: int) -> int:
        return distance // dilation if distance in taps else -1

    pixels = sorted({*taps, *(pixel + stride for pixel in taps)})
    return {pixel: (tap(pixel), tap(pixel - stride)) for pixel in pixels}


def _runs(pixels: dict[int, tuple[int, int]]) -> list[list[int]]:
    """Pixels that follow one another.

    >>> _runs(_axis(2, 3, 1))
    [[0, 1], [3, 4]]
    """
    runs: list[list[int]] = []
    for pixel in pixels:
        if runs and runs[-1][-1] == pixel - 1:
            runs[-1].append(pixel)
        else:
            runs.append([pixel])
    return runs


def _entry(tap: Pair, w_shape: tuple[int, ...], channel: int) -> int:
    """The number of w[r, s, c] in row-major order."""
    return -1 if min(tap) < 0 else (tap[0] * w_shape[1] + tap[1]) * w_shape[2] + channel


@parallel("f4[:, :, :, ::1], intp[:, :, ::1], intp, f4[::1]")
def _pack(worker, workers, arguments):
    """packed[group, tile, code, k, i] = w[entries[tile, code, i], group, k], or 0."""
    w, entries, groups, packed = unpack(arguments)
    numbers, table, filters = flat(w), flat(entries), w.shape[3] // groups
    lists = entries.shape[0] * entries.shape[1]
    for task in range(groups * lists * worker // workers, groups * lists * (worker + 1) // workers):
        group, first = task // lists, task % lists * _TILE
        for k in range(filters):
            for i in range(_TILE):
                entry = get(table, first + i)
                number = get(numbers, max(entry, 0) * w.shape[3] + group * filters + k)
                put(packed, (task * filters + k) * _TILE + i, number if entry >= 0 else np.float32(0))


@parallel(
    "f4[:, :, :, ::1], u1[:, :, :, ::1], f4[:, :, :, ::1], f4[::1], f4[:, :, :, ::1], f4[::1], intp[::1], intp[::1],"
    "intp, f4[:, ::1]"
)
def _add_patches(worker, workers, arguments):
    """Some blocks of rows of dx, each of one image and group."""
    dy, code, w, weights, dx, mask, places, numbers, groups, memory = unpack(arguments)
    line, rows, stride, top, left, reach = numbers[0], numbers[1], numbers[2], numbers[4], numbers[5], numbers[6]
    (images, height, width, channels), (_, down, across, _) = dx.shape, dy.shape
    inner, filters, block = w.shape[2], dy.shape[3] // groups, memory[worker]
    steps = 2 * stride * line * inner, 2 * numbers[3] * inner  # from patch to patch
    blocks = (height + rows - 1) // rows
    for task in range(images * blocks * groups * worker // workers, images * blocks * groups * (worker + 1) // workers):
        n, first, group = task // (blocks * groups), task // groups % blocks * rows, task % groups
        last = min(first + rows, height)
        # patches of pooled row p begin in row 2·p·σ − π₀ and end in row (2·p + 1)·σ − π₀ + reach
        begin = max(0, (first + top - reach + stride - 1) // (2 * stride))
        end = min(down, (last - 1 + top) // (2 * stride) + 1)
        origin = min(first, 2 * begin * stride - top)
        clear(block, 0, (max(last, (2 * end - 1) * stride - top + reach + 1) - origin) * line * inner)
        at = ((n * down + begin) * across) * dy.shape[3] + group * filters
        gradients = beyond(flat(dy), at), beyond(flat(code), at), (across * dy.shape[3], dy.shape[3])
        patches = beyond(block, (2 * begin * stride - top - origin) * line * inner), steps, (end - begin, across)
        if _finite(dy[n]):  # of the whole image, which does not depend on the blocks
            _add_tiles(gradients, filters, weights, group, patches, places)
        else:
            _add_numbers(gradients, filters, w, group, patches, line, numbers)
        at = (first - origin) * line * inner + left * inner
        place = (n * height + first) * width * channels + group * inner
        _finish(block, at, (line * inner, inner), (last - first, width), inner, dx, place, mask, groups)


@compiled
def _finite(dy):
    """Whether all gradients are: 0 times others is not 0, so that they must not meet the zeros around the weights."""
    numbers, different = flat(dy), 0
    for i in range(len(numbers)):
        different += numbers[i] - numbers[i] != 0
    return different == 0


@compiled
def _add_tiles(gradients, filters, weights, group, patches, places):
    """Add some filters' part of a tile of all patches, then the next."""
    (dy, code, from_), (block, to, (down, across)) = gradients, patches
    tiles, vectors = len(places) // TILE_ROWS, spaced(0, LANES)
    for first in range(0, filters, _FILTERS):
        last = min(first + _FILTERS, filters)
        for tile in range(tiles):
            rows = listed(places, tile * TILE_ROWS)
            packed = beyond(weights, (group * tiles + tile) * _CODES * filters * _TILE)
            for p in range(down):
                for q in range(across):
                    at, patch = p * from_[0] + q * from_[1], beyond(block, p * to[0] + q * to[1])
                    sums = load_tile(patch, rows)
                    for k in range(first, last):
                        moved = (np.intp(get(code, at + k)) * filters + k) * _TILE
                        sums = fma_vectors(packed, vectors, moved, broadcast(dy, at + k), sums)
                    store_tile(patch, rows, sums)


@compiled
def _add_numbers(gradients, filters, w, group, patches, line, numbers):
    """Add all patches number by number."""
    (dy, code, from_), (block, to, (down, across)), weights = gradients, patches, flat(w)
    taps_down, taps_across, channels, columns = w.shape
    for p in range(down):
        for q in range(across):
            for k in range(filters):
                at, which = p * from_[0] + q * from_[1] + k, group * filters + k
                i, j = divmod(np.intp(get(code, at)), 2)
                patch = p * to[0] + q * to[1] + i * to[0] // 2 + j * to[1] // 2
                for r in range(taps_down):
                    for s in range(taps_across):
                        place = patch + (r * numbers[8] * line + s * numbers[9]) * channels
                        entry = (r * taps_across + s) * channels * columns + which
                        for c in range(channels):
                            product = get(dy, at) * get(weights, entry + c * columns)
                            put(block, place + c, get(block, place + c) + product)


@compiled
def _finish(block, at, steps, size, channels, dx, place, mask, groups):
    """Take the pixels of the image out of a block."""
    results, out_steps = flat(dx), (dx.shape[2] * dx.shape[3], dx.shape[3])
    if groups == 1:  # a row is one long pixel
        channels, size = size[1] * channels, (size[0], 1)
    if len(mask) > 0:
        relu_grad(block, at, steps, size, channels, mask, results, place, out_steps, False)
    else:
        for h in range(size[0]):
            for v in range(size[1]):
                source, target = at + h * steps[0] + v * steps[1], place + h * out_steps[0] + v * out_steps[1]
                copy(block, source, results, target, channels)
