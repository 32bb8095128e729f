"""A machine that runs CUDA kernels on the processor (see the package)."""

import ctypes
import enum
import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from minicnn.kernels.gpu.launch import KERNELS, SOURCES, Kernel
from minicnn.kernels.gpu.machine import Argument, Grid, Launch

from .arrays import PAGE, DeviceArray
from .library import Library, library

#: CUDA's own, and the most shared memory that a block of an H200 can have
MOST_THREADS, MOST_OF_AXES, MOST_SHARED = 1024, (1024, 1024, 64), 227 << 10
MOST_BLOCKS = (2**31 - 1, 65535, 65535)


class Schedule(enum.IntEnum):
    """What happens first of what may happen in any order.

    Forward, the first warp runs as far as it can and copies arrive as late as they may; backward, the last block and
    warp come first, copies arrive at once, and forbidden pages lie before arrays instead of behind them.
    """

    FORWARD = 0
    BACKWARD = 1
    RANDOM = 2


class Fault(RuntimeError):
    """A kernel did what it may not."""


class Emulator:
    """Runs each kernel to its end, its blocks one after the other, its threads in turns that the schedule chooses.

    `sources` is the folder of the kernels and their headers, if it is not the project's own.
    """

    def __init__(self, schedule: Schedule = Schedule.FORWARD, seed: int = 0, sources: Path = SOURCES):
        self._schedule, self._seed, self._sources = schedule, seed, sources

    def __repr__(self) -> str:
        return f"{self._schedule.name.lower()}{self._seed or ''}"

    def empty(self, shape: tuple[int, ...], dtype: np.dtype) -> DeviceArray:
        return DeviceArray.empty(shape, dtype, at_the_end=self._schedule is not Schedule.BACKWARD)

    def put(self, array: np.ndarray) -> DeviceArray:
        copy = self.empty(array.shape, array.dtype)
        copy.set(array)
        return copy

    def over(self, address: int, shape: tuple[int, ...], dtype: np.dtype, owner: Any) -> DeviceArray:
        return DeviceArray.over(address, shape, dtype, owner)

    def get(self, arrays: Sequence[DeviceArray]) -> list[np.ndarray]:
        return [array.get() for array in arrays]

    def send(self, array: np.ndarray) -> Callable[[], DeviceArray]:
        return lambda: self.put(array)

    def from_dlpack(self, array: Any) -> DeviceArray:
        return self.put(np.from_dlpack(array))

    def owns(self, array: Any) -> bool:
        return isinstance(array, DeviceArray)

    def launch(self, kernel: Kernel, grid: Grid, block: Grid, arguments: Sequence[Argument], shared: int) -> None:
        compiled = self._compiled(kernel)
        _expect_legal(kernel, grid, block, shared)
        _expect_arguments(kernel, compiled.parameters(kernel.name), arguments)
        addresses = (ctypes.c_void_p * len(arguments))(*map(ctypes.addressof, arguments))
        sizes = (ctypes.c_uint * 3)(*grid), (ctypes.c_uint * 3)(*block)
        schedule = ctypes.c_int(self._schedule), ctypes.c_uint64(self._seed)
        fault = compiled.launch(kernel.name, *sizes, ctypes.c_size_t(shared), addresses, *schedule)
        if fault is not None:
            raise Fault(f"{kernel.source}.cu, {kernel.name}: {fault}")

    def _compiled(self, kernel: Kernel) -> Library:
        names = tuple(dict.fromkeys(other.name for other in KERNELS[kernel.source]))
        return library(kernel.source, names, self._sources)

    def graph(self, launches: Sequence[Launch]) -> Callable[[], None]:
        def run() -> None:
            for launch in launches:
                self.launch(*launch)

        return run

    def synchronize(self) -> None:
        """All that was started is done."""

    def __str__(self) -> str:
        return "an emulated GPU"

    def free_memory(self) -> int:
        return os.sysconf("SC_AVPHYS_PAGES") * PAGE


def _expect_legal(kernel: Kernel, grid: Grid, block: Grid, shared: int) -> None:
    threads = int(np.prod(block))
    if not 1 <= threads <= MOST_THREADS or any(size > most for size, most in zip(block, MOST_OF_AXES)):
        raise Fault(f"{kernel.name}: a block of {block} threads")
    if any(not 1 <= size <= most for size, most in zip(grid, MOST_BLOCKS)):
        raise Fault(f"{kernel.name}: a grid of {grid} blocks")
    if shared > MOST_SHARED:
        raise Fault(f"{kernel.name}: {shared} bytes of shared memory")


def _expect_arguments(kernel: Kernel, expected: list[str], arguments: Sequence[Argument]) -> None:
    given = [_kind(argument) for argument in arguments]
    if given != expected:
        raise Fault(f"{kernel.name} takes {' '.join(expected)}, and was given {' '.join(given)}")


def _kind(argument: Argument) -> str:
    kinds = {ctypes.c_void_p: "p", ctypes.c_int: "i", ctypes.c_float: "f"}
    return f"{kinds.get(type(argument), 's')}{ctypes.sizeof(argument)}"
