"""The input gradient of a convolution by products that are added up where windows overlap ("column to image").

    products[m, e] = Σ_k dy[m, k] · w[e, k]         what output m adds to number e of its window
    dx[place of number e in window m] += products[m, e]

The products are one of matrices, whose vectors are filled by whole windows, however few channels there are; no tap
meets a zero beside dy, and a stride takes no more than the outputs that there are. In exchange each product passes
through memory once more, a few outputs at a time, in the cache.
A task is a band of rows of an image's gradient, in scratch with its padding around it, so that no window is cut off.
Source: Vasudevan, Anderson & Gregg, "Parallel multi channel convolution using general matrix multiplication" (2017).
"""

import functools
import itertools
from typing import NamedTuple

import numpy as np

from ..geometry import Pads, Pair
from .compile import compiled, inlined
from .direct import packed_windows
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
    get,
    greater,
    load,
    on_stack,
    put,
    select,
    spaced,
    store,
    store_tile,
    zero_tile,
    zeros,
)

OUTPUTS = TILE_ROWS  # of a tile, at least as many as an image has
PRODUCTS = 1 << 14  # that are added up at once: a part of the L2 cache
_BAND = 1 << 15  # numbers of a band
_GRADIENTS, _FEWEST = 1 << 12, 4  # numbers, half of the L1 cache, and tiles that are multiplied at once, at least


def input_grad(
    dy: np.ndarray, w: np.ndarray, input_size: Pair, strides: Pair, pads: Pads, dilation: Pair, groups: int
) -> np.ndarray:
    """dx of images that have at least OUTPUTS outputs."""
    dx = empty((len(dy), *input_size, w.shape[2] * groups))
    workers = workers_for(dy.size * w[..., 0].size // LANES)
    cut = _cut_up(dy.shape, w.shape, input_size, strides, pads, dilation, groups, workers)
    memory = scratch("products", workers, cut.scratch)
    _input_grad(workers, dy, packed_windows(w, groups), cut.numbers, memory, dx)
    return dx


class _Cut(NamedTuple):
    """How the work is cut up."""

    numbers: np.ndarray  # what _input_grad asks for, in its order
    scratch: int  # numbers for each worker


@functools.lru_cache(maxsize=64)
def _cut_up(
    shape: tuple[int, ...],
    kernel: tuple[int, ...],
    input_size: Pair,
    strides: Pair,
    pads: Pads,
    dilation: Pair,
    groups: int,
    workers: int,
) -> _Cut:
    (images, _, across, _), (height, width), (top, left) = shape, input_size, (pads[0][0], pads[1][0])
    rows, columns, inner = kernel[:3]
    line = max((across - 1) * strides[1] + (columns - 1) * dilation[1] + 1, left + width) * inner
    runs, run = (1, columns * inner) if dilation[1] == 1 else (columns, inner)
    entries = -(-rows * columns * inner // LANES) * LANES
    wide = max(OUTPUTS, min(across, PRODUCTS // entries))
    high = max(1, PRODUCTS // entries // across)
    ways = -(-(run + LANES) // (strides[1] * inner))
    fewest = -(-height * line // _BAND)
    bands = next(number for number in itertools.count(fewest) if images * groups * number % workers == 0)
    numbers = (*strides, *dilation, top, left, rows, runs, run, groups, line, entries, high, wide, bands, ways)
    products, band = (high * wide + OUTPUTS) * entries + LANES, -(-height // bands) * line + LANES
    return _Cut(np.array(numbers, np.intp), products + band)


@parallel("f4[:, :, :, ::1], f4[::1], intp[::1], f4[:, ::1], f4[:, :, :, ::1]")
def _input_grad(worker, workers, arguments):
    """Some bands of the gradients of some images and groups."""
    dy, panels, numbers, memory, dx = unpack(arguments)
    stride, top, left, reach = numbers[0], numbers[4], numbers[5], (numbers[6] - 1) * numbers[2]
    groups, line, entries, bands = numbers[9], numbers[10], numbers[11], numbers[14]
    (images, down, across, filters), (_, height, width, channels) = dy.shape, dx.shape
    depth, inner, size = filters // groups, channels // groups, (numbers[12] * numbers[13] + OUTPUTS) * entries + LANES
    products, sums = memory[worker][:size], memory[worker][size:]
    tasks = images * bands * groups
    for task in range(tasks * worker // workers, tasks * (worker + 1) // workers):
        image, band, group = task // (bands * groups), task // groups % bands, task % groups
        begin, end = height * band // bands, height * (band + 1) // bands
        rows = (max(0, (begin + top - reach + stride - 1) // stride), min(down, (end - 1 + top) // stride + 1))
        gradients = beyond(flat(dy), image * down * across * filters + group * depth)
        clear(sums, 0, (end - begin) * line)
        product = gradients, filters, depth, beyond(panels, group * entries * depth), entries, products
        _add_outputs(product, across, rows, numbers, begin + top, end - begin, inner, sums)
        for h in range(begin, end):
            place = ((image * height + h) * width) * channels + group * inner
            _write_row(sums, (h - begin) * line + left * inner, inner, width, flat(dx), place, channels)


@compiled
def _add_outputs(product, across, rows, numbers, origin, inside, inner, sums):
    """Add the windows of some rows of outputs to `inside` rows of the padded image, from row `origin` on.

    The order in which a number is summed depends on no more than the shape: row by row, some outputs at a time.
    """
    entries, products, high, wide = product[4], product[5], numbers[12], numbers[13]
    for p in range(rows[0], rows[1], high):
        below = min(p + high, rows[1])
        for q in range(0, across, wide):
            behind = min(q + wide, across)
            first, last = p * across + q, (below - 1) * across + behind
            base = max(0, min(first, last - OUTPUTS))
            _multiply(product, base, last)
            for row in range(p, below):
                place = (row * across + q - base) * entries
                _add_windows(products, place, row, q, behind, numbers, origin, inside, inner, sums)


@compiled
def _multiply(product, first, last):
    """products[m − first, e] = Σ_k dy[m, k] · w[e, k] for the outputs first … last − 1.

    A few outputs at a time, whose gradients the L1 cache keeps for all panels; the last tile may overlap.
    """
    dy, filters, depth, panels, entries, products = product
    some = max(_FEWEST, _GRADIENTS // depth // OUTPUTS) * OUTPUTS
    for begin in range(first, last, some):
        end = min(begin + some, last)
        for e in range(0, entries, LANES):
            for i in range(begin, end, OUTPUTS):
                m = max(first, min(i, last - OUTPUTS))
                place = (m - first) * entries + e
                _multiply_tile(dy, m * filters, filters, depth, panels, e * depth, products, place, entries)


@inlined
def _multiply_tile(dy, at, filters, depth, panels, panel, products, place, entries):
    rows, tile = spaced(at, filters), zero_tile()
    for k in range(depth):
        tile = fma_tile(dy, rows, k, load(panels, panel + k * LANES), tile)
    store_tile(products, spaced(place, entries), tile)


@compiled
def _add_windows(products, place, p, begin, end, numbers, origin, inside, inner, sums):
    """Add the windows of the outputs (p, begin) … (p, end − 1), whose products lie from `place` on.

    Windows that overlap do not follow each other: what has just been stored can be loaded again only some time later.
    """
    stride, step, dilation, space = numbers[0], numbers[1], numbers[2], numbers[3]
    rows, runs, run, line, entries, ways = numbers[6], numbers[7], numbers[8], numbers[10], numbers[11], numbers[15]
    whole, lanes = run // LANES * LANES, on_stack(np.float32, LANES)
    for lane in range(LANES):
        put(lanes, lane, np.float32(lane))
    is_rest = greater(filled(np.float32(run - whole)), load(lanes, 0))
    for way in range(ways):
        for q in range(begin + way, end, ways):
            for r in range(rows):
                row = p * stride + r * dilation - origin
                if row < 0 or row >= inside:
                    continue
                for s in range(runs):
                    source = place + (q - begin) * entries + (r * runs + s) * run
                    target = row * line + (q * step + s * space) * inner
                    for j in range(0, whole, LANES):
                        store(sums, target + j, add(load(sums, target + j), load(products, source + j)))
                    if whole < run:  # what lies beyond the run stays as it is
                        rest = select(is_rest, load(products, source + whole), zeros())
                        store(sums, target + whole, add(load(sums, target + whole), rest))


@compiled
def _write_row(sums, at, inner, width, dx, place, channels):
    """A row of the gradient of a group's channels."""
    if inner == channels:
        copy(sums, at, dx, place, width * inner)
    else:
        for v in range(width):
            for c in range(inner):
                put(dx, place + v * channels + c, get(sums, at + v * inner + c))
