"""The memory of arrays that are no longer used: kept for the next ones.

Every training step asks for the same arrays again. The C library of Linux gives large ones back to the system as soon
as they are freed, or not, as the sizes before happen to have been; memory that comes from the system anew costs a
page fault for every 4 KiB, a fifth of a LeNet step.
"""

import ctypes
import os
import platform
from collections.abc import Callable
from typing import Any, Literal

import numpy as np

from .capture import current

_TRIM_THRESHOLD, _MMAP_THRESHOLD = -1, -3  # mallopt's names for what the variables below set
_VARIABLES = ("MALLOC_TRIM_THRESHOLD_", "MALLOC_MMAP_THRESHOLD_")
_LARGEST_KEPT, _MOST_KEPT = 32 << 20, 1 << 30  # bytes: of one array, which is glibc's limit, and of all


def keep_freed_memory() -> None:
    """Tell glibc, unless the environment has told it something else; other C libraries are left alone."""
    if platform.libc_ver()[0] != "glibc" or any(name in os.environ for name in _VARIABLES):
        return
    mallopt = ctypes.CDLL(None).mallopt
    mallopt(_MMAP_THRESHOLD, _LARGEST_KEPT)
    mallopt(_TRIM_THRESHOLD, _MOST_KEPT)


def empty(shape: tuple[int, ...], dtype: Any = np.float32) -> np.ndarray:
    """Memory for a result."""
    if current.capture is not None:
        return current.capture.arena.empty(shape, dtype)
    return np.empty(shape, dtype)


def computed(function: Callable[[], np.ndarray], shape: tuple[int, ...], dtype: Any = np.float32) -> np.ndarray:
    """What a function of Python gives, in memory where a capture puts it in each of its runs."""
    if current.capture is None:
        return function()
    place = empty(shape, dtype)
    current.capture.step(lambda: np.copyto(place, function()))
    return place


def contiguous(array: np.ndarray) -> np.ndarray:
    """The array, or a copy whose numbers lie in row-major order."""
    return array if array.flags.c_contiguous else laid_out(array, array.dtype, ("C",))


def laid_out(array: np.ndarray, dtype: np.dtype, layout: tuple[Literal["A", "C"], ...]) -> np.ndarray:
    """The array, or a copy of this dtype, aligned ("A") or in row-major order ("C")."""
    if current.capture is None or _is_laid_out(array, dtype, layout):
        return np.require(array, dtype, layout)
    fitting = empty(np.shape(array), dtype)
    current.capture.step(lambda: np.copyto(fitting, array, casting="unsafe"))
    return fitting


def _is_laid_out(array: np.ndarray, dtype: np.dtype, layout: tuple[Literal["A", "C"], ...]) -> bool:
    return isinstance(array, np.ndarray) and array.dtype == dtype and all(array.flags[name] for name in layout)
