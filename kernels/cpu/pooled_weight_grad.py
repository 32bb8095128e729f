"""The weight gradient of a convolution in front of a 2×2 max-pooling, of whose outputs one in four has a gradient.

    lists     of those gradients that are not zero, for long windows (pooled_lists.py)
    fours     each lane picks one of four numbers, for short windows (pooled_fours.py)
    spread    all outputs, zeros included, as in weight_grad.py

The first two leave out the zeros that the pooling makes of a gradient. But those would make NaN of an infinity in x: so
whoever copies x looks for what is not finite, and if there is any, all is done again with the zeros.
"""

import numpy as np

from ..geometry import Pair
from . import pooled_blocks, pooled_fours, pooled_lists
from .memory import empty
from .parallel import parallel, unpack, workers_for
from .pooled_blocks import any_nan
from .scratch import scratch
from .simd import LANES
from .weight_grad import Cut, cut_up, multiply_pieces, total
from .windows import Reach

_LONG = 96  # numbers of a window


def weight_grad_of_pool(x: np.ndarray, dy: np.ndarray, code: np.ndarray, output_size: Pair, reach: Reach) -> np.ndarray:
    """dw as a matrix: the numbers of a window by the filters."""
    cut = cut_up(x.shape, (len(dy), *output_size, dy.shape[3]), reach, 1)
    dw = empty((cut.depth, dy.shape[3]))
    way = pooled_lists if cut.depth >= _LONG else pooled_fours
    faults = way.weight_grad(x, dy, code, pooled_blocks.cut_up(x.shape, dy.shape, output_size, reach), reach, dw)
    _spread(x, dy, code, output_size, faults, cut, dw)
    return dw


def _spread(
    x: np.ndarray, dy: np.ndarray, code: np.ndarray, output_size: Pair, faults: np.ndarray, cut: Cut, dw: np.ndarray
) -> None:
    """Write dw if there is a fault."""
    workers = workers_for(4 * dy.size * len(cut.offsets) // LANES)
    sums, splits, memory = empty(cut.sums), cut.splits(workers), scratch("weight gradient", workers, cut.scratch)
    _multiply(workers, x, dy, code, *output_size, faults, sums, *cut.tables, splits, memory)
    _total(workers_for(sums.size), sums, faults, dw)


@parallel(
    "f4[:, :, :, ::1], f4[:, :, :, ::1], u1[:, :, :, ::1], intp, intp, f4[::1], f4[:, :, ::1], "
    "intp[::1], intp[::1], intp[::1], intp, f4[:, ::1]"
)
def _multiply(worker, workers, arguments):
    x, dy, code, down, across, faults, sums, offsets, starts, numbers, splits, memory = unpack(arguments)
    if any_nan(faults):
        shape, cut = (len(dy), down, across, dy.shape[3]), (offsets, starts, numbers, 1, splits)
        multiply_pieces(worker, workers, x, dy, code, shape, sums, cut, memory[worker])


@parallel("f4[:, :, ::1], f4[::1], f4[:, ::1]")
def _total(worker, workers, arguments):
    sums, faults, dw = unpack(arguments)
    if any_nan(faults):
        total(worker, workers, sums, 1, dw)
