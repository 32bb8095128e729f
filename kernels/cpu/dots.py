"""Convolution with few filters by dot products: vectors of channels, tap after tap, added up in the end.

    out[places[i] + k] = bias[k] + Σ_lanes Σ_d x[starts[i] + offsets[d] …] · w[d, k, …]

direct.py would leave the lanes of all filters but a few without work. A tile has the same vector of a window for some
outputs, so that a vector of weights is loaded once for all of them. Where the channels of a pixel are not whole
vectors, or windows leave the image, a block is copied with zeros behind each pixel's channels and around the image.
"""

import functools
from typing import NamedTuple

import numpy as np

from .compile import compiled, inlined
from .matmul import clear, copy
from .parallel import parallel, unpack, workers_for
from .scratch import scratch
from .simd import (
    LANES,
    TILE_ROWS,
    beyond,
    flat,
    fma_vectors,
    get,
    listed,
    load,
    on_stack,
    put,
    spaced,
    store_tile,
    total,
    zero_tile,
)
from .windows import Reach, plan

_TILE = TILE_ROWS * LANES  # numbers
_NO_BIAS = np.empty(0, np.float32)


def correlate(x: np.ndarray, w: np.ndarray, bias: np.ndarray | None, out: np.ndarray, reach: Reach) -> None:
    """Correlate x with w, (R, S, C, K), into `out`."""
    vectors = w[:, :, 0, 0].size * -(-w.shape[2] // LANES)
    weights = scratch("weights", 1, out.shape[3] * vectors * LANES)
    _pack(workers_for(w.size), w, weights)
    workers = workers_for(out.size * vectors)
    tables = _tables(x.shape, out.shape, reach, workers)
    memory = scratch("padded images", workers, tables.copied)
    _correlate(workers, x, weights, _NO_BIAS if bias is None else bias, out, *tables[:4], memory)


class _Tables(NamedTuple):
    """As in windows.Plan, but offsets of vectors."""

    offsets: np.ndarray
    starts: np.ndarray
    places: np.ndarray
    numbers: np.ndarray
    copied: int  # numbers of the copy of a block; 0 if windows are read where they lie


@functools.lru_cache(maxsize=64)
def _tables(shape: tuple[int, ...], out_shape: tuple[int, ...], reach: Reach, workers: int) -> _Tables:
    wide = -(-shape[3] // LANES) * LANES
    tables = plan((*shape[:3], wide), out_shape[1:3], reach, out_shape, 1, workers, copied=wide > shape[3])
    offsets = np.ascontiguousarray(tables.offsets[::LANES])
    return _Tables(offsets, tables.starts, tables.places, tables.numbers, tables.padded)


@parallel("f4[:, :, :, ::1], f4[::1]")
def _pack(worker, workers, arguments):
    """packed[k, t, c] = w[t, c, k], and zeros behind the last channel of each tap."""
    w, packed = unpack(arguments)
    (rows, columns, channels, filters), numbers = w.shape, flat(w)
    taps, wide = rows * columns, (channels + LANES - 1) // LANES * LANES
    for i in range(filters * taps * worker // workers, filters * taps * (worker + 1) // workers):
        k, t = i // taps, i % taps
        for c in range(channels):
            put(packed, i * wide + c, get(numbers, (t * channels + c) * filters + k))
        clear(packed, i * wide + channels, wide - channels)


@parallel(
    "f4[:, :, :, ::1], f4[::1], f4[::1], f4[:, :, :, ::1], intp[::1], intp[::1], intp[::1], intp[::1], f4[:, ::1]"
)
def _correlate(worker, workers, arguments):
    """Some blocks of outputs."""
    x, weights, bias, out, offsets, starts, places, numbers, memory = unpack(arguments)
    origin, out_image, out_row, down, across = numbers[0], numbers[1], numbers[2], numbers[3], numbers[4]
    stride, top, left, covered, line, copied = numbers[5], numbers[6], numbers[7], numbers[8], numbers[9], numbers[10]
    some, rows = numbers[11], numbers[12]
    images, height, _, channels = x.shape
    row_blocks = (down + rows - 1) // rows
    blocks = (images + some - 1) // some * row_blocks
    for block in range(blocks * worker // workers, blocks * (worker + 1) // workers):
        image, row = block // row_blocks * some, block % row_blocks * rows
        deep, high, first = min(some, images - image), min(rows, down - row), row * stride + top
        if copied:
            source = memory[worker]
            _widen(x, image, image + deep, first, (high - 1) * stride + covered, left, line, source)
        else:
            source = beyond(flat(x), ((image * height + first) * line + left) * channels)
        target = beyond(flat(out), origin + image * out_image + row * out_row)
        _multiply(source, offsets, starts, weights, bias, target, places, deep * high * across, out.shape[3])


@compiled
def _widen(x, image, last_image, first, rows, left, line, target):
    """Copy `rows` rows from `first` on, columns left … left + line − 1 of some images, as whole vectors of channels."""
    _, height, width, channels = x.shape
    wide, place = (channels + LANES - 1) // LANES * LANES, 0
    for n in range(image, last_image):
        for h in range(first, first + rows):
            for v in range(left, left + line):
                if 0 <= h < height and 0 <= v < width:
                    copy(flat(x), ((n * height + h) * width + v) * channels, target, place, channels)
                    clear(target, place + channels, wide - channels)
                else:
                    clear(target, place, wide)
                place += wide


@compiled
def _multiply(x, offsets, starts, weights, bias, out, places, outputs, filters):
    """The outputs of a block. A last tile that is not whole repeats the last output."""
    sums, rows = on_stack(np.float32, _TILE), on_stack(np.intp, TILE_ROWS)
    for first in range(0, outputs, TILE_ROWS):
        for i in range(TILE_ROWS):
            put(rows, i, get(starts, min(first + i, outputs - 1)))
        for k in range(filters):
            _multiply_tile(x, rows, offsets, weights, k * len(offsets) * LANES, sums)
            begin = get(bias, k) if len(bias) > 0 else np.float32(0)
            for i in range(min(TILE_ROWS, outputs - first)):
                put(out, get(places, first + i) + k, begin + total(load(sums, i * LANES)))


@inlined
def _multiply_tile(x, starts, offsets, weights, at, sums):
    """sums[i] = Σ_d x[starts[i] + offsets[d] …] · weights[at, d], in every lane."""
    rows, tile = listed(starts, 0), zero_tile()
    for d in range(len(offsets)):
        tile = fma_vectors(x, rows, get(offsets, d), load(weights, at + d * LANES), tile)
    store_tile(sums, spaced(0, LANES), tile)
