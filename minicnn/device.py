"""Which kernels compute: `minicnn.device("auto" | "reference" | "portable" | "cpu" | "gpu")`."""

import os
from collections.abc import Iterable
from types import SimpleNamespace
from typing import Any

from .kernels import NAMES, backend
from .kernels.contract import KERNELS, ArraySpec

#: The contract as a backend: shapes and dtypes in, shapes and dtypes out.
SHAPES_ONLY = SimpleNamespace(name="contract", **KERNELS)

_chosen: str | None = None


class device:
    """Choose the kernels, from here on or for one `with` block.

    "auto" takes the fastest backend present, "cpu" the compiled one, "portable" plain NumPy, "reference"
    the loops that define every kernel. The environment variable MINICNN_DEVICE sets the start value.
    Raises ValueError for another name and RuntimeError for a backend that this machine does not have.

    >>> with device("portable"):
    ...     current()
    'portable'
    """

    def __init__(self, name: str):
        global _chosen
        self._before = _chosen
        self.name = _resolve(name)
        _chosen = self.name

    def __enter__(self) -> "device":
        return self

    def __exit__(self, *_: object) -> None:
        global _chosen
        _chosen = self._before

    def __repr__(self) -> str:
        return f"device({self.name!r})"


def current() -> str:
    """Name of the backend that computes now."""
    global _chosen
    if _chosen is None:
        _chosen = _resolve(os.environ.get("MINICNN_DEVICE", "auto"))
    return _chosen


def kernels_for(arrays: Iterable[Any]) -> Any:
    """The kernel namespace that fits these arrays: numbers are computed, specs only shaped, stand-ins recorded."""
    for array in arrays:
        if isinstance(array, ArraySpec):
            return SHAPES_ONLY
        if hasattr(array, "recorder"):
            return array.recorder
    return backend(current())


def _resolve(name: str) -> str:
    if name == "auto":
        return "cpu"
    if name == "gpu":
        raise RuntimeError('this version has no GPU backend; use device("cpu") or device("auto")')
    if name not in NAMES:
        raise ValueError(f"no device {name!r}; choose auto, {', '.join(NAMES)} or gpu")
    return name
