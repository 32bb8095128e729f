"""A GPU, through CuPy: its memory, and its driver, which starts kernels."""

import ctypes
import functools
from collections.abc import Sequence
from typing import Any

import numpy as np

from .compile import compile_source
from .launch import Kernel
from .machine import Argument, Array, Grid

_INSTALL = "pip install cupy-cuda13x, or cupy-cuda12x for CUDA 12"

#: bytes of shared memory that a kernel may use without asking for more
_SHARED_UNASKED = 48 << 10


class Cuda:
    """The GPU that CuPy has chosen (`cupy.cuda.Device(i).use()`).

    Raises RuntimeError where CuPy, a driver or a GPU is missing.
    """

    def __init__(self) -> None:
        try:
            import cupy
            from cupy_backends.cuda.api import driver
        except ImportError as error:
            raise RuntimeError(f"the GPU is used through CuPy, which is not installed: {_INSTALL}") from error
        try:
            count = cupy.cuda.runtime.getDeviceCount()
        except cupy.cuda.runtime.CUDARuntimeError as error:
            raise RuntimeError(f"CuPy finds no GPU: {error}") from error
        if not count:
            raise RuntimeError("CuPy finds no GPU")
        self._cupy, self._driver = cupy, driver

    def empty(self, shape: tuple[int, ...], dtype: np.dtype) -> Array:
        return self._cupy.empty(shape, dtype)

    def put(self, array: np.ndarray) -> Array:
        return self._cupy.asarray(array, order="C")

    def owns(self, array: Any) -> bool:
        return isinstance(array, self._cupy.ndarray)

    def launch(self, kernel: Kernel, grid: Grid, block: Grid, arguments: Sequence[Argument], shared: int) -> None:
        function = self._function(kernel, self._cupy.cuda.Device().compute_capability)
        if shared > _SHARED_UNASKED:
            self._driver.funcSetAttribute(
                function, self._driver.CU_FUNC_ATTRIBUTE_MAX_DYNAMIC_SHARED_SIZE_BYTES, shared
            )
        addresses = (ctypes.c_void_p * len(arguments))(*map(ctypes.addressof, arguments))
        stream = self._cupy.cuda.get_current_stream().ptr
        self._driver.launchKernel(function, *grid, *block, shared, stream, ctypes.addressof(addresses), 0)

    def _function(self, kernel: Kernel, capability: str) -> int:
        module, symbols = self._loaded(kernel.source, capability, self._cupy.cuda.Device().id)
        return module.get_function(symbols[kernel.name]).ptr

    @functools.cache  # noqa: B019: there is one of it
    def _loaded(self, source: str, capability: str, device: int) -> tuple[Any, dict[str, str]]:
        """A source's machine code on a device, and the names in it."""
        compiled = compile_source(source, f"sm_{capability}")
        module = self._cupy.cuda.function.Module()
        module.load(compiled.code)
        return module, compiled.symbols
