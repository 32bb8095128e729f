"""A GPU, through CuPy: its memory, and its driver, which starts kernels."""

import ctypes
import functools
import sys
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from .compile import INSTALL, compile_source
from .launch import Kernel
from .machine import Argument, Array, Grid, Launch, OutOfMemory, in_words, no_such_gpu
from .memory import contiguous

#: bytes of shared memory that a kernel may use without asking for more
_SHARED_UNASKED = 48 << 10


class Cuda:
    """The GPU of a number, counted from 0. Raises RuntimeError where a driver, CuPy or the GPU is missing."""

    def __init__(self, number: int) -> None:
        if number >= (found := count()):
            raise no_such_gpu(number, found)
        import cupy
        from cupy_backends.cuda.api import driver

        self._cupy, self._driver, self._device = cupy, driver, cupy.cuda.Device(number)
        self._copies = self._in_use().cuda.Stream(non_blocking=True)  # beside what is computed

    def empty(self, shape: tuple[int, ...], dtype: np.dtype) -> Array:
        try:
            return self._in_use().empty(shape, dtype)
        except self._cupy.cuda.memory.OutOfMemoryError as error:
            need = int(np.prod(shape, dtype=np.int64)) * dtype.itemsize
            raise OutOfMemory(need, self.free_memory()) from error

    def over(self, address: int, shape: tuple[int, ...], dtype: np.dtype, owner: Any) -> Array:
        size = int(np.prod(shape, dtype=np.int64)) * dtype.itemsize
        memory = self._in_use().cuda.UnownedMemory(address, size, owner, self._device.id)
        return self._cupy.ndarray(shape, dtype, self._cupy.cuda.MemoryPointer(memory, 0))

    def put(self, array: np.ndarray) -> Array:
        copy = self.empty(array.shape, array.dtype)
        copy.set(np.ascontiguousarray(array).reshape(array.shape))
        return copy

    def get(self, arrays: Sequence[Array]) -> list[np.ndarray]:
        stream = self._in_use().cuda.get_current_stream()
        rows = map(contiguous, arrays)
        copies = [array.get(blocking=False, out=self._page_locked(array.shape, array.dtype)) for array in rows]
        stream.synchronize()
        return copies

    def send(self, array: np.ndarray) -> Callable[[], Array]:
        here = self._page_locked(array.shape, array.dtype)  # a copy from other memory would not go on by itself
        np.copyto(here, array)
        there = self.empty(array.shape, array.dtype)
        self._copies.wait_event(self._cupy.cuda.get_current_stream().record())  # till then the memory may be in use
        there.set(here, stream=self._copies)
        done = self._copies.record()

        def arrived() -> Array:
            done.synchronize()
            return there

        arrived.kept = here  # type: ignore[attr-defined]
        return arrived

    def from_dlpack(self, array: Any) -> Array:
        return self._in_use().from_dlpack(array)

    def owns(self, array: Any) -> bool:
        return isinstance(array, self._cupy.ndarray) and array.device == self._device

    def launch(self, kernel: Kernel, grid: Grid, block: Grid, arguments: Sequence[Argument], shared: int) -> None:
        self._in_use()
        self._start(self._function(kernel, shared), Launch(kernel, grid, block, arguments, shared))

    def graph(self, launches: Sequence[Launch]) -> Callable[[], None]:
        stream = self._in_use().cuda.Stream(non_blocking=True)
        functions = [self._function(launch.kernel, launch.shared) for launch in launches]  # none is loaded in between
        with stream:
            stream.begin_capture()
            for function, launch in zip(functions, launches):
                self._start(function, launch)
            graph = stream.end_capture()

        def run() -> None:
            self._in_use()
            graph.launch()

        return run

    def synchronize(self) -> None:
        self._device.synchronize()

    def free_memory(self) -> int:
        free, _ = self._in_use().cuda.runtime.memGetInfo()
        return free + self._cupy.get_default_memory_pool().free_bytes()

    def __str__(self) -> str:
        runtime = self._cupy.cuda.runtime
        name = runtime.getDeviceProperties(self._device.id)["name"].decode()
        return f"{name}, {in_words(self.free_memory())} of {in_words(self._device.mem_info[1])} free"

    def _in_use(self) -> Any:
        """CuPy, which has a device of its own for each thread."""
        self._device.use()
        return self._cupy

    def _page_locked(self, shape: tuple[int, ...], dtype: np.dtype) -> np.ndarray:
        """Memory of the host from and to which a GPU copies by itself."""
        nbytes = int(np.prod(shape, dtype=np.int64)) * dtype.itemsize
        return np.ndarray(shape, dtype, self._cupy.cuda.alloc_pinned_memory(nbytes))

    def _start(self, function: int, launch: Launch) -> None:
        addresses = (ctypes.c_void_p * len(launch.arguments))(*map(ctypes.addressof, launch.arguments))
        stream = self._cupy.cuda.get_current_stream().ptr
        self._driver.launchKernel(
            function, *launch.grid, *launch.block, launch.shared, stream, ctypes.addressof(addresses), 0
        )

    def _function(self, kernel: Kernel, shared: int) -> int:
        """The address of a kernel that has so many bytes of shared memory."""
        module, symbols = self._loaded(kernel.source)
        function = module.get_function(symbols[kernel.name]).ptr
        if shared > _SHARED_UNASKED:
            most = self._driver.CU_FUNC_ATTRIBUTE_MAX_DYNAMIC_SHARED_SIZE_BYTES
            self._driver.funcSetAttribute(function, most, shared)
        return function

    @functools.cache  # noqa: B019 (there is one for each GPU)
    def _loaded(self, source: str) -> tuple[Any, dict[str, str]]:
        """A source's machine code on this device, and the names in it."""
        compiled = compile_source(source, f"sm_{self._device.compute_capability}")
        module = self._cupy.cuda.function.Module()
        module.load(compiled.code)
        return module, compiled.symbols


def count() -> int:
    """How many GPUs there are. Raises RuntimeError where a driver, CuPy or any GPU is missing."""
    _expect_driver()
    try:
        import cupy
    except ImportError as error:
        raise RuntimeError(f"the GPU is used through CuPy, which is not installed: {INSTALL}") from error
    try:
        found = cupy.cuda.runtime.getDeviceCount()
    except cupy.cuda.runtime.CUDARuntimeError as error:
        raise RuntimeError(f"CuPy finds no GPU: {error}") from error
    if not found:
        raise RuntimeError("CuPy finds no GPU")
    return found


def _expect_driver() -> None:
    """CuPy would say it as well, but takes its time."""
    library = "nvcuda.dll" if sys.platform == "win32" else "libcuda.so.1"
    try:
        ctypes.CDLL(library)
    except OSError:
        raise RuntimeError(f"no driver of an NVIDIA GPU is installed: {library} is missing") from None
