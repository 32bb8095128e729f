"""Arrays on the device: room for results, and row-major copies of what lies otherwise."""

import ctypes
from typing import Any

import numpy as np

from .launch import THREADS, Kernel, blocks
from .machine import Array, machine

_MOST_AXES = 8

_COPIES = {size: Kernel("copy", f"copy<{kind}>") for size, kind in ((1, "char"), (2, "short"), (4, "int"), (8, "double"))}


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
