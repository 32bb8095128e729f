"""One checked namespace a backend: `backend("cpu").conv2d(...)` runs the contract first, then the kernel."""

import functools
import importlib
from collections.abc import Callable, Sequence

import numpy as np

from .contract import KERNELS

_FLOAT32 = np.dtype(np.float32)

NAMES = ("reference", "portable", "cpu")


class Backend:
    """Every kernel of the contract, as one implementation computes it.

    The arguments are checked by the contract before the kernel sees them, so that no kernel needs checks of
    its own. The "cpu" backend is written for float32; other dtypes take the portable kernels.
    """

    def __init__(self, name: str):
        self.name = name
        self._module = importlib.import_module(f"{__package__}.{name}")

    def __getattr__(self, kernel: str) -> Callable:
        if kernel not in KERNELS:
            raise AttributeError(f"the kernel contract has no {kernel!r}")
        checked = _checked(KERNELS[kernel], getattr(self._module, kernel), self._general(kernel))
        setattr(self, kernel, checked)
        return checked

    def _general(self, kernel: str) -> Callable | None:
        """What computes other dtypes than float32, if it is another function."""
        if self.name != "cpu":
            return None
        portable = getattr(importlib.import_module(f"{__package__}.portable"), kernel)
        return None if portable is getattr(self._module, kernel) else portable

    def __repr__(self) -> str:
        return f"backend({self.name!r})"


@functools.cache
def backend(name: str) -> Backend:
    """Return the checked kernels of "reference", "portable" or "cpu".

    Raises ValueError for any other name.

    >>> x = np.ones((1, 4, 4, 1), np.float32)
    >>> backend("portable").global_avg_pool2d(x)
    array([[1.]], dtype=float32)
    """
    if name not in NAMES:
        raise ValueError(f"no kernel backend {name!r}; there are {', '.join(NAMES)}")
    return Backend(name)


def _checked(contract: Callable, kernel: Callable, general: Callable | None) -> Callable:
    @functools.wraps(contract)
    def call(*args, **options):
        contract(*args, **options)
        return kernel(*args, **options)

    if general is None:
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
