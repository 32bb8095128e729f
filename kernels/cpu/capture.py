"""A run of kernels, written down to happen any number of times without Python.

    capture = Capture()
    with capture:
        y = conv2d(x, w)        every launch of a kernel is written down with its arguments
                                the run happens for the first time at the end of the block: now y holds numbers
    x[...] = other numbers
    if capture.ready():
        capture.run()           y holds the convolution of those

Nothing is computed while it is written down: so kernels do all their arithmetic in launches, and decide by shapes
alone. `capture.step(function)` writes down a call of Python, and `expect_finite` what would have to be decided anew.
In return all kernels that the run needs are known before the first of them is compiled (prepare.py).

Memory that kernels ask for (memory.py, scratch.py) is the capture's own. Arrays that Python has let go of by the time
the next kernel runs leave their place to others, in every later run as in the first one.
"""

import ctypes
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from functools import cache
from typing import Any, Self, TypeVar

import numpy as np
from numba.core import types

from .arena import Arena, owner, unowned
from .call import DATA, NDIM, SHAPE, STRIDES
from .compile import Address
from .entry import EntryPoint, entry_point
from .prepare import prepare
from .threads import get_job, helping, run, words_at

Result = TypeVar("Result")

_BYTES = 8  # of a word
_ROW = 3  # words of a launch: kernel, parts, address of the arguments


class _Current(threading.local):
    """The capture that this thread is in."""

    capture: "Capture | None" = None


current = _Current()


class Capture:
    """Launches and calls of Python, in order."""

    def __init__(self) -> None:
        self.arena = Arena()
        self.scratch: dict[str, np.ndarray] = {}
        self.finite: list[np.ndarray] = []  # what must be finite for the run to be the right one
        self.numbers: list[np.ndarray] = []  # what kernels are told anew in every run, such as learning rates
        self._steps: list[_Launch | Callable[[], Any]] = []
        self._sections: list[int] = []  # how many steps there were at the beginning of each section
        self._joined: list[Callable[[], Any]] | None = None
        self._inputs: list[np.ndarray] = []
        self._kept: dict[int, Any] = {}  # arrays of others that launches use
        self._before: Capture | None = None

    def __enter__(self) -> Self:
        self._before, current.capture = current.capture, self
        return self

    def __exit__(self, error: type[BaseException] | None, *_: object) -> None:
        current.capture = self._before
        if error is None:
            self.run()

    def record(self, function: Callable[..., Result], inputs: Sequence[np.ndarray]) -> Result:
        """Write down what a function computes of arrays, and do it."""
        self._inputs = [np.array(array, copy=True, order="C") for array in inputs]
        with self:
            return function(*self._inputs)

    def constant(self, array: np.ndarray) -> np.ndarray:
        """An array of others as a kernel takes it."""
        return array

    def read(self, arrays: Sequence[np.ndarray]) -> Sequence[np.ndarray]:
        """What the last run has computed, until the next one."""
        return arrays

    def launch(self, kernel: EntryPoint, parts: int, arguments: Sequence[Any]) -> None:
        """Write down a launch of a kernel; numbers are int or float, as it takes them."""
        self._steps.append(_Launch(kernel, parts, arguments))
        for argument in arguments:
            if isinstance(argument, np.ndarray) and (root := owner(argument)) is not None:
                self._kept[id(root)] = root

    def step(self, function: Callable[[], Any]) -> None:
        """Write down a call of Python."""
        self._steps.append(function)

    def begin_section(self) -> None:
        """What follows is timed for itself by `times`."""
        self._sections.append(len(self._steps))

    def ready(self) -> bool:
        """Whether every decision would be the same again."""
        return all(np.isfinite(array).all() for array in self.finite)

    def run(self, inputs: Sequence[np.ndarray] = ()) -> None:
        """Do it all, of other inputs. Check first that the capture is `ready`."""
        for place, numbers in zip(self._inputs, inputs):
            np.copyto(place, numbers)
        if self._joined is None:
            prepare([*_OWN, *(step.kernel for step in self._steps if isinstance(step, _Launch))])
            self._joined = _joined(self._steps)
        for step in self._joined:
            step()

    def times(self) -> list[float]:
        """Do it all, and say how many seconds each section took."""
        ends = [*self._sections[1:], len(self._steps)]
        times = []
        for steps in [_joined(self._steps[start:end]) for start, end in zip(self._sections, ends)]:
            start = time.perf_counter()
            for step in steps:
                step()
            times.append(time.perf_counter() - start)
        return times

    @property
    def nbytes(self) -> int:
        """The memory that the run needs at once."""
        return self.arena.peak + sum(array.nbytes for array in self.scratch.values())


class _Launch:
    """A kernel, how many parts it has, and its arguments as machine code reads them."""

    def __init__(self, kernel: EntryPoint, parts: int, arguments: Sequence[Any]):
        self.kernel, self.parts = kernel, parts
        self._kept = [np.zeros(2 * len(arguments), np.int64)]
        words = self._kept[0]
        for i, argument in enumerate(arguments):
            if isinstance(argument, np.ndarray):
                words[2 * i : 2 * i + 2] = self._described(argument), argument.size
            elif isinstance(argument, float):
                words[2 * i : 2 * i + 1].view(np.float64)[0] = argument
            else:
                words[2 * i] = argument

    @property
    def row(self) -> tuple[int, int, int]:
        """What the machine code needs of it."""
        return self.kernel.address, self.parts, self._kept[0].ctypes.data

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


def _joined(steps: Iterable[_Launch | Callable[[], Any]]) -> list[Callable[[], Any]]:
    """The steps, with launches that follow each other as one call of machine code."""
    joined: list[Callable[[], Any]] = []
    launches: list[_Launch] = []
    for step in steps:
        if isinstance(step, _Launch):
            launches.append(step)
            continue
        if launches:
            joined.append(_Launches(launches))
            launches = []
        joined.append(step)
    return [*joined, _Launches(launches)] if launches else joined


class _Launches:
    """Launches without anything in between."""

    def __init__(self, launches: list[_Launch]):
        self._kept = launches
        self._table = np.array([launch.row for launch in launches], np.int64)
        self._most_parts = int(self._table[:, 1].max())

    def __call__(self) -> None:
        job = get_job(self._most_parts)
        _play()(job.ctypes.data, self._table.ctypes.data, len(self._table))


def expect_finite(array: np.ndarray) -> bool:
    """Whether all numbers are known to be finite.

    In a capture that means those that others write; it asks the same before it runs again, and stops if they are not.
    """
    if current.capture is not None:
        if owner(array) is None:
            return False
        current.capture.finite.append(array)
    return bool(np.isfinite(array).all())


def told(numbers: np.ndarray) -> np.ndarray:
    """Numbers that a captured run takes anew every time: whoever runs it finds them in `capture.numbers`."""
    if current.capture is not None:
        current.capture.numbers.append(numbers)
    return numbers


def every_run(function: Callable[..., Any], *arrays: np.ndarray) -> None:
    """Call a function of Python with arrays, or have a capture call it in each of its runs.

    Places of these arrays may be given to others after it, as if it were a launch.
    """
    if current.capture is None:
        function(*arrays)
    else:
        seen = [unowned(array) if owner(array) is None else array for array in arrays]
        current.capture.step(lambda: function(*seen))


@cache
def _play() -> Callable[[int, int, int], None]:
    return ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_ssize_t)(_run_all.address)


@entry_point(types.void(Address("job"), Address("launches"), types.intp))
def _run_all(job, launches, count):
    words, rows = words_at(job), words_at(launches)
    for i in range(0, _ROW * count, _ROW):
        run(words, rows[i], rows[i + 2], rows[i + 1])


_OWN = _run_all, helping  # what every run needs besides its kernels
