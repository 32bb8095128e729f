"""What kernels need of a machine: memory of its own, and to be started there.

It is a GPU, through CuPy, unless `using` says something else, as the tests do.
"""

import contextlib
import ctypes
import functools
import threading
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

import numpy as np

if TYPE_CHECKING:
    from .launch import Kernel

#: an array as CuPy has them
Array = Any

Grid = tuple[int, int, int]

#: as C passes it to a kernel: a pointer, int, float or struct
Argument = ctypes.c_void_p | ctypes.c_int | ctypes.c_float | ctypes.Structure


class Launch(NamedTuple):
    """How a kernel is started."""

    kernel: "Kernel"
    grid: Grid
    block: Grid
    arguments: Sequence[Argument]
    shared: int  # bytes of memory for each block


class Machine(Protocol):
    """A GPU, or what behaves like one."""

    def empty(self, shape: tuple[int, ...], dtype: np.dtype) -> Array:
        """Memory for an array in row-major order, with whatever was there before. Raises OutOfMemory."""

    def over(self, address: int, shape: tuple[int, ...], dtype: np.dtype, owner: Any) -> Array:
        """An array over memory that is the owner's, whom it keeps."""

    def put(self, array: np.ndarray) -> Array:
        """A copy of an array of the host."""

    def get(self, arrays: Sequence[Array]) -> list[np.ndarray]:
        """Copies on the host, once all is done that was started before."""

    def send(self, array: np.ndarray) -> Callable[[], Array]:
        """Begin to copy an array of the host, beside what is computed; the call gives the copy when it is needed."""

    def from_dlpack(self, array: Any) -> Array:
        """An array of the device that another library has made, without a copy."""

    def owns(self, array: Any) -> bool:
        """Whether an array is in this machine's memory."""

    def launch(self, kernel: "Kernel", grid: Grid, block: Grid, arguments: Sequence[Argument], shared: int) -> None:
        """Start a kernel with `shared` bytes of memory for each block, after all that was started before."""

    def graph(self, launches: Sequence[Launch]) -> Callable[[], None]:
        """All these launches as one, to be started any number of times."""

    def synchronize(self) -> None:
        """Wait until all is done that was started."""

    def free_memory(self) -> int:
        """How many bytes could still be had."""

    def __str__(self) -> str:
        """What it is, in words for people."""


class OutOfMemory(MemoryError):
    """More was asked for than the device has left.

    need, free   bytes
    """

    def __init__(self, need: int, free: int, message: str | None = None):
        super().__init__(message or f"the GPU has {in_words(free)} of memory left, of {in_words(need)} that are needed")
        self.need, self.free = need, free


def in_words(nbytes: int) -> str:
    """
    >>> in_words(3 << 29), in_words(5 << 19), in_words(100)
    ('1.5 GiB', '2.5 MiB', '0.1 KiB')
    """
    size, units = nbytes / 1024, ["KiB", "MiB", "GiB"]
    while size >= 1024 and len(units) > 1:
        size /= 1024
        units.pop(0)
    return f"{size:.1f} {units[0]}"


class _Capturing(threading.local):
    """What writes launches of this thread down instead."""

    machine: Machine | None = None


_capturing = _Capturing()
_number = 0
_instead: Sequence[Machine] = ()  # of GPUs


def machine() -> Machine:
    """The machine in use. Raises RuntimeError where no GPU can be used, saying what is missing."""
    return _capturing.machine or gpu(_number)


def gpu(number: int) -> Machine:
    """The GPU of a number, counted from 0. Raises RuntimeError where it cannot be used, saying what is missing."""
    if not _instead:
        return _cuda(number)
    if number >= len(_instead):
        raise no_such_gpu(number, len(_instead))
    return _instead[number]


def count() -> int:
    """How many GPUs there are. Raises RuntimeError where none can be used, saying what is missing."""
    if _instead:
        return len(_instead)
    from .cuda import count

    return count()


@functools.cache
def _cuda(number: int) -> Machine:
    from .cuda import Cuda

    return Cuda(number)


def no_such_gpu(number: int, count: int) -> RuntimeError:
    return RuntimeError(f"there is no GPU number {number}: found {count}, counted from 0")


def choose(number: int) -> None:
    """Use the GPU of a number from here on, in all threads. Raises RuntimeError where it cannot be used."""
    global _number
    gpu(number)
    _number = number


@contextlib.contextmanager
def using(*others: Machine) -> Iterator[None]:
    """Use other machines instead of GPUs for the length of a `with` block."""
    global _instead, _number
    before, _instead, _number = (_instead, _number), others, 0
    try:
        yield
    finally:
        _instead, _number = before


@contextlib.contextmanager
def capturing(other: Machine) -> Iterator[None]:
    """Use another machine for the length of a `with` block, in this thread alone."""
    before, _capturing.machine = _capturing.machine, other
    try:
        yield
    finally:
        _capturing.machine = before
