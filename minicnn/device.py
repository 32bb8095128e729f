"""Where is computed, and with which kernels: `minicnn.device("auto" | "reference" | "portable" | "cpu" | "gpu")`.

Arrays of numbers move to where they are needed: a tensor's when it takes part in an operation (see Op), a model's
weights before a plan of it is made. There they stay.
"""

import functools
import os
import re
from collections.abc import Iterable
from types import SimpleNamespace
from typing import Any

import numpy as np

from .kernels import Backend, backend
from .kernels.contract import KERNELS, ArraySpec
from .kernels.errors import did_you_mean

#: The contract as a backend: shapes and dtypes in, shapes and dtypes out.
SHAPES_ONLY = SimpleNamespace(name="contract", **KERNELS)

_ON_HOST = ("reference", "portable", "cpu")

_chosen: str | None = None


class device:
    """Choose the kernels, from here on or for one `with` block.

    "auto" takes the fastest device present, "gpu" the first NVIDIA GPU, "gpu:1" the second, "cpu" compiled kernels on
    all cores, "portable" plain NumPy, "reference" the loops that define every kernel. The environment variable
    MINICNN_DEVICE sets the start value.
    Raises ValueError for another name and RuntimeError for a device that this machine does not have.

    >>> with device("portable"):
    ...     current()
    'portable'
    """

    def __init__(self, name: str):
        self._before = _chosen
        self.name = _choose(name)

    def __enter__(self) -> "device":
        return self

    def __exit__(self, *_: object) -> None:
        global _chosen
        if self._before is None:
            _chosen = None
        else:
            _choose(self._before)

    def __repr__(self) -> str:
        return f"device({self.name!r})"


def current() -> str:
    """Name of the device that computes now."""
    if _chosen is None:
        return _choose(os.environ.get("MINICNN_DEVICE", "auto"))
    return _chosen


def on_gpu() -> bool:
    """Whether a GPU computes now."""
    return current() not in _ON_HOST


def kernels_for(arrays: Iterable[Any]) -> Any:
    """The kernel namespace that fits these arrays: numbers are computed, specs only shaped, stand-ins recorded."""
    are_there = False
    for array in arrays:
        if isinstance(array, np.ndarray):
            continue
        if isinstance(array, ArraySpec):
            return SHAPES_ONLY
        if hasattr(array, "recorder"):
            return array.recorder
        are_there = are_there or is_on_gpu(array)
    return backend("gpu") if are_there else _kernels(current())


def kernels_on_host() -> Backend:
    """The kernels for arrays of NumPy's that have to remain such."""
    return backend("cpu") if on_gpu() else _kernels(current())


def is_on_gpu(array: Any) -> bool:
    """Whether an array's numbers are out of NumPy's reach."""
    return hasattr(array, "data") and hasattr(array.data, "ptr")


def here(array: Any) -> Any:
    """The array, or a copy of it where the device in use can compute with it: float32 on a GPU, all else with NumPy."""
    if isinstance(array, np.ndarray):
        return _machine().put(array) if on_gpu() and array.dtype == np.float32 else array
    if not is_on_gpu(array) or (on_gpu() and _machine().owns(array)):
        return array
    return here(on_host(array))


def beside(array: Any, other: Any) -> Any:
    """The array, or a copy of it where the other one is, if that has numbers."""
    if isinstance(other, np.ndarray):
        return on_host(array)
    return _machine().put(array) if is_on_gpu(other) and not is_on_gpu(array) else array


def on_host(array: Any) -> np.ndarray:
    """An array of NumPy's with the same numbers: the array itself, if it is one."""
    return array.get() if is_on_gpu(array) else array


def from_dlpack_on_gpu(array: Any) -> Any:
    """Another library's array on the GPU in use, without a copy."""
    return _machine().from_dlpack(array)


def _machine() -> Any:
    from .kernels.gpu.machine import machine

    return machine()


@functools.cache
def _kernels(name: str) -> Backend:
    return backend(name.partition(":")[0])


def _choose(name: str) -> str:
    """Use a device from here on; its name in full."""
    global _chosen
    _chosen = _resolve(name)
    return _chosen


def _resolve(name: str) -> str:
    if name == "auto":
        return _fastest()
    if match := re.fullmatch(r"gpu(?::(\d+))?", name):
        number = int(match[1] or 0)
        _choose_gpu(number)
        return f"gpu:{number}" if number else "gpu"
    if name not in _ON_HOST:
        names = ("auto", *_ON_HOST)
        raise ValueError(f"no device {name!r}; choose {', '.join(names)} or gpu{did_you_mean(name, names)}")
    return name


def _fastest() -> str:
    try:
        _choose_gpu(0)
    except RuntimeError:
        return "cpu"
    return "gpu"


def _choose_gpu(number: int) -> None:
    from .kernels.gpu.machine import choose

    try:
        choose(number)
    except RuntimeError as error:
        raise RuntimeError(f'{error}; use device("cpu"), or device("auto") for a GPU where there is one') from error
