"""Memory that kernels need for a moment, kept from call to call: fresh pages are slow."""

import threading

import numpy as np

from .capture import current

_LINE = 16  # numbers of a cache line


class _Kept(threading.local):
    """Every thread that calls kernels has its own."""

    def __init__(self) -> None:
        self.arrays: dict[str, np.ndarray] = {}


_kept = _Kept()


def scratch(purpose: str, rows: int, columns: int) -> np.ndarray:
    """At least so many rows of at least so many numbers, each row of which begins a cache line.

    What is in them is what the last call for this purpose has left there.
    """
    arrays = _kept.arrays if current.capture is None else current.capture.scratch
    kept = arrays.get(purpose)
    if kept is None or kept.shape[0] < rows or kept.shape[1] < columns:
        kept = arrays[purpose] = _aligned(rows, -(-columns // _LINE) * _LINE)
    return kept


def _aligned(rows: int, columns: int) -> np.ndarray:
    """Zeros, the first of which begins a cache line: no register of a vector lies in two."""
    numbers = np.zeros(rows * columns + _LINE, np.float32)
    first = -numbers.ctypes.data // numbers.itemsize % _LINE
    return numbers[first : first + rows * columns].reshape(rows, columns)
