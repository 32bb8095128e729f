"""Kernels' sources as libraries of this machine, by g++; what is compiled is kept on disk."""

import ctypes
import functools
import hashlib
import os
import platform
import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path

CUDA = Path(__file__).parent / "cuda"

_FLAGS = (
    *("-std=c++17", "-O1", "-g", "-fPIC", "-fno-strict-aliasing", "-ffp-contract=off"),
    *("-U_FORTIFY_SOURCE", "-fno-threadsafe-statics"),  # neither expects fibers
    "-fvisibility=hidden",  # libraries have kernels of the same names
    *("-fsanitize=thread", "--param=tsan-instrument-func-entry-exit=0"),  # races.h is told of every access
    *("-Wuninitialized", "-Wmaybe-uninitialized", "-Wreturn-type", "-Werror"),
)


class DoesNotCompile(RuntimeError):
    """g++ does not take a source."""


def missing() -> str | None:
    """What the emulator needs and this machine does not have; None if it has all."""
    if (platform.system(), platform.machine()) != ("Linux", "x86_64"):
        return "the CUDA emulator needs x86-64 Linux"
    return None if shutil.which("g++") else "the CUDA emulator needs g++"


class Library:
    """A source with all kernels that are asked of it. `include` is the folder of sources and headers."""

    def __init__(self, source: str, kernels: Sequence[str], include: Path):
        added = [f'static bool added_{i} = emulator::add("{name}", &{name});' for i, name in enumerate(kernels)]
        program = "\n".join(["#include <module.h>", f"#include <{source}.cu>", *added]) + "\n"
        self._path = _directory() / f"{Path(source).name}-{_key(program, include / f'{source}.cu', include)}.so"
        if not self._path.exists():
            _compile(program, include, self._path)
        self._library = ctypes.PyDLL(str(self._path))  # keeps Python's lock: what runs is global in the library
        self._library.emulator_parameters.restype = self._library.emulator_launch.restype = ctypes.c_char_p
        self._library.emulator_place.restype = ctypes.c_size_t

    def parameters(self, kernel: str) -> list[str]:
        """A letter and a size for each: p8 a pointer, i4 an int, f4 a float, s… a struct."""
        return self._library.emulator_parameters(kernel.encode()).decode().split()

    def launch(self, kernel: str, *arguments: object) -> str | None:
        """What went wrong, and where; None if nothing did."""
        fault = self._library.emulator_launch(kernel.encode(), *arguments)
        return None if fault is None else f"{fault.decode()}{self._place()}"

    def _place(self) -> str:
        """The line of the kernel that went wrong, if that is known and not within the emulator itself."""
        offset = self._library.emulator_place()
        if not offset or not shutil.which("addr2line"):
            return ""
        command = ["addr2line", "-i", "-e", self._path, hex(offset - 1)]
        lines = subprocess.run(command, capture_output=True, text=True, check=True).stdout.split("\n")
        ours = [line for line in map(Path, lines) if line.parent != CUDA and line.suffix.startswith(".cu")]
        return f" at {ours[0].name}" if ours else ""


@functools.cache
def library(source: str, kernels: tuple[str, ...], include: Path) -> Library:
    return Library(source, kernels, include)


def _key(program: str, source: Path, include: Path) -> str:
    headers = [path for folder in (CUDA, include) for path in sorted(folder.glob("*.[hc]*"))]
    texts = [path.read_bytes() for path in (source, *headers)]
    return hashlib.sha256(b"\0".join([program.encode(), repr(_FLAGS).encode(), *texts])).hexdigest()[:16]


def _compile(program: str, include: Path, path: Path) -> None:
    with tempfile.TemporaryDirectory(dir=path.parent) as folder:
        code, linked = Path(folder) / "code.o", Path(folder) / "linked.so"
        _run(["g++", *_FLAGS, "-x", "c++", "-c", "-", f"-I{CUDA}", f"-I{include}", "-o", str(code)], program, path)
        _run(
            ["g++", "-shared", "-Wl,-z,defs", str(code), "-o", str(linked)], "", path
        )  # without the sanitizer's own library
        os.replace(linked, path)


def _run(command: list[str], given: str, path: Path) -> None:
    done = subprocess.run(command, input=given, capture_output=True, text=True)
    if done.returncode:
        raise DoesNotCompile(f"{path.name}:\n{done.stderr}")


def _directory() -> Path:
    """The user's own, for what lies there is executed."""
    place = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "minicnn-emulator"
    place.mkdir(parents=True, exist_ok=True)
    return place
