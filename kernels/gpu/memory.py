"""Arrays on the device: room for results, and row-major copies of what lies otherwise."""

import contextlib
import ctypes
from collections.abc import Iterator
from typing import Any

import numpy as np

from .launch import THREADS, Kernel, blocks
from .machine import Array, machine

_MOST_AXES = 8

_SIZES = ((1, "char"), (2, "short"), (4, "int"), (8, "double"))
_COPIES = {size: Kernel("copy", f"copy<{kind}>") for size, kind in _SIZES}
_COPIES_BACK = {size: Kernel("copy", f"copy_back<{kind}>") for size, kind in _SIZES}


class Strided(ctypes.Structure):
    """The struct of strided.cuh."""

    _fields_ = (("axes", ctypes.c_int), ("shape", ctypes.c_int * _MOST_AXES), ("strides", ctypes.c_int * _MOST_AXES))


def empty(shape: tuple[int, ...], dtype: Any = np.float32) -> Array:
    """Memory for a result."""
    return machine().empty(shape, np.dtype(dtype))


def contiguous(array: Array) -> Array:
    """The array, or a copy whose numbers lie in row-major order."""
    if array.flags.c_contiguous:
        return array
    copy = empty(array.shape, array.dtype)
    _COPIES[array.itemsize](blocks(array.size), THREADS, array, copy, array.size, strided(array, array.shape))
    return copy


@contextlib.contextmanager
def in_place(*arrays: Array | None) -> Iterator[list[Array | None]]:
    """The arrays, or row-major copies of them that are copied back at the end of the `with` block."""
    rows = [array if array is None else contiguous(array) for array in arrays]
    yield rows
    for array, copy in zip(arrays, rows):
        if array is not None and copy is not array:
            layout = strided(array, array.shape)
            _COPIES_BACK[array.itemsize](blocks(array.size), THREADS, copy, array, array.size, layout)


def strided(array: Array, shape: tuple[int, ...]) -> Strided:
    """Where the numbers of an array lie, repeated to a larger shape."""
    if len(shape) > _MOST_AXES:
        raise ValueError(f"the GPU's kernels know arrays of up to {_MOST_AXES} axes, not {len(shape)}: reshape it")
    missing = len(shape) - array.ndim
    repeated = [0] * missing + [
        0 if size < wanted else stride // array.itemsize
        for size, wanted, stride in zip(array.shape, shape[missing:], array.strides)
    ]
    return Strided(len(shape), (ctypes.c_int * _MOST_AXES)(*shape), (ctypes.c_int * _MOST_AXES)(*repeated))
