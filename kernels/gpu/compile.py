"""From CUDA sources to machine code, by NVRTC: that needs no GPU, and no driver."""

import re
from dataclasses import dataclass

from .launch import KERNELS, SOURCES, Kernel

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


def compile_source(source: str, architecture: str) -> Compiled:
    """All kernels of a source for an architecture, such as sm_90. Raises RuntimeError with NVRTC's log."""
    from cupy_backends.cuda.libs import nvrtc

    headers = {path.name.encode(): path.read_bytes() for path in sorted(SOURCES.glob("*.cuh"))}
    text = (SOURCES / f"{source}.cu").read_text(encoding="utf-8")
    program = nvrtc.createProgram(text, f"{source}.cu", tuple(headers.values()), tuple(headers))
    names = dict.fromkeys(kernel.name for kernel in KERNELS[source])
    try:
        for name in names:
            nvrtc.addNameExpression(program, name)
        try:
            nvrtc.compileProgram(program, (f"-arch={architecture}", *_OPTIONS))
        except nvrtc.NVRTCError as error:
            raise RuntimeError(f"{source}.cu for {architecture}:\n{nvrtc.getProgramLog(program)}") from error
        symbols = {name: nvrtc.getLoweredName(program, name) for name in names}
        return Compiled(nvrtc.getCUBIN(program), symbols, nvrtc.getProgramLog(program))
    finally:
        nvrtc.destroyProgram(program)


def _number(pattern: str, text: str) -> str:
    found = re.search(pattern, text)
    return found[1] if found else "0"
