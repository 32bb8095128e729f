"""The threads that share the parts of a job: a kernel to be called as kernel(part, parts, arguments) for every part.

Each thread takes the next part that nobody has taken until none is left. So nobody waits for a thread that has not
begun: whoever starts a job while the helpers sleep, or run for someone else, does all of its parts. Helpers look out
for the next job for a few milliseconds, in compiled code without Python's lock, before they go to sleep: longer than
Python needs from one kernel to the next.
"""

import atexit
import ctypes
import os
import threading
from functools import cache
from typing import Any

import numpy as np
from llvmlite import ir
from numba import carray, cfunc
from numba.core import types

from .atomic import add_to, pause, read, replace, write
from .compile import OPTIONS, compiled, intrinsic

VARIABLE = "MINICNN_NUM_THREADS"

# A ticket tells the number of the job, how many parts it has, and which is the next: 32, 16 and 16 bits of one word.
# Whoever replaces it by its successor owns the part, and knows that kernel and arguments were those of that job.
_TICKET, _FINISHED, _KERNEL, _ARGUMENTS, _END = 0, 8, 16, 17, 18  # the first two in cache lines of their own
_WORDS = 24
_PATIENCE = 1 << 16  # looks at the ticket before a helper goes to sleep


class Pool:
    """Some threads: the one that calls `run`, and helpers, which are started when they are first needed."""

    def __init__(self, threads: int):
        self.threads = threads
        self._job = np.zeros(_WORDS, np.int64)
        self._address = self._job.ctypes.data
        self._running = threading.Lock()
        self._helpers: list[threading.Thread] = []
        self._asleep: list[threading.Lock] = []

    def run(self, kernel: int, arguments: bytes, parts: int) -> None:
        """Call the kernel at this address for every part; return when all are finished.

        Safe to be called from several threads: one at a time is helped, the others do their jobs by themselves.
        """
        functions = _functions()
        if parts == 1 or self.threads == 1 or not self._running.acquire(blocking=False):
            return functions.alone(kernel, arguments, parts)
        try:
            self._wake()
            return functions.together(self._address, kernel, arguments, parts)
        finally:
            self._running.release()

    def close(self) -> None:
        """End the helpers."""
        self._job[_END] = 1
        self._wake(start=False)
        for helper in self._helpers:
            helper.join()

    def _wake(self, start: bool = True) -> None:
        while start and len(self._helpers) < self.threads - 1:
            self._helpers.append(threading.Thread(target=self._help, name="minicnn", daemon=True))
            self._helpers[-1].start()
        while self._asleep:
            self._asleep.pop().release()

    def _help(self) -> None:
        sleep = threading.Lock()
        sleep.acquire()
        while True:
            _functions().help(self._address)
            self._asleep.append(sleep)  # and only then a last look: whoever ends the pool sets the mark before it wakes
            if self._job[_END]:
                return
            sleep.acquire()


def _threads_wanted() -> int:
    """MINICNN_NUM_THREADS, or as many as the process may use cores."""
    wanted = os.environ.get(VARIABLE)
    if wanted is None:
        return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    if not wanted.isdecimal() or not 1 <= int(wanted) < 1 << 16:
        raise ValueError(f"{VARIABLE} must be a whole number from 1 to 65535, got {wanted!r}")
    return int(wanted)


_pool = Pool(_threads_wanted())


def run(kernel: int, arguments: bytes, parts: int) -> None:
    """Call kernel(part, parts, arguments) for every part on the threads of the package."""
    _pool.run(kernel, arguments, parts)


def get_num_threads() -> int:
    """How many threads share a kernel."""
    return _pool.threads


def set_num_threads(threads: int) -> None:
    """Share kernels among so many threads from now on. The results do not depend on it.

    >>> before = get_num_threads()
    >>> set_num_threads(1)
    >>> get_num_threads()
    1
    >>> set_num_threads(before)
    """
    global _pool
    _pool.close()
    _pool = Pool(threads)


def _begin_anew() -> None:
    """A forked child has the parent's memory, but not its threads."""
    global _pool
    _pool = Pool(_pool.threads)


os.register_at_fork(after_in_child=_begin_anew)
atexit.register(lambda: _pool.close())


class _Functions:
    """The compiled functions, as Python calls them. They let go of Python's lock."""

    def __init__(self):
        self._kept_alive = [cfunc(signature, **OPTIONS)(function) for signature, function in _SIGNATURES.items()]
        pointer, number = ctypes.c_void_p, ctypes.c_ssize_t
        alone, together, help_ = [compiled.address for compiled in self._kept_alive]
        self.alone: Any = ctypes.CFUNCTYPE(None, number, pointer, number)(alone)
        self.together: Any = ctypes.CFUNCTYPE(None, pointer, number, pointer, number)(together)
        self.help: Any = ctypes.CFUNCTYPE(None, pointer)(help_)


_functions = cache(_Functions)


def _alone(kernel, arguments, parts):
    for part in range(parts):
        _call(kernel, part, parts, arguments)


def _together(job, kernel, arguments, parts):
    words = carray(job, _WORDS)
    number = (read(words, _TICKET) >> 32) + 1
    write(words, _KERNEL, kernel)
    write(words, _ARGUMENTS, arguments)
    write(words, _FINISHED, 0)
    write(words, _TICKET, number << 32 | parts << 16)
    _take_parts(words)
    while read(words, _FINISHED) < parts:
        pause()


def _help(job):
    words = carray(job, _WORDS)
    looks = 0
    while looks < _PATIENCE and read(words, _END) == 0:
        looks = 0 if _take_parts(words) else looks + 1
        pause()


_SIGNATURES = {
    "void(intp, intp, intp)": _alone,
    "void(CPointer(int64), intp, intp, intp)": _together,
    "void(CPointer(int64))": _help,
}


@compiled
def _take_parts(words):
    """Run parts of the present job until none is left; tell whether there was any."""
    any_part = False
    while True:
        ticket = read(words, _TICKET)
        kernel, arguments = read(words, _KERNEL), read(words, _ARGUMENTS)
        part, parts = ticket & 0xFFFF, ticket >> 16 & 0xFFFF
        if part >= parts:
            return any_part
        if replace(words, _TICKET, ticket, ticket + 1):
            any_part = True
            _call(kernel, part, parts, arguments)
            add_to(words, _FINISHED, 1)


@intrinsic
def _call(typing_context, kernel, part, parts, arguments):
    """kernel(part, parts, arguments) for the C function at an address."""

    def build(context, builder, signature, values):
        word = ir.IntType(64)
        function = ir.FunctionType(ir.VoidType(), [word] * 3).as_pointer()
        builder.call(builder.inttoptr(values[0], function), values[1:])
        return context.get_dummy_value()

    return types.void(types.intp, types.intp, types.intp, types.intp), build
