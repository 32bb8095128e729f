"""Launches of optimizers: one for many variables where several follow each other, as small ones do not fill a GPU."""

import ctypes
from collections.abc import Iterable, Sequence

from .launch import Kernel, blocks
from .machine import Array, Launch

SGD, RMSPROP, ADAM = Kernel("optimizer", "sgd"), Kernel("optimizer", "rmsprop"), Kernel("optimizer", "adam")

_MOST_VARIABLES, _MOST_STATES = 64, 3


class Variable(ctypes.Structure):
    """The struct of optimizer.cu."""

    _fields_ = (
        ("w", ctypes.c_void_p),
        ("g", ctypes.c_void_p),
        ("states", ctypes.c_void_p * _MOST_STATES),
        ("rates", ctypes.c_void_p),
        ("n", ctypes.c_int),
        ("end", ctypes.c_int),
    )

    @classmethod
    def of(cls, w: Array, g: Array, states: Sequence[Array | None], rates: Array) -> "Variable":
        """A null pointer stands for a state that is None."""
        places = (ctypes.c_void_p * _MOST_STATES)(*(None if state is None else state.data.ptr for state in states))
        return cls(w.data.ptr, g.data.ptr, places, rates.data.ptr, w.size)


class _Variables(ctypes.Structure):
    """The struct of optimizer.cu."""

    _fields_ = (("count", ctypes.c_int), ("of", Variable * _MOST_VARIABLES))


def variables(of: Sequence[Variable]) -> _Variables:
    """The argument of a launch, with the blocks of each variable behind those of the one before."""
    result, end = _Variables(len(of)), 0
    for i, variable in enumerate(of):
        end += blocks(variable.n)
        result.of[i] = variable
        result.of[i].end = end
    return result


def joined(launches: Iterable[Launch]) -> list[Launch]:
    """The launches, with one for all that follow each other, of the same optimizer and on variables of their own."""
    result: list[Launch] = []
    for launch in launches:
        if result and _may_join(result[-1], launch):
            argument = variables([*_variables(result.pop()), *_variables(launch)])
            launch = launch._replace(grid=(argument.of[argument.count - 1].end, 1, 1), arguments=[argument])
        result.append(launch)
    return result


def _may_join(before: Launch, launch: Launch) -> bool:
    if before.kernel != launch.kernel or launch.kernel not in (SGD, RMSPROP, ADAM):
        return False
    weights = [variable.w for launch in (before, launch) for variable in _variables(launch)]
    return len(weights) <= _MOST_VARIABLES and len(set(weights)) == len(weights)


def _variables(launch: Launch) -> list[Variable]:
    (argument,) = launch.arguments
    assert isinstance(argument, _Variables)
    return argument.of[: argument.count]
