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

import functools
import struct
from collections.abc import Callable

import numpy as np
from llvmlite import ir
from numba import cfunc
from numba.core import sigutils, types
from numba.core.types.containers import Tuple
from numba.extending import models, register_model
from numba.np.arrayobj import make_array, populate_array
from numba.np.numpy_support import as_dtype

from .compile import OPTIONS, compiled, intrinsic
from .threads import get_num_threads, run

_WORD = ir.IntType(64)

#: elementary steps that pay for waking one more thread (some microseconds)
WORK_PER_WORKER = 1 << 15


class Arguments(types.Type):
    """The Numba type of a kernel's arguments: the address of one word for each, a number or an array object."""

    def __init__(self, kinds: Tuple):
        self.kinds = kinds
        super().__init__(name=f"Arguments({kinds})")


register_model(Arguments)(models.OpaqueModel)


@intrinsic
def unpack(typing_context, arguments):
    """The tuple of arguments."""

    def build(context, builder, signature, values):
        words = builder.bitcast(values[0], _WORD.as_pointer())
        parts = []
        for i, kind in enumerate(arguments.kinds):
            word = builder.load(builder.gep(words, [_WORD(i)]))
            if isinstance(kind, types.Array):
                parts.append(_array(context, builder, kind, word))
            else:
                parts.append(builder.bitcast(word, context.get_value_type(kind)))
        return context.make_tuple(builder, arguments.kinds, parts)

    return arguments.kinds(arguments), build


def _array(context, builder, kind: types.Array, word):
    """Numba's view of a NumPy array, whose C struct begins, after Python's part, with data, ndim, shape, strides."""

    def field(index, type_):
        place = builder.add(word, _WORD(object.__basicsize__ + 8 * index))
        return builder.load(builder.inttoptr(place, type_.as_pointer()))

    def numbers(index):
        first = field(index, _WORD.as_pointer())
        return [builder.load(builder.gep(first, [_WORD(i)])) for i in range(kind.ndim)]

    array = make_array(kind)(context, builder)
    data = field(0, context.get_data_type(kind.dtype).as_pointer())
    itemsize = _WORD(as_dtype(kind.dtype).itemsize)
    populate_array(array, data=data, shape=numbers(2), strides=numbers(3), itemsize=itemsize, meminfo=None)
    return array._getvalue()


def parallel(signature: str) -> Callable:
    """Compile f(worker, workers, arguments) when it is first called; call it on as many threads as given.

    Arrays are made of the signature's dtype, and contiguous where it says so: compiled code takes whatever it is given.
    """
    kinds = sigutils.normalize_signature(f"void({signature})")[0]
    layout = struct.Struct("".join("d" if kind is types.float64 else "q" for kind in kinds))
    fitting = [_fitting(kind) if isinstance(kind, types.Array) else None for kind in kinds]
    ranks = [kind.ndim for kind in kinds if isinstance(kind, types.Array)]

    def decorate(function: Callable) -> Callable:
        entry = types.void(types.intp, types.intp, Arguments(Tuple(kinds)))
        compiled_once = functools.cache(lambda: cfunc(entry, **OPTIONS)(function))

        @functools.wraps(function)
        def start(workers: int, *arguments) -> None:
            words: list = list(arguments)
            arrays = []  # kept as long as the kernel runs
            for i, fit in enumerate(fitting):
                if fit is not None:
                    arrays.append(fit(arguments[i]))
                    words[i] = id(arrays[-1])
            if [array.ndim for array in arrays] != ranks:
                raise TypeError(f"{function.__name__} takes ({signature})")
            run(compiled_once().address, layout.pack(*words), workers)

        return start

    return decorate


def _fitting(kind: types.Array) -> Callable[[np.ndarray], np.ndarray]:
    """What makes an array what the kernel expects."""
    dtype = as_dtype(kind.dtype)
    make = np.ascontiguousarray if kind.layout == "C" else np.asarray
    return lambda array: make(array, dtype)


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
