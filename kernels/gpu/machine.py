"""What kernels need of a machine: memory of its own, and to be started there.

It is a GPU, through CuPy, unless `using` says something else, as the tests do.
"""

import contextlib
import ctypes
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

if TYPE_CHECKING:
    from .launch import Kernel

#: an array as CuPy has them
Array = Any

Grid = tuple[int, int, int]

#: as C passes it to a kernel: a pointer, int, float or struct
Argument = ctypes.c_void_p | ctypes.c_int | ctypes.c_float | ctypes.Structure


class Machine(Protocol):
    """A GPU, or what behaves like one."""

    def empty(self, shape: tuple[int, ...], dtype: np.dtype) -> Array:
        """Memory for an array in row-major order, with whatever was there before."""

    def put(self, array: np.ndarray) -> Array:
        """A copy of an array of the host. `get()` of an array of the device is the way back."""

    def owns(self, array: Any) -> bool:
        """Whether an array is in this machine's memory."""

    def launch(self, kernel: "Kernel", grid: Grid, block: Grid, arguments: Sequence[Argument], shared: int) -> None:
        """Start a kernel with `shared` bytes of memory for each block, after all that was started before."""


_chosen: Machine | None = None


def machine() -> Machine:
    """The machine in use. Raises RuntimeError where no GPU can be used, saying what is missing."""
    global _chosen
    if _chosen is None:
        from .cuda import Cuda

        _chosen = Cuda()
    return _chosen


@contextlib.contextmanager
def using(other: Machine) -> Iterator[None]:
    """Use another machine for the length of a `with` block."""
    global _chosen
    before, _chosen = _chosen, other
    try:
        yield
    finally:
        _chosen = before
