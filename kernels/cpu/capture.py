"""A run of kernels, written down while it happens, to happen again without Python.

    capture = Capture()
    with capture:
        y = conv2d(x, w)        computes, and every launch of a kernel is written down with its arguments
    x[...] = other numbers
    capture.run()               y holds the convolution of those

What Python computes itself between the launches is not written down: so kernels do all their arithmetic in launches,
and decide by shapes alone. `capture.step(function)` writes down a call of Python that is to be repeated, and
`expect_finite` what would have to be decided anew.

Memory that kernels ask for (memory.py, scratch.py) is the capture's own. Arrays that Python has let go of by the time
the next kernel runs leave their place to others, in every later run as in the first one.
"""

import ctypes
import threading
from collections.abc import Callable, Sequence
from functools import cache
from typing import Any, Self

import numpy as np
from numba import cfunc
from numba.core import types

from .arena import Arena, owner
from .call import DATA, NDIM, SHAPE, STRIDES
from .compile import OPTIONS, Address
from .threads import get_job, run, words_at

_BYTES = 8  # of a word
_LAUNCH = 3  # words: kernel, parts, address of the arguments


class _Current(threading.local):
    """The capture that this thread is in."""

    capture: "Capture | None" = None


current = _Current()


class Capture:
    """Launches and calls of Python, in order."""

    def __init__(self) -> None:
        self.arena = Arena()
        self.scratch: dict[str, np.ndarray] = {}
        self.finite: list[np.ndarray] = []
        self._steps: list[_Launches | Callable[[], Any]] = []
        self._kept: dict[int, Any] = {}  # arrays of others that launches use
        self._before: Capture | None = None

    def __enter__(self) -> Self:
        self._before, current.capture = current.capture, self
        return self

    def __exit__(self, *_: object) -> None:
        current.capture = self._before

    def launch(self, kernel: int, parts: int, arguments: Sequence[Any]) -> None:
        """Write down a launch of the kernel at an address; numbers are int or float, as it takes them."""
        if not self._steps or not isinstance(self._steps[-1], _Launches):
            self._steps.append(_Launches())
        self._steps[-1].add(kernel, parts, arguments)
        for argument in arguments:
            if isinstance(argument, np.ndarray) and (root := owner(argument)) is not None:
                self._kept[id(root)] = root

    def step(self, function: Callable[[], Any]) -> None:
        """Call `function` now and in every later run."""
        before, current.capture = current.capture, None  # what it launches is its own affair
        try:
            function()
        finally:
            current.capture = before
        self._steps.append(function)

    def run(self) -> bool:
        """Do it all again, unless a decision would be another one: then do nothing, and return False."""
        if not all(np.isfinite(array).all() for array in self.finite):
            return False
        for step in self._steps:
            step()
        return True

    @property
    def nbytes(self) -> int:
        """The memory that the run needs at once."""
        return self.arena.peak + sum(array.nbytes for array in self.scratch.values())


class _Launches:
    """Some launches without anything in between: one call of machine code."""

    def __init__(self) -> None:
        self._rows: list[tuple[int, int, int]] = []
        self._most_parts = 1
        self._table: np.ndarray | None = None
        self._kept: list[np.ndarray] = []

    def add(self, kernel: int, parts: int, arguments: Sequence[Any]) -> None:
        words = np.zeros(2 * len(arguments), np.int64)
        for i, argument in enumerate(arguments):
            if isinstance(argument, np.ndarray):
                words[2 * i : 2 * i + 2] = self._described(argument), argument.size
            elif isinstance(argument, float):
                words[2 * i : 2 * i + 1].view(np.float64)[0] = argument
            else:
                words[2 * i] = argument
        self._kept.append(words)
        self._rows.append((kernel, parts, words.ctypes.data))
        self._most_parts = max(self._most_parts, parts)

    def _described(self, array: np.ndarray) -> int:
        """The address of what a kernel reads of an array object, without the object."""
        head = STRIDES // _BYTES + 1
        words = np.zeros(head + 2 * array.ndim, np.int64)
        words[head:] = *array.shape, *array.strides
        words[DATA // _BYTES], words[NDIM // _BYTES] = array.ctypes.data, array.ndim
        words[SHAPE // _BYTES] = words.ctypes.data + head * _BYTES
        words[STRIDES // _BYTES] = words.ctypes.data + (head + array.ndim) * _BYTES
        self._kept.append(words)
        return words.ctypes.data

    def __call__(self) -> None:
        if self._table is None:
            self._table = np.array(self._rows, np.int64)
        job = get_job(self._most_parts)
        _play()(job.ctypes.data, self._table.ctypes.data, len(self._table))


def expect_finite(array: np.ndarray) -> bool:
    """Whether all numbers are finite; a capture asks the same before it runs again, and stops if they are not."""
    if current.capture is not None:
        current.capture.finite.append(array)
    return bool(np.isfinite(array).all())


def every_run(function: Callable[[], Any]) -> None:
    """Call a function of Python, which a capture calls in its later runs too."""
    if current.capture is None:
        function()
    else:
        current.capture.step(function)


@cache
def _play() -> Callable[[int, int, int], None]:
    function = cfunc(types.void(Address("job"), Address("launches"), types.intp), **OPTIONS)(_run_all)
    _kept_alive.append(function)
    return ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_ssize_t)(function.address)


_kept_alive: list[Any] = []


def _run_all(job, launches, count):
    words, rows = words_at(job), words_at(launches)
    for i in range(0, _LAUNCH * count, _LAUNCH):
        run(words, rows[i], rows[i + 2], rows[i + 1])
