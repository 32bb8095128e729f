"""Convolution that reads images where they lie: a tile of outputs × filters in registers, no window copied.

    out[places[i]] = bias + Σ_d x[starts[i] + offsets[d]] · panels[d]

starts[i] is where the window of output i begins, offsets[d] where in a window number d lies, places[i] where the
output goes. Stride, dilation, groups, and tiles that go on in the next row or image are no more than numbers in these
tables (windows.py). Padding is a copy, with zeros around, of what a block of outputs reads: at most some images or
some rows of one, so that it stays in the L2 cache. Where at most half of the lanes have a filter, they take two numbers
of a window at once, and the halves are added at the end.
The input gradient is the same over dy, once for every phase of the stride, through transposed weights.
Source: Georganas et al., "Anatomy of high-performance deep learning convolutions on SIMD architectures" (2018).
"""

import numpy as np

from ..geometry import NO_PADS, Pads, Pair
from . import activation
from .compile import compiled, inlined
from .epilogue import relu_grad, relu_max_pool
from .fill import cleared
from .matmul import clear, copy, pack_panels, padded_bias
from .memory import empty
from .parallel import parallel, unpack, workers_for
from .scratch import scratch
from .simd import (
    LANES,
    beyond,
    filled,
    flat,
    fma_tile,
    fma_tile_two,
    fold_tile,
    get,
    listed,
    load,
    load_tile,
    load_two,
    maximum_tile,
    multiply,
    on_stack,
    put,
    spaced,
    store,
    store_half_tile,
    store_tile,
    zero_tile,
)
from .windows import OUTPUTS, Reach, backward_phases, plan

POOL = 2  # rows and columns of the windows that are pooled
_HALF = LANES // 2
_EDGE = OUTPUTS * LANES  # numbers of a tile
_NO_NUMBERS, _NO_CODES = np.empty(0, np.float32), np.empty(0, np.uint8)


def correlate(
    x: np.ndarray,
    panels: np.ndarray,
    bias: np.ndarray | None,
    out: np.ndarray,
    size: Pair,
    reach: Reach,
    groups: int,
    *,
    floor: float = -np.inf,
    mask: np.ndarray = _NO_NUMBERS,
    code: np.ndarray | None = None,
) -> None:
    """Correlate x with packed weights into `size` pixels of each image of `out`.

    What is less than `floor` becomes that. With a mask, an array as `out`, numbers pass only where it is positive.
    With a code, `out` and `code` are what ReLU and max-pooling make of the pixels.
    """
    depth, filters = len(reach.rows) * len(reach.columns) * x.shape[3] // groups, out.shape[3]
    workers = workers_for(len(x) * size[0] * size[1] * filters * depth // LANES)
    tables = plan(x.shape, size, reach, out.shape, groups, workers, pool=1 if code is None else POOL)
    images, blocks = scratch("padded images", workers, tables.padded), scratch("outputs", workers, tables.pooled)
    arrays = x, panels, padded_bias(bias, filters), out, _NO_CODES if code is None else code, mask
    _correlate(workers, *arrays, floor, *tables[:4], groups, images, blocks)


def input_grad(
    dy: np.ndarray,
    w: np.ndarray,
    input_size: Pair,
    strides: Pair = (1, 1),
    pads: Pads = NO_PADS,
    dilation: Pair = (1, 1),
    groups: int = 1,
    mask: np.ndarray = _NO_NUMBERS,
) -> np.ndarray:
    """dx for finite weights, one phase of the input pixels after the other."""
    phases = backward_phases(input_size, w.shape[:2], strides, pads, dilation)
    shape = len(dy), *input_size, w.shape[2] * groups
    skipping = any(phase.taps.size == 0 for phase in phases)  # a long stride reads not all pixels
    if skipping and mask.size > 0:
        return activation.relu_grad(input_grad(dy, w, input_size, strides, pads, dilation, groups), mask)
    dx = cleared(shape) if skipping else empty(shape)
    for phase in phases:
        if phase.taps.size > 0:
            panels = packed_transposed(w, phase.taps, groups)
            correlate(dy, panels, None, dx, phase.size, phase.reach, groups, mask=mask)
    return dx


def packed(w: np.ndarray, groups: int) -> np.ndarray:
    """panels[group, k // L, d, k % L] = w[d, group, k]: the filters of each group, LANES = L side by side."""
    depth, filters = w[..., 0].size, w.shape[3]
    return _packed(w, np.zeros(1, np.intp), depth, (filters, 1), groups, filters // groups)


def packed_transposed(w: np.ndarray, taps: np.ndarray, groups: int) -> np.ndarray:
    """panels[group, c // L, t, k, c % L] = w[taps[t], c, group, k]: the channels of each group side by side."""
    channels, filters = w.shape[2:]
    return _packed(w, taps * channels * filters, filters // groups, (1, filters), groups, channels)


def packed_windows(w: np.ndarray, groups: int) -> np.ndarray:
    """panels[group, e // L, k, e % L] = w[e, group, k]: the numbers of a window, of each group, side by side."""
    filters = w.shape[3]
    return _packed(w, np.zeros(1, np.intp), filters // groups, (1, filters), groups, w[..., 0].size)


def _packed(w: np.ndarray, starts: np.ndarray, run: int, steps: Pair, groups: int, columns: int) -> np.ndarray:
    """Panels of `columns` columns for each group; rows come in runs, and steps lead to the next row and column."""
    panels = scratch("weights", 1, len(starts) * run * groups * -(-columns // LANES) * LANES)
    _pack(workers_for(w.size // 4), w, starts, run, *steps, w.shape[3] // groups, groups, columns, panels)
    return panels


@inlined
def _multiply_tile(x, starts, i, offsets, panels, panel, bias, at, floor, out, places, p):
    """out[places[p + i], j] = max(floor, bias[at + j] + Σ_d x[starts[i] + offsets[d]] · panels[panel, d, j])."""
    windows, sums = listed(starts, i), load_tile(bias, spaced(at, 0))
    for d in range(len(offsets)):
        sums = fma_tile(x, windows, get(offsets, d), load(panels, panel + d * LANES), sums)
    store_tile(out, listed(places, p), maximum_tile(filled(floor), sums))


@inlined
def _multiply_tile_by_halves(x, starts, i, offsets, panels, panel, bias, at, floor, out, places, p):
    """The same for no more filters than half of the lanes: two numbers of a window at once, one for either half.

    A number without another is multiplied by half of its weight in either half, as 0 · ∞ is not 0.
    """
    windows, sums, pairs = listed(starts, i), zero_tile(), len(offsets) // 2 * 2
    for d in range(0, pairs, 2):
        weights = load_two(panels, panel + d * LANES, panel + (d + 1) * LANES)
        sums = fma_tile_two(x, windows, get(offsets, d), get(offsets, d + 1), weights, sums)
    for d in range(pairs, len(offsets)):
        weights = multiply(filled(0.5), load_two(panels, panel + d * LANES, panel + d * LANES))
        sums = fma_tile(x, windows, get(offsets, d), weights, sums)
    store_half_tile(out, listed(places, p), maximum_tile(filled(floor), fold_tile(load_two(bias, at, at), sums)))


@parallel(
    "f4[:, :, :, ::1], f4[::1], f4[::1], f4[:, :, :, ::1], u1[::1], f4[::1], f8, intp[::1], intp[::1], intp[::1],"
    "intp[::1], intp, f4[:, ::1], f4[:, ::1]"
)
def _correlate(worker, workers, arguments):
    """Some blocks of outputs: pooled on their way to `out` if there is a code."""
    x, panels, bias, out, code, mask, floor, offsets, starts, places, numbers, groups, memory, outputs = unpack(
        arguments
    )
    origin, out_image, out_row, down, across = numbers[0], numbers[1], numbers[2], numbers[3], numbers[4]
    stride, top, left, covered, line, padded = numbers[5], numbers[6], numbers[7], numbers[8], numbers[9], numbers[10]
    some, rows, splits, out_pixel, pool = numbers[11], numbers[12], numbers[13], numbers[14], numbers[15]
    images, height, _, channels = x.shape
    inner, filters = channels // groups, out.shape[3] // groups
    panels_of_group, step = (filters + LANES - 1) // LANES, inner if padded else channels
    row_blocks = (down + rows - 1) // rows
    blocks = (images + some - 1) // some * row_blocks
    tasks, results = groups * blocks * splits, flat(out)
    for task in range(tasks * worker // workers, tasks * (worker + 1) // workers):
        group, block, split = task // (blocks * splits), task // splits % blocks, task % splits
        image, row = block // row_blocks * some, block % row_blocks * rows
        deep, high, first = min(some, images - image), min(rows, down - row), row * stride + top
        if padded:
            source = memory[worker]
            pad(x, image, image + deep, first, (high - 1) * stride + covered, group, inner, left, line, source)
        else:
            source = beyond(flat(x), ((image * height + first) * line + left) * step + group * inner)
        count, corner = deep * high * across, origin + image * out_image + row // pool * out_row + group * filters
        scattered = groups * splits > 1 or out_row != across * filters  # other numbers lie between this block's
        for j in range(panels_of_group * (split + 1) // splits - 1, panels_of_group * split // splits - 1, -1):
            wide, panel = min(LANES, filters - j * LANES), (group * panels_of_group + j) * len(offsets) * LANES
            product = offsets, panels, panel, bias, group * filters + j * LANES, np.float32(floor), wide <= _HALF
            place, size = corner + j * LANES, (deep, high // pool, across // pool)
            steps, spill = (out_image, out_row, out_pixel), groups * splits == 1 and out_pixel == filters
            if pool > 1:
                pixels = outputs[worker]
                _multiply(source, starts, product, pixels, places, count, LANES, LANES, False)
                _pool(pixels, size, wide, results, code, place, steps, spill)
            else:
                _multiply(source, starts, product, beyond(results, place), places, count, wide, filters, scattered)
                if len(mask) > 0:
                    _mask(results, size, wide, mask, place, steps, spill)


@compiled
def _pool(block, size, channels, out, code, place, steps, spill):
    """ReLU and max-pooling of all pixels of a block into images, rows and columns of results."""
    line = 2 * size[2] * LANES
    for n in range(size[0]):
        at, target = n * 2 * size[1] * line, place + n * steps[0]
        relu_max_pool(block, at, (line, LANES), size[1:], channels, out, code, target, steps[1:], spill)


@compiled
def _mask(out, size, channels, y, place, steps, spill):
    """Clear the results where y is not positive, while they still lie in the cache."""
    for n in range(size[0]):
        at = place + n * steps[0]
        relu_grad(out, at, steps[1:], size[1:], channels, y, out, at, steps[1:], spill)


@compiled
def _multiply(x, starts, product, out, places, outputs, wide, filters, scattered):
    """The outputs of a block, of which `wide` numbers are stored."""
    whole = _whole_tiles(outputs, wide, filters, scattered)
    _multiply_tiles(x, starts, product, out, places, whole)
    _multiply_edges(x, starts, product, out, places, whole, outputs, wide)


@compiled
def _whole_tiles(outputs, wide, filters, scattered):
    """How many outputs of a block can be stored as whole vectors.

    The lanes beyond the last filter reach into the next outputs. These are stored later, panels going from the last
    to the first, unless they are of another block, or other numbers lie between.
    """
    stored = LANES if wide > _HALF else _HALF
    if wide == stored:
        return outputs if outputs >= OUTPUTS else 0
    return 0 if scattered else max(0, outputs - (stored + filters - 1) // filters) // OUTPUTS * OUTPUTS


@compiled
def _multiply_tiles(x, starts, product, out, places, outputs):
    """Some whole tiles, the last of which may overlap the one before.

    A function of its own, or every tile would be called with all these arrays.
    """
    offsets, panels, panel, bias, at, floor, by_halves = product
    for first in range(0, outputs, OUTPUTS):
        i = min(first, outputs - OUTPUTS)
        if by_halves:
            _multiply_tile_by_halves(x, starts, i, offsets, panels, panel, bias, at, floor, out, places, i)
        else:
            _multiply_tile(x, starts, i, offsets, panels, panel, bias, at, floor, out, places, i)


@compiled
def _multiply_edges(x, starts, product, out, places, first, outputs, wide):
    """The other outputs of a block, of which only `wide` numbers are stored."""
    if first == outputs:
        return
    offsets, panels, panel, bias, at, floor, by_halves = product
    edge = on_stack(np.float32, _EDGE)
    edge_starts, edge_places = on_stack(np.intp, OUTPUTS), on_stack(np.intp, OUTPUTS)
    for m in range(OUTPUTS):
        put(edge_places, m, m * LANES)
    for i in range(first, outputs, OUTPUTS):
        for m in range(OUTPUTS):
            put(edge_starts, m, get(starts, min(i + m, outputs - 1)))
        if by_halves:
            _multiply_tile_by_halves(x, edge_starts, 0, offsets, panels, panel, bias, at, floor, edge, edge_places, 0)
        else:
            _multiply_tile(x, edge_starts, 0, offsets, panels, panel, bias, at, floor, edge, edge_places, 0)
        for m in range(min(OUTPUTS, outputs - i)):
            copy(edge, m * LANES, out, get(places, i + m), wide)


@compiled
def pad(x, image, last_image, first, rows, group, inner, left, line, target):
    """Copy `rows` rows from `first` on, columns left … left + line − 1 of some images, with zeros around them."""
    _, height, width, channels = x.shape
    numbers, place = flat(x), 0
    begin, end = min(max(left, 0), left + line), max(min(left + line, width), left)
    for n in range(image, last_image):
        for h in range(first, first + rows):
            if h < 0 or h >= height or begin >= end:
                clear(target, place, line * inner)
            else:
                clear(target, place, (begin - left) * inner)
                at, spot = ((n * height + h) * width + begin) * channels + group * inner, place + (begin - left) * inner
                if inner == channels:
                    copy(numbers, at, target, spot, (end - begin) * channels)
                else:
                    _copy_group(numbers, at, channels, inner, end - begin, target, spot)
                clear(target, spot + (end - begin) * inner, (left + line - end) * inner)
            place += line * inner


@compiled
def _copy_group(numbers, at, channels, inner, pixels, target, place):
    """Copy a group's channels of some pixels. A vector may reach beyond: what lies there is copied or cleared later."""
    for v in range(pixels):
        source, spot = at + v * channels, place + v * inner
        if inner < LANES and source + LANES <= len(numbers):
            store(target, spot, load(numbers, source))
        else:
            copy(numbers, source, target, spot, inner)


@parallel("f4[::1], intp[::1], intp, intp, intp, intp, intp, intp, f4[::1]")
def _pack(worker, workers, arguments):
    """The panels of each group, one after the other; see matmul.pack_panels."""
    numbers, starts, run, row_step, column_step, group_step, groups, columns, panels = unpack(arguments)
    matrix, depth = (numbers, starts, run, row_step, column_step), len(starts) * run
    across = (columns + LANES - 1) // LANES
    for task in range(worker, groups * across, workers):
        group, j = task // across, task % across * LANES
        origin, panel = group * group_step + j * column_step, beyond(panels, task * depth * LANES)
        pack_panels(matrix, 0, depth, origin, min(LANES, columns - j), panel)
