"""Memory that arrays share one after the other: a place is free again as soon as nobody holds its array."""

import mmap
from types import SimpleNamespace
from typing import Any

import numpy as np

from ..stretches import Stretches

_LINE = 64  # bytes: places begin cache lines
_CHUNK = 256 << 20  # bytes asked for at once; what is never written to takes no memory


# a process forked from this one is to have memory of its own; and only such memory comes in large pages
_OWN = {"flags": mmap.MAP_PRIVATE} if hasattr(mmap, "MAP_PRIVATE") else {}


class Arena:
    """Places in a few large pieces of memory; the lowest that fits is taken.

    >>> arena = Arena()
    >>> a, b = arena.empty((1000,), np.float32), arena.empty((10,), np.float32)
    >>> address = a.ctypes.data
    >>> del a
    >>> arena.empty((500,), np.float32).ctypes.data == address
    True
    """

    def __init__(self) -> None:
        self.peak = 0  # bytes from the first to the last that were ever in use
        self._chunks: list[_Chunk] = []

    def empty(self, shape: tuple[int, ...], dtype: Any) -> np.ndarray:
        """An array of whatever was there before."""
        dtype = np.dtype(dtype)
        size = -(-max(1, int(np.prod(shape)) * dtype.itemsize) // _LINE) * _LINE
        for chunk in self._chunks:
            if (start := chunk.take(size)) is not None:
                break
        else:
            chunk = _Chunk(max(size, _CHUNK))
            self._chunks.append(chunk)
            start = chunk.take(size)
        assert start is not None
        self.peak = max(self.peak, sum(chunk.peak for chunk in self._chunks))
        return np.asarray(_Place(chunk, start, size, tuple(shape), dtype))


def owner(array: np.ndarray) -> Any:
    """The object to which an array's memory belongs; None if it is a place in an arena, free once nobody holds it."""
    root: Any = array
    while isinstance(root, np.ndarray) and root.base is not None:
        root = root.base
    return None if isinstance(root, _Place) else root


def unowned(array: np.ndarray) -> np.ndarray:
    """The same memory, which it does not hold."""
    return np.asarray(SimpleNamespace(__array_interface__=array.__array_interface__))


class _Chunk(Stretches):
    """One piece of memory and its free stretches."""

    def __init__(self, size: int):
        super().__init__(size)
        self._memory = mmap.mmap(-1, size, **_OWN)
        if hasattr(mmap, "MADV_HUGEPAGE"):
            self._memory.madvise(mmap.MADV_HUGEPAGE)  # a page table entry for 2 MiB instead of 4 KiB
        self.address = np.frombuffer(self._memory, np.uint8).ctypes.data


class _Place:
    """The memory of one array, given back when the array and all its views are gone."""

    def __init__(self, chunk: _Chunk, start: int, size: int, shape: tuple[int, ...], dtype: np.dtype):
        self._chunk, self._start, self._size = chunk, start, size
        self.__array_interface__ = {
            "version": 3,
            "shape": shape,
            "typestr": dtype.str,
            "data": (chunk.address + start, False),
        }

    def __del__(self) -> None:
        self._chunk.give_back(self._start, self._size)
