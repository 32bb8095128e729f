"""Windows as tables of pixel numbers: all that stride, padding and dilation mean, worked out once for each shape."""

import functools
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from ..geometry import Pads, Pair
from .simd import LANES, TILE_ROWS

OUTPUTS = TILE_ROWS  # of a tile
_BLOCK, _TABLE = 1 << 15, 1 << 12  # numbers that a block reads, and outputs of it: a part of the L2 cache
_POOLED = 1 << 10  # outputs of a block that is to be pooled, which waits for that in the L1 and L2 cache
_TILE, _TASK = 40, 200  # cycles to begin a tile, and a block


class Reach(NamedTuple):
    """What the outputs of a correlation read, and which pixels of the result they are.

    Output (p, q) reads pixel (p·σ + h, q·σ' + v) for each h of rows, v of columns; it is pixel first + steps · (p, q).
    """

    rows: tuple[int, ...]
    columns: tuple[int, ...]
    strides: Pair
    first: Pair = (0, 0)
    steps: Pair = (1, 1)


@dataclass
class Phase:
    """The pixels of an input gradient that read the same taps of the kernel, r·S + s, of the outputs' gradient."""

    size: Pair
    taps: np.ndarray
    reach: Reach


def forward_reach(kernel_size: Pair, strides: Pair, pads: Pads, dilation: Pair) -> Reach:
    """Tap (r, s) of output (p, q) lies at (p·σ + r·δ − π₀, q·σ + s·δ − π₀).

    >>> forward_reach((1, 2), (1, 1), ((0, 0), (1, 0)), (1, 3))
    Reach(rows=(0,), columns=(-1, 2), strides=(1, 1), first=(0, 0), steps=(1, 1))
    """
    rows, columns = (
        tuple(range(-pad[0], size * step - pad[0], step)) for size, step, pad in zip(kernel_size, dilation, pads)
    )
    return Reach(rows, columns, strides)


@functools.lru_cache(maxsize=64)
def backward_phases(input_size: Pair, kernel_size: Pair, strides: Pair, pads: Pads, dilation: Pair) -> list[Phase]:
    """Pixel h = first + σ·u was read by output p = u + (first + π₀ − r·δ) / σ, for every r for which that is whole.

    >>> phases = backward_phases((1, 4), (1, 3), (1, 2), ((0, 0), (1, 0)), (1, 1))
    >>> [(phase.size, phase.taps.tolist()) for phase in phases]
    [((1, 2), [1]), ((1, 2), [0, 2])]
    """
    phases = []
    for h, v in np.ndindex(min(strides[0], input_size[0]), min(strides[1], input_size[1])):
        p, rows = _outputs_that_read(h, kernel_size[0], strides[0], pads[0][0], dilation[0])
        q, columns = _outputs_that_read(v, kernel_size[1], strides[1], pads[1][0], dilation[1])
        size = -(-(input_size[0] - h) // strides[0]), -(-(input_size[1] - v) // strides[1])
        taps = np.array([r * kernel_size[1] + s for r in rows for s in columns], np.intp)
        phases.append(Phase(size, taps, Reach(p, q, (1, 1), (h, v), strides)))
    return phases


def _outputs_that_read(
    start: int, kernel_size: int, stride: int, pad: int, dilation: int
) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """The outputs that read pixel `start` along one axis, and through which taps."""
    distances = {r: start + pad - r * dilation for r in range(kernel_size)}
    taps = tuple(r for r, distance in distances.items() if distance % stride == 0)
    return tuple(distances[r] // stride for r in taps), taps


class Plan(NamedTuple):
    """Where a block of outputs finds what it reads and leaves what it computes, counted from the block's beginning."""

    offsets: np.ndarray  # of the numbers of a window, from its first one
    starts: np.ndarray  # of the windows of the outputs
    places: np.ndarray  # of the outputs
    numbers: np.ndarray  # what direct._correlate asks for, in its order
    padded: int  # numbers of the padded copy of what a block reads, and a vector; 0 if no window leaves its image
    pooled: int  # numbers of a block that is to be pooled; 0 if it is not


@functools.lru_cache(maxsize=64)
def plan(
    shape: tuple[int, ...],
    size: Pair,
    reach: Reach,
    out_shape: tuple[int, ...],
    groups: int,
    workers: int,
    most: int = _BLOCK,
    pool: int = 1,
    copied: bool = False,
) -> Plan:
    """The tables for correlating images of this shape; they hold for every block, which reads `most` numbers.

    A block has whole windows of a pooling of pool × pool pixels, and its places are those in scratch. What it reads is
    copied, with padding around it, if a window leaves its image, or if `copied` says so.
    """
    images, height, width, channels = shape
    filters, strides = out_shape[3], reach.strides
    top, left = min(reach.rows), min(reach.columns)
    ends = [(many - 1) * step + max(axis) for many, step, axis in zip(size, strides, (reach.rows, reach.columns))]
    copied |= top < 0 or left < 0 or ends[0] >= height or ends[1] >= width
    inner, covered = channels // groups, max(reach.rows) - top + 1
    line, pixel = (ends[1] - left + 1, inner) if copied else (width, channels)
    h, v = np.array(reach.rows) - top, np.array(reach.columns) - left
    offsets = (h[:, None, None] * line + v[:, None]) * pixel + np.arange(inner)
    reads = _Reads(strides[0], covered, line * pixel, copied)
    some, rows, splits = _block(images, size, reads, offsets.size, groups, filters, workers, most, pool)
    span = (rows - 1) * strides[0] + covered
    n, p, q = np.ogrid[:some, :rows, : size[1]]
    starts = n * (span if copied else height) * line * pixel + (p * strides[0] * line + q * strides[1]) * pixel
    out_line = out_shape[2] * filters
    out_image, out_row = out_shape[1] * out_line, reach.steps[0] * out_line
    out_pixel = reach.steps[1] * filters
    places = n * out_image + p * out_row + q * out_pixel if pool == 1 else LANES * np.arange(starts.size)
    origin = reach.first[0] * out_line + reach.first[1] * filters
    numbers = (
        *(origin, out_image, out_row, *size, strides[0], top, left, covered, line, copied),
        *(some, rows, splits, out_pixel, pool),
    )
    padded, pooled = some * span * line * pixel + LANES if copied else 0, LANES * starts.size if pool > 1 else 0
    return Plan(_table(offsets), _table(starts), _table(places), np.array(numbers, np.intp), padded, pooled)


def _table(numbers: np.ndarray) -> np.ndarray:
    return np.ascontiguousarray(numbers.ravel(), np.intp)


class _Reads(NamedTuple):
    """What rows of outputs read: `stride` rows of the image each, but `covered` the first, of so many numbers."""

    stride: int
    covered: int
    line: int
    padded: bool

    def numbers(self, rows: int) -> int:
        return ((rows - 1) * self.stride + self.covered) * self.line


def _block(
    images: int, size: Pair, reads: _Reads, depth: int, groups: int, filters: int, workers: int, most: int, pool: int
) -> tuple[int, int, int]:
    """(images, rows, splits of the filters) of a block: those with which the last worker is ready first."""
    down, across = size
    panels, table = -(-filters // groups // LANES), _TABLE if pool == 1 else _POOLED
    most = max(most, 2 * reads.numbers(1)) if reads.padded else most  # no row is copied again and again
    most_images = max(1, min(most // reads.numbers(down), table // (down * across), images))
    most_rows = max(1, min((most // reads.line - reads.covered) // reads.stride + 1, table // across, down))
    turns = range(1, 9)
    heights = {max(1, min(most_rows, -(-down * images // (turn * workers)), -(-down // turn))) for turn in turns}
    blocks = {(1, -(-height // pool) * pool) for height in heights}
    if most_rows == down:
        blocks |= {(min(most_images, -(-images // (turn * workers))), down) for turn in turns} | {(most_images, down)}
    splits = {1, *(min(panels, -(-workers // turn)) for turn in turns)}

    def time(block: tuple[int, int, int]) -> int:
        some, rows, split = block
        tasks = groups * split * -(-images // some) * -(-down // rows)
        tiles = -(-some * rows * across // OUTPUTS) * -(-panels // split)
        copied = some * reads.numbers(rows) // 8 if reads.padded else 0
        return -(-tasks // workers) * (tiles * (OUTPUTS * depth + _TILE) + copied + _TASK)

    return min(sorted((*block, split) for block in blocks for split in splits), key=time)
