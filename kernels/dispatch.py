"""One checked namespace a backend: `backend("cpu").conv2d(...)` runs the contract first, then the kernel."""

import functools
import importlib
from collections.abc import Callable, Sequence

import numpy as np

from .contract import KERNELS

_FLOAT32 = np.dtype(np.float32)

NAMES = ("reference", "portable", "cpu", "gpu")


class Backend:
    """Every kernel of the contract, as one implementation computes it.

    The arguments are checked by the contract before the kernel sees them, so that no kernel needs checks of
    its own. The "cpu" and "gpu" backends are written for float32; other dtypes take the portable kernels.
    The "gpu" backend takes arrays of the host too: it puts them on the device, and its results back.
    """

    def __init__(self, name: str):
        self.name = name
        self._module = importlib.import_module(f"{__package__}.{name}")

    def __getattr__(self, kernel: str) -> Callable:
        if kernel not in KERNELS:
            raise AttributeError(f"the kernel contract has no {kernel!r}")
        checked = _checked(KERNELS[kernel], *self._kernels(kernel))
        setattr(self, kernel, checked)
        return checked

    def _kernels(self, kernel: str) -> tuple[Callable, Callable]:
        """What computes float32, and what computes other dtypes."""
        own = getattr(self._module, kernel)
        if self.name not in ("cpu", "gpu"):
            return own, own
        portable = getattr(importlib.import_module(f"{__package__}.portable"), kernel)
        return (own, portable) if self.name == "cpu" else _on_gpu(kernel, own, portable)

    def __repr__(self) -> str:
        return f"backend({self.name!r})"


def backend(name: str) -> Backend:
    """Return the checked kernels of "reference", "portable", "cpu" or "gpu".

    Raises ValueError for any other name, and RuntimeError where there is no GPU for "gpu".

    >>> x = np.ones((1, 4, 4, 1), np.float32)
    >>> backend("portable").global_avg_pool2d(x)
    array([[1.]], dtype=float32)
    """
    if name not in NAMES:
        raise ValueError(f"no kernel backend {name!r}; there are {', '.join(NAMES)}")
    if name == "gpu":
        _expect_gpu()
    return _backend(name)


_backend = functools.cache(Backend)


def _expect_gpu() -> None:
    from .gpu.machine import machine

    machine()


def _on_gpu(name: str, own: Callable, portable: Callable) -> tuple[Callable, Callable]:
    """The same, for arrays in the memory of either."""
    from .gpu.host import OF_ANY_DTYPE, on_device, on_host

    kernel = on_device(own)
    return kernel, kernel if name in OF_ANY_DTYPE else on_host(portable)


def _checked(contract: Callable, kernel: Callable, general: Callable) -> Callable:
    @functools.wraps(contract)
    def call(*args, **options):
        contract(*args, **options)
        return kernel(*args, **options)

    if general is kernel:
        return call

    @functools.wraps(contract)
    def call_for_dtype(first, *args, **options):
        contract(first, *args, **options)
        if _dtype(first) == _FLOAT32:
            return kernel(first, *args, **options)
        return general(first, *args, **options)

    return call_for_dtype


def _dtype(argument: np.ndarray | Sequence[np.ndarray]) -> np.dtype:
    """Of an array, or of all those in a list."""
    return argument[0].dtype if isinstance(argument, Sequence) else argument.dtype
