"""Entry points: functions of machine code, called by their addresses.

Each is compiled when its address is first asked for, unless the cache has its machine code.
"""

import functools
import threading
from collections.abc import Callable
from typing import Any

from llvmlite import binding
from numba.core.registry import cpu_target
from numba.core.runtime import rtsys

from .. import cache
from .codegen import object_code
from .key import key


class EntryPoint:
    """A function of Python, as C calls it."""

    def __init__(self, function: Callable, signature: Any):
        self.function, self.signature = function, signature
        self.name = f"{function.__module__}.{function.__qualname__}"
        self._source = cache.contents(function.__code__.co_filename)
        self._address = 0

    @functools.cached_property
    def key(self) -> str:
        """What its machine code is called in the cache: its name and all that the machine code depends on."""
        return key(self.name, self._source, str(self.signature))

    @property
    def ready(self) -> bool:
        """Whether its machine code is here."""
        return self._address != 0

    @property
    def address(self) -> int:
        """Where its machine code begins."""
        if not self.load():
            self.use(self.compile())
        return self._address

    def load(self) -> bool:
        """Whether its machine code is here or in the cache."""
        if not self.ready and (code := cache.read(self.key)) is not None:
            self._address = _linked(code, self.key)
        return self.ready

    def compile(self) -> bytes:
        """Its machine code."""
        return object_code(self.function, self.signature, self.key)

    def use(self, code: bytes) -> None:
        """Take machine code that was compiled here or elsewhere, and keep it for later processes."""
        if not self.ready:
            self._address = _linked(code, self.key)
            cache.write(self.key, code)


def entry_point(signature: Any) -> Callable[[Callable], EntryPoint]:
    """The decorator that makes an entry point of a function."""
    return lambda function: EntryPoint(function, signature)


_linking = threading.Lock()


def _linked(code: bytes, name: str) -> int:
    """The address of the function of that name in an object file, which becomes a part of this process."""
    if b"NRT_" in code:  # Numba's memory of arrays
        rtsys.initialize(cpu_target.target_context)
    with _linking:
        linker = _linker()
        linker.add_object_file(binding.ObjectFileRef.from_data(code))
        linker.finalize_object()
        return linker.get_function_address(name)


@functools.cache
def _linker() -> binding.ExecutionEngine:
    machine = binding.Target.from_triple(binding.get_process_triple()).create_target_machine(jit=True)
    return binding.create_mcjit_compiler(binding.parse_assembly(""), machine)
