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
from .weight_grad import weight_grad_if
from .windows import Reach

_LONG = 96  # numbers of a window


def weight_grad_of_pool(x: np.ndarray, dy: np.ndarray, code: np.ndarray, output_size: Pair, reach: Reach) -> np.ndarray:
    """dw as a matrix: the numbers of a window by the filters."""
    depth = len(reach.rows) * len(reach.columns) * x.shape[3]
    dw = empty((depth, dy.shape[3]))
    way = pooled_lists if depth >= _LONG else pooled_fours
    faults = way.weight_grad(x, dy, code, pooled_blocks.cut_up(x.shape, dy.shape, output_size, reach), reach, dw)
    weight_grad_if(faults, x, dy, code, output_size, reach, dw)
    return dw
