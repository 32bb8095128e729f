"""Memory of a machine that arrays share one after the other: a place is free again once nobody holds its array."""

from math import prod
from typing import Any

import numpy as np

from ..stretches import Stretches
from .machine import Array, Machine

_ALIGNMENT = 256  # bytes: what CUDA's own memory begins at multiples of

#: where memory would be that nobody ever touches, and how much of it there is
_NOWHERE, _ENDLESS = 1 << 40, 1 << 46


class Arena:
    """Places in pieces of at least `size` bytes, as many as are needed; the lowest that fits is taken."""

    def __init__(self, machine: Machine, size: int):
        self._machine = machine
        self._size = max(size, 1)
        self._pieces: list[_Piece] = []

    @classmethod
    def of_nothing(cls, machine: Machine) -> "Arena":
        """One whose arrays have shapes but no memory, to see how much they would need."""
        arena = cls(machine, 1)
        arena._pieces.append(_Piece(_NOWHERE, _ENDLESS, None))
        return arena

    @property
    def peak(self) -> int:
        """Bytes from the first to the last that were ever in use."""
        return sum(piece.peak for piece in self._pieces)

    def empty(self, shape: tuple[int, ...], dtype: Any) -> Array:
        """An array of whatever was there before."""
        dtype = np.dtype(dtype)
        size = -(-max(1, prod(shape) * dtype.itemsize) // _ALIGNMENT) * _ALIGNMENT
        piece, start = self._taken(size)
        return self._machine.over(piece.address + start, tuple(shape), dtype, _Place(piece, start, size))

    def _taken(self, size: int) -> "tuple[_Piece, int]":
        for piece in self._pieces:
            if (start := piece.take(size)) is not None:
                return piece, start
        memory = self._machine.empty((max(size, self._size),), np.dtype(np.uint8))
        self._pieces.append(_Piece(memory.data.ptr, memory.nbytes, memory))
        return self._taken(size)


class _Piece(Stretches):
    """One piece of memory and its free stretches."""

    def __init__(self, address: int, size: int, memory: Array | None):
        super().__init__(size)
        self.address, self._memory = address, memory


class _Place:
    """The memory of one array, given back when the array and all its views are gone."""

    def __init__(self, piece: _Piece, start: int, size: int):
        self._piece, self._start, self._size = piece, start, size

    def __del__(self) -> None:
        self._piece.give_back(self._start, self._size)
