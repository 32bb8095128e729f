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
import operator
from collections.abc import Callable
from typing import Any

from llvmlite import ir
from numba.core import sigutils, types
from numba.core.types.containers import Tuple
from numba.extending import models, register_model
from numba.np.arrayobj import make_array, populate_array
from numba.np.numpy_support import as_dtype

from . import call
from .capture import current
from .compile import Address, compiled, intrinsic
from .entry import EntryPoint
from .memory import laid_out
from .threads import get_job, get_num_threads

_WORD = ir.IntType(64)

#: elementary steps that pay for waking one more thread (some microseconds)
WORK_PER_WORKER = 1 << 14


class Arguments(Address):
    """The address of a kernel's arguments: two words for each, a number or an array object and its size."""

    def __init__(self, kinds: Tuple):
        self.kinds = kinds
        super().__init__(str(kinds))


register_model(Arguments)(models.OpaqueModel)


@intrinsic
def unpack(typing_context, arguments):
    """The tuple of arguments."""

    def build(context, builder, signature, values):
        words = builder.bitcast(values[0], _WORD.as_pointer())
        parts = []
        for i, kind in enumerate(arguments.kinds):
            word, size = (builder.load(builder.gep(words, [_WORD(place)])) for place in (2 * i, 2 * i + 1))
            if isinstance(kind, types.Array):
                parts.append(_array(context, builder, kind, word, size))
            else:
                parts.append(builder.bitcast(word, context.get_value_type(kind)))
        return context.make_tuple(builder, arguments.kinds, parts)

    return arguments.kinds(arguments), build


def _array(context, builder, kind: types.Array, word, size):
    """Numba's view of a NumPy array, out of its C struct."""

    def field(offset, type_):
        return builder.load(builder.inttoptr(builder.add(word, _WORD(offset)), type_.as_pointer()))

    def numbers(offset):
        first = field(offset, _WORD.as_pointer())
        return [builder.load(builder.gep(first, [_WORD(i)])) for i in range(kind.ndim)]

    array = make_array(kind)(context, builder)
    data = field(call.DATA, context.get_data_type(kind.dtype).as_pointer())
    itemsize = _WORD(as_dtype(kind.dtype).itemsize)
    shape, strides = ([size], [itemsize]) if call.is_flat(kind) else (numbers(call.SHAPE), numbers(call.STRIDES))
    populate_array(array, data=data, shape=shape, strides=strides, itemsize=itemsize, meminfo=None)
    return array._getvalue()


def parallel(signature: str) -> Callable:
    """Compile f(worker, workers, arguments) when it is first called; call it on as many threads as given.

    Arrays are made of the signature's dtype, and contiguous where it says so: compiled code takes whatever it is given.
    What the signature calls f4[::1] is the numbers of a contiguous array of any shape.
    """
    kinds = sigutils.normalize_signature(f"void({signature})")[0]
    fits = [_fitting(kind) for kind in kinds]

    def decorate(function: Callable) -> Callable:
        entry_point = EntryPoint(function, types.void(types.intp, types.intp, Arguments(Tuple(kinds))))
        described = functools.cache(lambda: call.entry_of(entry_point.address, kinds))

        @functools.wraps(function)
        def start(workers: int, *arguments) -> None:
            if current.capture is None and call.start()(described(), get_job(workers), workers, *arguments):
                return
            fitting = [fit(argument) for fit, argument in zip(fits, arguments)]
            if not launch(workers, fitting):
                raise TypeError(f"{function.__name__} takes ({signature})")

        def launch(workers: int, fitting: list) -> bool:
            if current.capture is None:
                return call.start()(described(), get_job(workers), workers, *fitting)
            if not call.fits(fitting, kinds):
                return False
            current.capture.launch(entry_point, workers, fitting)
            return True

        start.entry_point = entry_point  # type: ignore[attr-defined]
        return start

    return decorate


def _fitting(kind: types.Type) -> Callable[[Any], Any]:
    """What makes an argument what the kernel expects."""
    if not isinstance(kind, types.Array):
        return float if kind is types.float64 else operator.index
    dtype, contiguous = as_dtype(kind.dtype), kind.layout == "C"
    return lambda array: laid_out(array, dtype, ("A", "C") if contiguous else ("A",))


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
