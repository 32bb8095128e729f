"""Arrays on the device: room for results, zeros, and copies of what lies anywhere."""

import contextlib
import ctypes
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from .division import Divisor
from .launch import THREADS, Kernel, blocks
from .machine import Array, machine

_MOST_AXES = 8

#: bytes of a number → a type of C that has as many
WORDS = {1: "char", 2: "short", 4: "int", 8: "double"}

_COPIES = {size: Kernel("copy", f"copy<{word}>") for size, word in WORDS.items()}
_CLEAR = {size: Kernel("copy", f"clear<{word}>") for size, word in WORDS.items()}


class Strided(ctypes.Structure):
    """The struct of strided.cuh."""

    _fields_ = (("axes", ctypes.c_int), ("shape", Divisor * _MOST_AXES), ("strides", ctypes.c_int * _MOST_AXES))


def empty(shape: tuple[int, ...], dtype: Any = np.float32) -> Array:
    """Memory for a result."""
    return machine().empty(shape, np.dtype(dtype))


def zeros(shape: tuple[int, ...], dtype: Any = np.float32) -> Array:
    """A result that is 0 where nothing else is written."""
    y = empty(shape, dtype)
    _CLEAR[y.itemsize](blocks(y.size), THREADS, y, y.size)
    return y


def contiguous(array: Array) -> Array:
    """The array, or a copy whose numbers lie in row-major order."""
    return array if array.flags.c_contiguous else copied(array, empty(array.shape, array.dtype))


def copied(x: Array, y: Array) -> Array:
    """y, with the numbers of x, which is repeated to its shape; either may lie anywhere."""
    _COPIES[y.itemsize](blocks(y.size), THREADS, x, y, y.size, *layouts(y.shape, x, y))
    return y


def fill(place: Array, numbers: Any) -> None:
    """Copy an array of the host, or of the device, to a place of its shape in row-major order."""
    if machine().owns(numbers):
        copied(numbers, place)
    else:
        place.set(np.ascontiguousarray(numbers).reshape(place.shape))


@contextlib.contextmanager
def in_place(*arrays: Array | None) -> Iterator[list[Array | None]]:
    """The arrays, or row-major copies of them that are copied back at the end of the `with` block."""
    rows = [array if array is None else contiguous(array) for array in arrays]
    yield rows
    for array, copy in zip(arrays, rows):
        if array is not None and copy is not array:
            copied(copy, array)


def layouts(shape: tuple[int, ...], *arrays: Array) -> list[Strided]:
    """Where each array has its numbers, repeated to a shape: in as few axes as describe all the arrays."""
    axes = _joined(shape, [_steps(array, shape) for array in arrays])
    if len(axes) > _MOST_AXES:
        raise ValueError(f"the GPU's kernels know arrays of up to {_MOST_AXES} axes, not {len(shape)}: reshape it")
    sizes = (Divisor * _MOST_AXES)(*(Divisor(size or 1) for size, _ in axes))
    numbers = ctypes.c_int * _MOST_AXES
    return [Strided(len(axes), sizes, numbers(*(steps[i] for _, steps in axes))) for i in range(len(arrays))]


def _steps(array: Array, shape: tuple[int, ...]) -> list[int]:
    """How many numbers lie from one to the next along each axis of a shape to which the array is repeated."""
    missing = len(shape) - array.ndim
    return [0] * missing + [
        0 if size < wanted else stride // array.itemsize
        for size, wanted, stride in zip(array.shape, shape[missing:], array.strides)
    ]


def _joined(shape: Sequence[int], steps: Sequence[Sequence[int]]) -> list[tuple[int, tuple[int, ...]]]:
    """(size, steps of each array) of the axes, the innermost first; axes that continue others are one with them."""
    axes: list[tuple[int, tuple[int, ...]]] = []
    for size, *outer in reversed(list(zip(shape, *steps))):
        if axes and all(step == axes[-1][0] * inner for step, inner in zip(outer, axes[-1][1])):
            axes[-1] = axes[-1][0] * size, axes[-1][1]
        elif size != 1:
            axes.append((size, tuple(outer)))
    return axes
