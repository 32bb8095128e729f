"""Calls of compiled kernels from Python in a fraction of a microsecond.

    started = start()(entry, job, parts, arguments…)

`start` is a function as CPython's own are, of machine code: it reads its arguments where Python keeps them, and what
the kernel expects in `entry`. ctypes needs ten times as long, as long as a kernel with some thousands of numbers.
"""

import ctypes
from collections.abc import Callable, Sequence
from functools import cache
from typing import Any

import numpy as np
from llvmlite import ir
from numba.core import types
from numba.core.cgutils import alloca_once
from numba.np.numpy_support import as_dtype

from .compile import Address, compiled, intrinsic
from .entry import entry_point
from .threads import run, words_at

_WORD = ir.IntType(64)
_BYTES = 8  # of a word

_HEAD = object.__basicsize__  # of a Python object: its last word is the type
_TYPE, DATA, NDIM, SHAPE, STRIDES, _DTYPE, _FLAGS = (_HEAD + _BYTES * i for i in (-1, 0, 1, 2, 3, 5, 6))
_CONTIGUOUS, _ALIGNED = 0x1, 0x100
_HALF_WORD = 0xFFFFFFFF

_INTEGER, _FLOAT, _ARRAY = range(3)
_ANY = -1
_COUNT, _KINDS, _KIND_WORDS = _BYTES, 2 * _BYTES, 5
_MOST_ARGUMENTS = 32


def entry_of(address: int, kinds: list[types.Type]) -> np.ndarray:
    """What `start` must know of a kernel: its address, how many arguments it has, and their kinds."""
    assert len(kinds) <= _MOST_ARGUMENTS
    return np.array([address, len(kinds), *(word for kind in kinds for word in _describe(kind))], np.int64)


def _describe(kind: types.Type) -> tuple[int, ...]:
    """Number or array; of an array the type, the dtype, the number of axes and the flags that it must have."""
    if not isinstance(kind, types.Array):
        return (_FLOAT if kind is types.float64 else _INTEGER), 0, 0, 0, 0
    flags = _ALIGNED | (_CONTIGUOUS if kind.layout == "C" else 0)
    return _ARRAY, id(np.ndarray), id(as_dtype(kind.dtype)), _ANY if is_flat(kind) else kind.ndim, flags


def fits(arguments: Sequence[Any], kinds: Sequence[types.Type]) -> bool:
    """Whether there are as many arguments as there should be, and the arrays among them have as many axes."""
    return len(arguments) == len(kinds) and all(
        not isinstance(kind, types.Array) or is_flat(kind) or argument.ndim == kind.ndim
        for argument, kind in zip(arguments, kinds)
    )


def is_flat(kind: types.Array) -> bool:
    """Whether the kernel wants the numbers of a contiguous array, of whatever shape."""
    return kind.ndim == 1 and kind.layout == "C"


@cache
def start() -> Callable[..., bool]:
    """start()(entry, job, parts, arguments…) shares the kernel's parts among the threads of a pool, and returns True.

    It lets go of Python's lock meanwhile. If an array is not as the kernel expects it, it only returns False.
    """
    method = _Method(b"start", _start.address, _FASTCALL, None)
    make = ctypes.pythonapi.PyCFunction_NewEx
    make.restype, make.argtypes = ctypes.py_object, [ctypes.c_void_p] * 3
    _kept_alive.append(method)
    return make(ctypes.addressof(method), None, None)


class _Method(ctypes.Structure):
    """CPython's PyMethodDef."""

    _fields_ = [
        ("name", ctypes.c_char_p),
        ("function", ctypes.c_void_p),
        ("flags", ctypes.c_int),
        ("doc", ctypes.c_char_p),
    ]


_FASTCALL = 0x80  # function(module, address of the arguments, their number)
_kept_alive: list = []

_as_integer: Any = types.ExternalFunction("PyLong_AsLongLong", types.int64(types.intp))
_as_float: Any = types.ExternalFunction("PyFloat_AsDouble", types.float64(types.intp))
_as_object: Any = types.ExternalFunction("PyBool_FromLong", types.intp(types.intp))
_any_error: Any = types.ExternalFunction("PyErr_Occurred", types.intp())
_release_lock: Any = types.ExternalFunction("PyEval_SaveThread", types.intp())
_take_lock: Any = types.ExternalFunction("PyEval_RestoreThread", types.void(types.intp))


@entry_point(types.intp(types.intp, Address(), types.intp))
def _start(module, given, count):
    given = words_at(given)
    entry, job, parts = _word(given[0] + DATA), _word(given[1] + DATA), _as_integer(given[2])
    if count - 3 != _word(entry + _COUNT):
        return _as_object(0)
    words = _stack()
    for i in range(count - 3):
        argument, word, kind = given[3 + i], words + 2 * _BYTES * i, entry + _KINDS + _BYTES * _KIND_WORDS * i
        if _word(kind) == _INTEGER:
            _put(word, _as_integer(argument))
        elif _word(kind) == _FLOAT:
            _put(word, _as_float(argument))
        elif _fits(argument, kind):
            _put(word, argument)
            _put(word + _BYTES, _size(argument))
        else:
            return 0 if _any_error() else _as_object(0)
    if _any_error():
        return 0
    lock = _release_lock()
    run(words_at(job), _word(entry), words, parts)
    _take_lock(lock)
    return _as_object(1)


@compiled
def _size(argument):
    """How many numbers an array has."""
    size = 1
    for axis in range(_word(argument + NDIM) & _HALF_WORD):
        size *= _word(_word(argument + SHAPE) + _BYTES * axis)
    return size


@compiled
def _fits(argument, kind):
    """Whether it is an array as the kernel expects it."""
    flags = _word(kind + 4 * _BYTES)
    return (
        _word(argument + _TYPE) == _word(kind + _BYTES)
        and _word(argument + _DTYPE) == _word(kind + 2 * _BYTES)
        and (_word(kind + 3 * _BYTES) == _ANY or _word(argument + NDIM) & _HALF_WORD == _word(kind + 3 * _BYTES))
        and _word(argument + _FLAGS) & flags == flags
    )


@intrinsic
def _word(typing_context, address):
    """The word at an address."""

    def build(context, builder, signature, values):
        return builder.load(builder.inttoptr(values[0], _WORD.as_pointer()))

    return types.intp(types.intp), build


@intrinsic
def _put(typing_context, address, number):
    """Put a number at an address."""

    def build(context, builder, signature, values):
        address, value = values
        builder.store(value, builder.inttoptr(address, value.type.as_pointer()))
        return context.get_dummy_value()

    return types.void(types.intp, number), build


@intrinsic
def _stack(typing_context):
    """The address of some words for the arguments."""

    def build(context, builder, signature, values):
        return builder.ptrtoint(alloca_once(builder, _WORD, 2 * _MOST_ARGUMENTS), _WORD)

    return types.intp(), build
