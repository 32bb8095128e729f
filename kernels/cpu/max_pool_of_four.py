"""2×2 max-pooling without overlap, a vector of channels at a time: four vectors are compared in registers.

    y = max(largest of the four pixels, floor), code = the first pixel that has the largest, or is NaN

The floor is 0 where a ReLU stands in front of the pooling, and −∞ where none does.
"""

import numpy as np

from ..fused import POOL
from ..geometry import NO_PADS, Pads, Pair
from .epilogue import largest_of_four
from .memory import empty
from .parallel import parallel, unpack, workers_for
from .simd import LANES, filled, flat, maximum, store


def suits(channels: int, pool_size: Pair, strides: Pair, pads: Pads = NO_PADS) -> bool:
    """Whether the windows are such, and the channels whole vectors: those of a pixel are the last that may be read.

    >>> suits(2 * LANES, (2, 2), (2, 2)), suits(1, (2, 2), (2, 2)), suits(2 * LANES, (3, 3), (2, 2))
    (True, False, False)
    """
    plain = (tuple(pool_size), tuple(strides)) == (POOL["pool_size"], POOL["strides"]) and pads == NO_PADS
    return plain and channels % LANES == 0


def max_pool(x: np.ndarray, floor: float) -> tuple[np.ndarray, np.ndarray]:
    """(y, code) of images (N, H, W, C): (N, H // 2, W // 2, C)."""
    n, height, width, channels = x.shape
    y = empty((n, height // 2, width // 2, channels))
    code = empty(y.shape, np.uint8)
    _max_pool(workers_for(x.size), x, y, code, float(floor))
    return y, code


@parallel("f4[:, :, :, ::1], f4[:, :, :, ::1], u1[:, :, :, ::1], f8")
def _max_pool(worker, workers, arguments):
    x, y, code, floor = unpack(arguments)
    images, results, places = flat(x), flat(y), flat(code)
    (rows, columns, channels), line = y.shape[1:], x.shape[2] * x.shape[3]
    lowest, lines = filled(np.float32(floor)), len(y) * rows
    for row in range(lines * worker // workers, lines * (worker + 1) // workers):
        n, p = divmod(row, rows)
        above = (n * x.shape[1] + 2 * p) * line
        for q in range(columns):
            for c in range(0, channels, LANES):
                i, j = above + 2 * q * channels + c, (row * columns + q) * channels + c
                best, pixel = largest_of_four(images, (i, i + channels, i + line, i + line + channels))
                store(results, j, maximum(lowest, best))
                store(places, j, pixel)
