"""Kernels called with arrays of the host, and kernels of the host called with arrays of the device."""

import functools
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

from .machine import machine

#: kernels that compute nothing, and so take numbers of any dtype
OF_ANY_DTYPE = frozenset(("broadcast_to", "cast", "concatenate", "getitem", "pad", "reshape", "transpose"))


def on_device(kernel: Callable) -> Callable:
    """A kernel of the device that takes arrays of the host too.

    They are put there, and the results come back to the host if all arrays came from it.
    """

    @functools.wraps(kernel)
    def call(*args: Any, **options: Any) -> Any:
        if not any(map(_is_of_host, _flat(args))):
            return kernel(*args, **options)
        there = _each(_put, args)
        results = kernel(*there, **options)
        if results is None:
            for array, copy in zip(_flat(args), _flat(there)):
                if _is_of_host(array):
                    array[...] = _get(copy)
        return results if any(map(machine().owns, _flat(args))) else _each(_get, results)

    return call


def on_host(kernel: Callable) -> Callable:
    """A kernel of the host that takes arrays of the device: they come to the host, and the results are put there."""

    @functools.wraps(kernel)
    def call(*args: Any, **options: Any) -> Any:
        here = _each(_get, args)
        results = kernel(*here, **options)
        if results is None:
            for array, copy in zip(_flat(args), _flat(here)):
                if machine().owns(array):
                    array.set(copy)
        return _each(_put, results) if any(map(machine().owns, _flat(args))) else results

    return call


def _is_of_host(value: Any) -> bool:
    return isinstance(value, (np.ndarray, np.generic))


def _put(value: Any) -> Any:
    return machine().put(np.asarray(value)) if _is_of_host(value) else value


def _get(value: Any) -> Any:
    return machine().get([value])[0] if machine().owns(value) else value


def _each(function: Callable[[Any], Any], values: Any) -> Any:
    """The function of a value, or of all in tuples and lists of them."""
    return tuple(_each(function, value) for value in values) if isinstance(values, tuple | list) else function(values)


def _flat(values: Iterable[Any]) -> list[Any]:
    """The values, with those in a tuple or list of their own (of `concatenate`) among them."""
    return [part for value in values for part in (value if isinstance(value, tuple | list) else [value])]
