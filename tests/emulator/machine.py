"""A machine that runs CUDA kernels on the processor (see the package)."""

import ctypes
import enum
import functools
import hashlib
import os
import platform
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from minicnn.kernels.gpu.launch import KERNELS, SOURCES, Kernel
from minicnn.kernels.gpu.machine import Argument, Grid, Launch

from .arrays import PAGE, DeviceArray

CUDA = Path(__file__).parent / "cuda"

#: CUDA's own, and the most shared memory that a block of an H200 can have
MOST_THREADS, MOST_OF_AXES, MOST_SHARED = 1024, (1024, 1024, 64), 227 << 10
MOST_BLOCKS = (2**31 - 1, 65535, 65535)

_FLAGS = (*("-std=c++17", "-O1", "-g", "-shared", "-fPIC", "-fno-strict-aliasing", "-ffp-contract=off"), "-Wall")


class Schedule(enum.IntEnum):
    """Which warps run ahead of which."""

    FORWARD = 0
    BACKWARD = 1
    RANDOM = 2


class Fault(RuntimeError):
    """A kernel did what it may not."""


def missing() -> str | None:
    """What the emulator needs and this machine does not have; None if it has all."""
    if (platform.system(), platform.machine()) != ("Linux", "x86_64"):
        return "the CUDA emulator needs x86-64 Linux"
    return None if shutil.which("g++") else "the CUDA emulator needs g++"


class Emulator:
    """Runs each kernel to its end, its blocks one after the other, its threads in turns that the schedule chooses."""

    def __init__(self, schedule: Schedule = Schedule.FORWARD, seed: int = 0):
        self._schedule, self._seed = schedule, seed

    def empty(self, shape: tuple[int, ...], dtype: np.dtype) -> DeviceArray:
        return DeviceArray.empty(shape, dtype)

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
        library = _compiled(kernel.source)
        name = kernel.name.encode()
        _expect_legal(kernel, grid, block, shared)
        _expect_arguments(kernel, library.emulator_parameters(name).decode().split(), arguments)
        addresses = (ctypes.c_void_p * len(arguments))(*map(ctypes.addressof, arguments))
        sizes = (ctypes.c_uint * 3)(*grid), (ctypes.c_uint * 3)(*block)
        schedule = ctypes.c_int(self._schedule), ctypes.c_uint64(self._seed)
        fault = library.emulator_launch(name, *sizes, ctypes.c_size_t(shared), addresses, *schedule)
        if fault is not None:
            raise Fault(f"{kernel.source}.cu, {kernel.name}: {fault.decode()}")

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


@functools.cache
def _compiled(source: str) -> ctypes.PyDLL:
    """The library of a source with all kernels that are asked of it; kept on disk."""
    names = list(dict.fromkeys(kernel.name for kernel in KERNELS[source]))
    added = [f'static bool added_{i} = emulator::add("{name}", &{name});' for i, name in enumerate(names)]
    program = "\n".join(["#include <module.h>", f"#include <{source}.cu>", *added]) + "\n"
    path = _directory() / f"{source}-{_key(program)}.so"
    if not path.exists():
        _compile(program, path)
    library = ctypes.PyDLL(str(path))  # keeps Python's lock: what runs is global in the library
    library.emulator_parameters.restype = library.emulator_launch.restype = ctypes.c_char_p
    return library


def _key(program: str) -> str:
    headers = [path for folder in (CUDA, SOURCES) for path in sorted(folder.glob("*.[hc]*"))]
    texts = [path.read_bytes() for path in headers]
    return hashlib.sha256(b"\0".join([program.encode(), repr(_FLAGS).encode(), *texts])).hexdigest()[:16]


def _compile(program: str, path: Path) -> None:
    handle, temporary = tempfile.mkstemp(dir=path.parent, suffix=".so")
    os.close(handle)
    command = ["g++", *_FLAGS, "-x", "c++", "-", f"-I{CUDA}", f"-I{SOURCES}", "-o", temporary]
    done = subprocess.run(command, input=program, capture_output=True, text=True)
    if done.returncode:
        os.unlink(temporary)
        raise Fault(f"g++ does not take {path.name}:\n{done.stderr}")
    os.replace(temporary, path)


def _directory() -> Path:
    """The user's own, for what lies there is executed."""
    place = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "minicnn-emulator"
    place.mkdir(parents=True, exist_ok=True)
    return place
