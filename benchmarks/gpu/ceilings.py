"""What this GPU can do at most, measured: bytes a second, operations a second, and what a launch costs."""

import statistics
import time
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import numpy as np

from minicnn.kernels.gpu.launch import Kernel
from minicnn.kernels.gpu.machine import machine

_COPY, _MULTIPLY_ADD, _TENSOR_CORES, _NOTHING = (
    Kernel(str(Path(__file__).with_suffix("")), name) for name in ("copy", "multiply_add", "tensor_cores", "nothing")
)
_CHAINS = 8  # as in ceilings.cu
_THREADS = 256
_BLOCKS = 1056  # eight for each multiprocessor of an H200
_PRODUCT = 2 * 16 * 8 * 8  # operations of a warp's product of matrices


class Ceilings(NamedTuple):
    """Numbers a second, but for the last one."""

    bytes: float
    float32: float
    tf32: float
    launch: float  # seconds that the host takes to start a kernel and wait for it


def measured(megabytes: int = 1024, times: int = 4096) -> Ceilings:
    n = (megabytes << 20) // 16
    x, y = (machine().empty((4 * n,), np.dtype(np.float32)) for _ in range(2))
    launch = seconds(lambda: _NOTHING(1, 32))
    copy = seconds(lambda: _COPY(_BLOCKS, _THREADS, x, y, n)) - launch
    float32 = seconds(lambda: _MULTIPLY_ADD(_BLOCKS, _THREADS, y, times, 0.5)) - launch
    tf32 = seconds(lambda: _TENSOR_CORES(_BLOCKS, _THREADS, y, times)) - launch
    threads, chained = _BLOCKS * _THREADS, times * _CHAINS
    return Ceilings(
        bytes=2 * 16 * n / copy,
        float32=2 * threads * chained / float32,
        tf32=_PRODUCT * threads / 32 * chained / tf32,
        launch=launch,
    )


def seconds(call: Callable[[], object], runs: int = 20) -> float:
    """Median time from the start of a call to the end of what it has started."""
    return statistics.median(_once(call) for _ in range(runs + 3))


def _once(call: Callable[[], object]) -> float:
    machine().synchronize()
    start = time.perf_counter()
    call()
    machine().synchronize()
    return time.perf_counter() - start
