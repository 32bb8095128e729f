"""From CUDA sources to machine code, by NVRTC: that needs no GPU, and no driver."""

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .. import cache
from .launch import KERNELS, SOURCES, Kernel

INSTALL = 'pip install "minicnn[gpu-cuda13]", or "minicnn[gpu-cuda12]" for CUDA 12'

#: no fast mathematics, for results within the contract's bounds; numbers of registers into the log
_OPTIONS = ("-std=c++17", "-lineinfo", "--ptxas-options=-v", "-device-int128", "-I.")


@dataclass(frozen=True)
class Compiled:
    """The machine code of a source."""

    code: bytes
    symbols: dict[str, str]  # a kernel's name in the source → its name in the code
    log: str

    def resources(self, kernel: Kernel) -> dict[str, int]:
        """What ptxas says of a kernel: registers of a thread, and bytes that did not fit into them (spilled)."""
        after = self.log.partition(f"'{self.symbols[kernel.name]}'")[2]
        return {
            "registers": int(_number(r"Used (\d+) registers", after)),
            "spilled": int(_number(r"(\d+) bytes spill stores", after)),
        }

    def to_bytes(self) -> bytes:
        return json.dumps([self.symbols, self.log]).encode() + b"\n" + self.code

    @classmethod
    def from_bytes(cls, stored: bytes) -> "Compiled":
        head, _, code = stored.partition(b"\n")
        return cls(code, *json.loads(head))


def compile_source(source: str, architecture: str) -> Compiled:
    """All kernels of a source for an architecture, such as sm_90.

    Raises RuntimeError with NVRTC's log where the source is wrong, and where NVRTC is missing.
    """
    compiler, version = nvrtc()
    text = (SOURCES / f"{source}.cu").read_text(encoding="utf-8")
    headers = {path.name: path.read_text(encoding="utf-8") for path in sorted(SOURCES.glob("*.cuh"))}
    names = list(dict.fromkeys(kernel.name for kernel in KERNELS[source]))
    options = (f"-arch={architecture}", *_OPTIONS)
    stem = Path(source).name
    key = cache.key(f"{stem}.{architecture}", version, options, text, headers, names)
    if (stored := cache.read(key)) is not None:
        return Compiled.from_bytes(stored)
    compiled = _compile(compiler, f"{stem}.cu", text, headers, names, options)
    cache.write(key, compiled.to_bytes())
    return compiled


def nvrtc() -> tuple[Any, tuple[int, int]]:
    """NVRTC, as CuPy calls it, and its version. Raises RuntimeError where it is missing."""
    try:
        from cupy_backends.cuda.libs import nvrtc

        return nvrtc, nvrtc.getVersion()
    except (ImportError, RuntimeError) as error:
        raise RuntimeError(f"NVRTC is not installed, which compiles the GPU's kernels: {INSTALL}") from error


def _compile(
    nvrtc: Any, file: str, text: str, headers: dict[str, str], names: Sequence[str], options: Sequence[str]
) -> Compiled:
    contents, includes = ([part.encode() for part in parts] for parts in (headers.values(), headers))
    program = nvrtc.createProgram(text, file, tuple(contents), tuple(includes))
    try:
        for name in names:
            nvrtc.addNameExpression(program, name)
        try:
            nvrtc.compileProgram(program, tuple(options))
        except nvrtc.NVRTCError as error:
            raise RuntimeError(f"{file} with {options[0]}:\n{nvrtc.getProgramLog(program)}") from error
        symbols = {name: nvrtc.getLoweredName(program, name) for name in names}
        return Compiled(nvrtc.getCUBIN(program), symbols, nvrtc.getProgramLog(program))
    finally:
        nvrtc.destroyProgram(program)


def _number(pattern: str, text: str) -> str:
    found = re.search(pattern, text)
    return found[1] if found else "0"
