"""Elementary array operations: NumPy's own, but for the product of matrices.

NumPy runs these as fast as memory allows. Its matrix product would wake OpenBLAS's threads beside ours, and the
two pools spin against each other for the cores.
"""

import numpy as np

from ..portable.arrays import (
    absolute,
    add,
    broadcast_to,
    cast,
    concatenate,
    divide,
    exp,
    getitem,
    getitem_grad,
    log,
    multiply,
    negative,
    pad,
    power,
    reshape,
    sign,
    subtract,
    sum,
    transpose,
)
from .dense import dense


def matmul(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """y = a · b.

    >>> matmul(np.array([[1, 2]], np.float32), np.array([[3], [4]], np.float32))
    array([[11.]], dtype=float32)
    """
    return dense(a, b)


__all__ = [
    "absolute",
    "add",
    "broadcast_to",
    "cast",
    "concatenate",
    "divide",
    "exp",
    "getitem",
    "getitem_grad",
    "log",
    "matmul",
    "multiply",
    "negative",
    "pad",
    "power",
    "reshape",
    "sign",
    "subtract",
    "sum",
    "transpose",
]
