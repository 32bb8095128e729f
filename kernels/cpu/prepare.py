"""Entry points compiled before they are needed, on several processes.

Numba compiles one function at a time in a process, so other processes (processes.py) take a part of the work. How much
each of them does is decided by how much code there is; what another process has not begun with when this one has done
its part is taken back, and so is all that it does not deliver, for whatever reason.
"""

import os
import threading
from collections.abc import Callable, Iterable, Sequence
from contextlib import ExitStack
from types import ModuleType

from .codegen import Helper
from .entry import EntryPoint
from .processes import Process, can_start

_SPEED = 3_000  # bytes of Python's code that are compiled in a second; that of a helper counts once in a process
_START = 1.0  # seconds until another process begins

_LONG = 1.0  # seconds that one does not like to wait without being told why

#: the first of them is told how many of how many functions are compiled, before and after each, where all take long
listeners: list[Callable[[int, int], None]] = []


def prepare(entry_points: Iterable[EntryPoint]) -> None:
    """Load or compile entry points."""
    with _preparing:
        missing = [entry for entry in dict.fromkeys(entry_points) if not entry.load()]
        if missing:
            _compile(missing)


_preparing = threading.Lock()


def _compile(missing: Sequence[EntryPoint]) -> None:
    listener = listeners[0] if listeners and _seconds(missing) > _LONG else None

    def report() -> None:
        if listener is not None:
            listener(sum(entry.ready for entry in missing), len(missing))

    def compile_here(entry: EntryPoint) -> None:
        entry.use(entry.compile())
        report()

    report()
    own, *parts = shares(missing, _cores() if can_start() else 1)
    with ExitStack() as stack:
        others = [stack.enter_context(Process(part, report)) for part in parts]
        for entry in own:
            compile_here(entry)
        while unfinished := [process for process in others if process.pending]:
            slowest = max(unfinished, key=lambda process: len(process.pending))
            if taken := slowest.take_back():
                compile_here(taken)
            else:
                slowest.wait()


def _cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def shares(entry_points: Sequence[EntryPoint], processes: int) -> list[list[EntryPoint]]:
    """What each process compiles, this one first, so that all is done as soon as possible.

    It is not more processes than pay.
    """
    parts: list[list[EntryPoint]] = [[] for _ in range(processes)]
    for entry in sorted(entry_points, key=lambda entry: _seconds([entry]), reverse=True):
        starts = [0.0, *[_START] * (processes - 1)]
        ends = [start + _seconds([*part, entry]) for start, part in zip(starts, parts)]
        parts[ends.index(min(ends))].append(entry)
    return [parts[0], *(part for part in parts[1:] if part)]


def _seconds(entry_points: Sequence[EntryPoint]) -> float:
    """How long it takes to compile functions in one process."""
    codes = {code for entry in entry_points for code in _codes(entry.function)}
    return sum(len(code.co_code) for code in codes) / _SPEED


def _codes(function: Callable) -> set:
    """The code of a function and of all helpers that it calls, and they call."""
    found, unseen = set(), [function]
    while unseen:
        function = unseen.pop()
        if function.__code__ not in found:
            found.add(function.__code__)
            unseen += [helper.py_func for helper in _named(function) if isinstance(helper, Helper)]
    return found


def _named(function: Callable) -> list:
    """What the names in a function's code mean."""
    names = function.__code__.co_names
    meant = [function.__globals__.get(name) for name in names]
    modules = [each for each in meant if isinstance(each, ModuleType)]
    return meant + [getattr(module, name, None) for module in modules for name in names]
