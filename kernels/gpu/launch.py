"""From a call in Python to a kernel on the machine."""

import ctypes
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .machine import Argument, Grid, machine

SOURCES = Path(__file__).parent

THREADS = 256  # of a block, where nothing speaks for another number

_MOST_BLOCKS = 4096  # more of them wait for others to end: then each may as well compute more
_MOST = 2**31 - 1  # of a C int


@dataclass(frozen=True)
class Kernel:
    """A kernel by the source that holds it, and its name there: with its template's arguments, if it has any.

    Call it with the numbers of blocks and of threads in each, along x, y and z where one axis is not enough, and its
    arguments: arrays of the device, None for no array, int, float, or a struct that has the same fields in C.
    """

    source: str
    name: str

    def __post_init__(self) -> None:
        KERNELS.setdefault(self.source, []).append(self)

    def __call__(self, grid: int | Sequence[int], block: int | Sequence[int], *arguments: Any, shared: int = 0) -> None:
        blocks, threads = _three(grid), _three(block)
        if 0 not in blocks:  # CUDA would make it 1
            machine().launch(self, blocks, threads, [_packed(argument) for argument in arguments], shared)

    @property
    def path(self) -> Path:
        return SOURCES / f"{self.source}.cu"


#: all there are, by source
KERNELS: dict[str, list[Kernel]] = {}


def blocks(n: int, in_a_block: int = THREADS) -> int:
    """How many blocks for n things, so many in a block."""
    return min(-(-n // in_a_block), _MOST_BLOCKS)


def _three(sizes: int | Sequence[int]) -> Grid:
    x, y, z = (*([sizes] if isinstance(sizes, int) else sizes), 1, 1)[:3]
    return x, y, z


def _packed(argument: Any) -> Argument:
    if argument is None:
        return ctypes.c_void_p(None)
    if isinstance(argument, int):
        if abs(argument) > _MOST:
            raise ValueError(
                f"{argument} is too much for the kernels on a GPU, which count up to {_MOST}: use less data"
            )
        return ctypes.c_int(argument)
    if isinstance(argument, float):
        return ctypes.c_float(argument)
    return argument if isinstance(argument, ctypes.Structure) else ctypes.c_void_p(argument.data.ptr)
