"""Kernels that are shared out among threads.

    @parallel("f4[::1], f8")
    def _scale(worker, workers, arguments):
        x, factor = unpack(arguments)
        x = share(x, worker, workers)
        ...

    _scale(workers, x, factor)    calls it for every worker from 0 on

It is compiled to a C function of its own when it is first called, and reached through its address: so no loop that
calls it need be compiled for its arguments, and a sequence of kernels is a list of addresses. No result depends on
who computes it.
"""

import ctypes
import functools
import struct
from collections.abc import Callable

import numpy as np
from numba import cfunc
from numba.core import sigutils, types
from numba.extending import models, register_model
from numba.np.numpy_support import as_dtype

from .compile import OPTIONS, compiled, intrinsic
from .threads import get_num_threads, run

#: elementary steps that pay for waking one more thread (some microseconds)
WORK_PER_WORKER = 1 << 15


class Arguments(types.Type):
    """The Numba type of packed arguments: the address of a tuple."""

    def __init__(self, kinds: types.Tuple):
        self.kinds = kinds
        super().__init__(name=f"Arguments({kinds})")


register_model(Arguments)(models.OpaqueModel)


@intrinsic
def unpack(typing_context, arguments):
    """The tuple of arguments."""

    def build(context, builder, signature, values):
        return builder.load(builder.bitcast(values[0], context.get_value_type(arguments.kinds).as_pointer()))

    return arguments.kinds(arguments), build


def parallel(signature: str) -> Callable:
    """Compile f(worker, workers, arguments) when it is first called; call it on as many threads as given.

    Arrays are made contiguous and of the signature's dtype: an address takes whatever it is given.
    """
    kinds = sigutils.normalize_signature(f"void({signature})")[0]
    layout = struct.Struct("".join(map(_format, kinds)))
    dtypes = [as_dtype(kind.dtype) if isinstance(kind, types.Array) else None for kind in kinds]

    def decorate(function: Callable) -> Callable:
        entry = types.void(types.intp, types.intp, Arguments(types.Tuple(kinds)))
        compiled_once = functools.cache(lambda: cfunc(entry, **OPTIONS)(function))

        @functools.wraps(function)
        def start(workers: int, *arguments) -> None:
            fitting = [
                argument if dtype is None else np.ascontiguousarray(argument, dtype)
                for argument, dtype in zip(arguments, dtypes)
            ]
            words = [word for argument in fitting for word in _words(argument)]
            run(compiled_once().address, layout.pack(*words), workers)

        return start

    return decorate


def workers_for(work: int) -> int:
    """How many threads so many elementary steps deserve.

    >>> workers_for(100)
    1
    """
    return 1 if work < 2 * WORK_PER_WORKER else min(get_num_threads(), work // WORK_PER_WORKER)


@compiled
def share(array, worker, workers):
    """A worker's part of an array, along its first axis."""
    return array[len(array) * worker // workers : len(array) * (worker + 1) // workers]


def _format(kind: types.Type) -> str:
    """An argument as `struct` spells it: an array is (two owners, size, itemsize, address, shape, strides)."""
    return f"{5 + 2 * kind.ndim}q" if isinstance(kind, types.Array) else {types.float64: "d", types.intp: "q"}[kind]


def _words(argument) -> tuple:
    """The same for what is to be passed; the two owners, whose references Numba would count, are none."""
    if not isinstance(argument, np.ndarray):
        return (argument,)
    return (0, 0, argument.size, argument.itemsize, _address(argument), *argument.shape, *argument.strides)


def _address(array: np.ndarray) -> int:
    """Where the numbers lie; ctypes is quicker than NumPy, but takes neither empty nor read-only arrays."""
    try:
        return ctypes.addressof(ctypes.c_char.from_buffer(array))
    except (TypeError, ValueError):
        return array.__array_interface__["data"][0]
