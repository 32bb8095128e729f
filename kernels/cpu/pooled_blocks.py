"""Blocks of pooled pixels: what each reads of x, copied with zeros around it, so that it lies in the L2 cache.

Each pooled pixel is one of four outputs, and only that one has a gradient. `below` and `right` lead in the copy from
the window of one output to that of the next in the row below or the column to the right.
"""

import functools
from typing import NamedTuple

import numpy as np

from ..geometry import Pair
from .compile import compiled
from .direct import pad
from .matmul import clear
from .simd import LANES, flat, fma, load, prefetch, put, zeros
from .windows import Reach

_SIDE = 8  # pooled pixels
_READ = 1 << 15  # numbers
_LINE = 64  # bytes of a cache line
_NEAR = 1 << 19  # numbers that caches hold between two kernels: they need not be asked for


class Blocks(NamedTuple):
    numbers: np.ndarray  # what the kernels ask for
    blocks: int
    pixels: int  # of a block
    read: int  # numbers of x


@functools.lru_cache(maxsize=64)
def cut_up(shape: tuple[int, ...], dy_shape: tuple[int, ...], output_size: Pair, reach: Reach) -> Blocks:
    """Blocks of about 8 × 8 pixels, or of as many small images; they depend on nothing but the shapes."""
    images, down, across, _ = dy_shape
    channels, covered = shape[3], [max(axis) - min(axis) + 1 for axis in (reach.rows, reach.columns)]

    def reads(pixels: int, axis: int) -> int:
        """Rows or columns of x that so many pooled pixels read, and the output that the pooling leaves over."""
        outputs = 2 * pixels + output_size[axis] % 2
        return (outputs - 1) * reach.strides[axis] + covered[axis]

    rows, columns = _evenly(down, _SIDE), _evenly(across, _SIDE)
    while rows > 1 and reads(rows, 0) * reads(columns, 1) * channels > _READ:
        rows = _evenly(down, rows - 1)
    span, line = reads(rows, 0), reads(columns, 1) * channels
    several = rows == down and columns == across
    some = max(1, min(images, _SIDE**2 // (down * across), _READ // (span * line))) if several else 1
    below, right = reach.strides[0] * line, reach.strides[1] * channels
    numbers = min(reach.rows), min(reach.columns), *reach.strides, some, rows, columns, span, line, below, right
    blocks = -(-images // some) * -(-down // rows) * -(-across // columns)
    return Blocks(np.array(numbers, np.intp), blocks, some * rows * columns, some * span * line + LANES)


def _evenly(many: int, most: int) -> int:
    """The largest of as few parts as can be, each of at most so many.

    >>> _evenly(61, 8), _evenly(9, 8)
    (8, 5)
    """
    return -(-many // -(-many // most))


@compiled
def bounds(block, shape, numbers):
    """The first and last (image, row, column) of a block, for dy of this shape."""
    images, down, across, _ = shape
    some, rows, columns = numbers[4], numbers[5], numbers[6]
    row_blocks, column_blocks = (down + rows - 1) // rows, (across + columns - 1) // columns
    image, row = block // (row_blocks * column_blocks) * some, block // column_blocks % row_blocks * rows
    column = block % column_blocks * columns
    return image, row, column, min(image + some, images), min(row + rows, down), min(column + columns, across)


@compiled
def copy_block(x, place, numbers, copied, fault):
    """Copy what a block reads; add 0 · x to `fault`, which makes NaN of what is not finite."""
    top, left, stride_h, stride_w, span, line = numbers[0], numbers[1], numbers[2], numbers[3], numbers[7], numbers[8]
    (image, row, column, last, _, _), channels = place, x.shape[3]
    first_row, first_column = 2 * row * stride_h + top, 2 * column * stride_w + left
    pad(x, image, last, first_row, span, 0, channels, first_column, line // channels, copied)
    count = (last - image) * span * line
    clear(copied, count, LANES)
    for i in range(0, count, LANES):
        fault = fma(load(copied, i), zeros(), fault)
    return fault


@compiled
def prefetch_block(x, dy, code, block, numbers, part, parts):
    """Ask memory for one of some parts of what a block reads, while the block before it is computed."""
    if x.size + dy.size < _NEAR:
        return
    top, left, stride_h, stride_w, span, line = numbers[0], numbers[1], numbers[2], numbers[3], numbers[7], numbers[8]
    image, row, column, last_image, last_row, last_column = bounds(block, dy.shape, numbers)
    (_, height, width, channels), (_, down, across, filters) = x.shape, dy.shape
    count = (last_column - column) * filters
    for n in range(image, last_image):
        for i in range(part, span, parts):
            at = ((n * height + 2 * row * stride_h + top + i) * width + 2 * column * stride_w + left) * channels
            _prefetch_run(flat(x), at, line, _LINE // 4)
        for i in range(row + part, last_row, parts):
            at = ((n * down + i) * across + column) * filters
            _prefetch_run(flat(dy), at, count, _LINE // 4)
            _prefetch_run(flat(code), at, count, _LINE)


@compiled
def _prefetch_run(numbers, begin, count, line):
    for i in range(begin, begin + count, line):
        prefetch(numbers, i)


@compiled
def find_pixels(place, shape, numbers, starts, pixels):
    """How many pixels a block has; where in its copy the first window of each begins, and which of dy's each is."""
    (image, row, column, last_image, last_row, last_column), (_, down, across, _) = place, shape
    span, line, below, right = numbers[7], numbers[8], numbers[9], numbers[10]
    count = 0
    for n in range(image, last_image):
        for i in range(row, last_row):
            for j in range(column, last_column):
                start = (n - image) * span * line + 2 * (i - row) * below + 2 * (j - column) * right
                put(starts, count, np.int32(start))
                put(pixels, count, np.int32((n * down + i) * across + j))
                count += 1
    return count
