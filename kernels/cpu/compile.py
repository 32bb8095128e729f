"""The two ways a function is compiled here, and the only parallel loop of the package.

    @compiled                        a helper, called from compiled code
    @parallel("f4[::1], f4[::1]")    an entry point f(worker, workers, x, y), called from Python as f(workers, x, y)

The loop reaches an entry point through its address. Numba would otherwise compile the function once into the loop,
once into the loop's wrapper and once into the wrapper's caller: three times the seconds before a first step.
Numba renews a cached function when its own file changes, but not when a helper in another file does: after editing
matmul.py, say, delete the *.nbi files in __pycache__.
Workers share out the tasks among them, and no result depends on who computes it.
"""

import functools
import os
from collections.abc import Callable
from typing import Any

# OpenMP reads it when Numba starts its threads: idle threads that spin for long starve other programs, and us
os.environ.setdefault("GOMP_SPINCOUNT", "1000")

import numpy as np
from llvmlite import ir
from numba import cfunc, extending, get_num_threads, njit, prange
from numba.core import sigutils, types
from numba.np.numpy_support import as_dtype

#: no fastmath: it would lose NaN, ±∞, the order of a sum, or what a subtraction of equal numbers must give
OPTIONS: dict[str, Any] = {"cache": True, "error_model": "numpy"}

#: elementary steps that pay for waking one more thread (some microseconds)
WORK_PER_WORKER = 1 << 15

compiled = njit(**OPTIONS)

#: called from compiled code, without the typing context that its definition takes
intrinsic: Callable[[Callable], Callable[..., Any]] = extending.intrinsic


def parallel(signature: str) -> Callable:
    """Compile f(worker, workers, *arguments) when it is first called; call it on as many threads as given.

    Input arrays are made contiguous and of the signature's dtype: an address takes whatever it is given.
    """

    def decorate(function: Callable) -> Callable:
        native = functools.cache(lambda: cfunc(f"void(intp, intp, {signature})", **OPTIONS)(function))
        address = functools.cache(lambda: native().address)
        dtypes = [
            as_dtype(kind.dtype) if isinstance(kind, types.Array) else None
            for kind in sigutils.normalize_signature(f"void({signature})")[0]
        ]

        @functools.wraps(function)
        def start(workers: int, *arguments) -> None:
            fitting = [
                argument if dtype is None else np.ascontiguousarray(argument, dtype)
                for argument, dtype in zip(arguments, dtypes)
            ]
            _run(address(), workers, tuple(fitting))

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


@njit(parallel=True, cache=True)
def _run(address, workers, arguments):
    if workers == 1:
        _call(address, 0, 1, arguments)
    else:
        for worker in prange(workers):
            _call(address, worker, workers, arguments)


@intrinsic
def _call(typing_context, address, worker, workers, arguments):
    """Call the C function at an address."""

    def build(context, builder, signature, values):
        address, worker, workers, arguments = values
        passed = [worker, workers, *(builder.extract_value(arguments, i) for i in range(len(signature.args[3])))]
        function = ir.FunctionType(context.get_value_type(types.none), [value.type for value in passed])
        builder.call(builder.inttoptr(address, function.as_pointer()), passed)
        return context.get_dummy_value()

    return types.void(types.intp, types.intp, types.intp, arguments), build
