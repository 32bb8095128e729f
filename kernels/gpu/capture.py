"""A run of kernels, written down to happen any number of times: on a GPU as one CUDA graph.

    capture = Capture()
    y = capture.record(gpu.relu, [x])       every launch of a kernel is written down with its arguments,
                                            and the run happens for the first time: now y holds numbers
    capture.run([other numbers])            y holds the ReLU of those

Nothing is computed while it is written down, so kernels decide by shapes alone, and no number can be read.

The function is called twice: first to see how much memory it needs. Then that is asked for in one piece, in which
arrays that Python has let go of leave their place to others, in every later run as in the first one. Arrays that were
there before must stay where they are.
"""

import time
from collections.abc import Callable, Sequence
from math import prod
from typing import TYPE_CHECKING, Any, NoReturn, TypeVar

import numpy as np

from .arena import Arena
from .machine import Argument, Array, Grid, Launch, Machine, capturing, machine
from .memory import fill
from .updates import joined

if TYPE_CHECKING:
    from .launch import Kernel

_ALIGNMENT = 16  # bytes: of each of the things that a run is told

Result = TypeVar("Result")


class CannotCapture(RuntimeError):
    """A number would have to be known that is not computed yet."""


def told(numbers: np.ndarray) -> Array:
    """Numbers on the device, which captured runs take anew: whoever runs it finds them in `capture.numbers`."""
    now = machine()
    return now.told(numbers) if isinstance(now, _Writer) else now.put(numbers)


def drawn(draw: Callable[[], np.ndarray], shape: tuple[int, ...], dtype: Any) -> Array:
    """Numbers on the device that a function gives, such as random ones: other ones in every captured run."""
    now = machine()
    return now.drawn(draw, shape, np.dtype(dtype)) if isinstance(now, _Writer) else now.put(draw())


class Capture:
    """Launches in order, and what each run is told."""

    def __init__(self) -> None:
        self._machine = machine()
        self._writer: _Writer = Rehearsal(self._machine)

    @property
    def numbers(self) -> list[np.ndarray]:
        """What kernels are told anew in every run, such as learning rates."""
        return self._writer.numbers

    def record(self, function: Callable[..., Result], inputs: Sequence[Any] = ()) -> Result:
        """Write down what a function computes of arrays of here or there, and do it.

        Raises OutOfMemory or CannotCapture, with nothing done.
        """
        rehearsal = self.rehearse(function, inputs)
        writing = self._writer = _Writing(self._machine, rehearsal.arena.peak, rehearsal.letters)
        self.nbytes = rehearsal.nbytes
        result = writing.write(function, inputs)
        self._graph = self._machine.graph(joined(writing.launches))
        self._inputs, self._tell = writing.inputs, writing.tell
        self.run(inputs)
        return result

    def rehearse(self, function: Callable[..., Any], inputs: Sequence[Any]) -> "Rehearsal":
        """See what `record` would ask for. Nothing is computed, and of the inputs only shapes and dtypes are read."""
        rehearsal = self._writer = Rehearsal(self._machine)
        rehearsal.write(function, inputs)
        return rehearsal

    def run(self, inputs: Sequence[Any] = ()) -> None:
        """Have it all done again, of other numbers, after what was started before."""
        for place, numbers in zip(self._inputs, inputs):
            fill(place, numbers)
        self._tell()
        self._graph()

    def constant(self, array: np.ndarray) -> Array:
        """An array of the host as a kernel takes it."""
        return self._writer.put(array)

    def read(self, arrays: Sequence[Array]) -> list[np.ndarray]:
        """What the last run has computed, on the host."""
        return self._machine.get(arrays)

    def ready(self) -> bool:
        """Whether every decision would be the same again: none of them depends on numbers."""
        return True

    def begin_section(self) -> None:
        """What follows is timed for itself by `times`."""
        self._writer.sections.append(len(self._writer.launches))

    def times(self) -> list[float]:
        """Do it all, and say how many seconds each section took."""
        launches, starts = self._writer.launches, self._writer.sections
        return [self._seconds(launches[start:end]) for start, end in zip(starts, [*starts[1:], len(launches)])]

    def _seconds(self, launches: Sequence[Launch]) -> float:
        graph = self._machine.graph(joined(launches))
        self._machine.synchronize()
        start = time.perf_counter()
        graph()
        self._machine.synchronize()
        return time.perf_counter() - start


class _Writer:
    """A machine that computes nothing, and writes down what it is to do.

    letters   bytes of what runs are told
    """

    def __init__(self, machine: Machine, arena: Arena):
        self.arena = arena
        self.numbers: list[np.ndarray] = []
        self.launches: list[Launch] = []
        self.sections: list[int] = []  # how many launches there were at the beginning of each
        self._machine = machine
        self.letters = 0

    def __getattr__(self, name: str) -> Any:
        """What has nothing to do with the capture."""
        return getattr(self._machine, name)

    def write(self, function: Callable[..., Result], inputs: Sequence[Any]) -> Result:
        """Write down what a function computes of arrays like these. What they get is theirs all the time."""
        self.inputs = [self.arena.empty(array.shape, array.dtype) for array in inputs]
        with capturing(self):
            return function(*self.inputs)

    def empty(self, shape: tuple[int, ...], dtype: np.dtype) -> Array:
        return self.arena.empty(shape, dtype)

    def launch(self, kernel: "Kernel", grid: Grid, block: Grid, arguments: Sequence[Argument], shared: int) -> None:
        self.launches.append(Launch(kernel, grid, block, arguments, shared))

    def get(self, arrays: Sequence[Array]) -> NoReturn:
        raise CannotCapture("it looks at numbers that are not computed yet")

    def told(self, numbers: np.ndarray) -> Array:
        here, there = self._told(numbers.shape, numbers.dtype)
        here[...] = numbers
        self.numbers.append(here)
        return there

    def drawn(self, draw: Callable[[], np.ndarray], shape: tuple[int, ...], dtype: np.dtype) -> Array:
        return self._told(shape, dtype)[1]

    def _told(self, shape: tuple[int, ...], dtype: np.dtype) -> tuple[np.ndarray, Array]:
        """Numbers here, and where they are on the device during a run."""
        place = slice(self.letters, self.letters + prod(shape) * dtype.itemsize)
        self.letters = -(-place.stop // _ALIGNMENT) * _ALIGNMENT
        return self._letter(place, shape, dtype)

    def _letter(self, place: slice, shape: tuple[int, ...], dtype: np.dtype) -> tuple[np.ndarray, Array]:
        raise NotImplementedError


class Rehearsal(_Writer):
    """Hands out arrays without memory, and counts the bytes that they would need."""

    def __init__(self, machine: Machine):
        super().__init__(machine, Arena.of_nothing(machine))
        self._constants: list[Array] = []
        self._places_of_constants = Arena.of_nothing(machine)

    @property
    def nbytes(self) -> int:
        return self.arena.peak + self._places_of_constants.peak + self.letters

    def put(self, array: np.ndarray) -> Array:
        self._constants.append(self._places_of_constants.empty(array.shape, array.dtype))
        return self._constants[-1]

    def _letter(self, place: slice, shape: tuple[int, ...], dtype: np.dtype) -> tuple[np.ndarray, Array]:
        return np.zeros(shape, dtype), Arena.of_nothing(self._machine).empty(shape, dtype)


class _Writing(_Writer):
    """Hands out places in memory of that size."""

    def __init__(self, machine: Machine, size: int, letters: int):
        super().__init__(machine, Arena(machine, size))
        self._draws: list[tuple[np.ndarray, Callable[[], np.ndarray]]] = []
        self._constants: list[Array] = []
        self._letters = np.zeros(letters, np.uint8)
        self._letters_there = machine.empty(self._letters.shape, self._letters.dtype)

    def put(self, array: np.ndarray) -> Array:
        """It has a place of its own, to which no run ever writes."""
        self._constants.append(self._machine.put(array))
        return self._constants[-1]

    def drawn(self, draw: Callable[[], np.ndarray], shape: tuple[int, ...], dtype: np.dtype) -> Array:
        here, there = self._told(shape, dtype)
        self._draws.append((here, draw))
        return there

    def tell(self) -> None:
        """What the next run is to know."""
        for numbers, draw in self._draws:
            numbers[...] = draw()
        if self._letters.size:
            self._letters_there.set(self._letters)

    def _letter(self, place: slice, shape: tuple[int, ...], dtype: np.dtype) -> tuple[np.ndarray, Array]:
        return self._letters[place].view(dtype).reshape(shape), self._letters_there[place].view(dtype).reshape(shape)
