"""The threads that share the parts of a job: a kernel to be called as kernel(part, parts, arguments) for every part.

Each thread takes the next part that nobody has taken until none is left. So nobody waits for a thread that has not
begun: whoever starts a job while the helpers sleep, or run for someone else, does all of its parts. Helpers look out
for the next job for a few milliseconds before they go to sleep: longer than Python needs from one kernel to the next.
They are machine code that never takes Python's lock, or they would wait for it while there is work to do.
"""

import atexit
import ctypes
import operator
import os
import threading
from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np
from llvmlite import ir
from numba.core import types
from numba.np.arrayobj import make_array, populate_array

from .atomic import add_to, pause, read, replace, write
from .compile import Address, compiled, intrinsic
from .entry import entry_point

VARIABLE = "MINICNN_NUM_THREADS"

# A job is some words of memory. Its ticket tells the number of the job, how many parts it has, and which is the next:
# 32, 16 and 16 bits of one word. Whoever replaces it by its successor owns the part, and knows that kernel and
# arguments were those of that job.
_TICKET, _FINISHED, _KERNEL, _ARGUMENTS, _BUSY, _END, _HELPERS = 0, 8, 16, 17, 18, 19, 20
_LOCKS = 24  # two words for each helper: the lock that it sleeps on, and whether it does
_MOST_PARTS = (1 << 16) - 1
_PATIENCE = 1 << 16  # looks at the ticket before a helper goes to sleep


class Pool:
    """Some threads: those that start jobs, and helpers, which are started when they are first needed."""

    def __init__(self, threads: int):
        self.threads = threads
        self.complete = threads == 1
        self.job = np.zeros(_LOCKS + 2 * threads, np.int64)
        self._helpers: list[threading.Thread] = []
        self._starting = threading.Lock()

    def start(self) -> None:
        """Start the helpers that do not run yet."""
        with self._starting:
            for number in range(len(self._helpers), self.threads - 1):
                self.job[_LOCKS + 2 * number] = _held_lock()
                helper = threading.Thread(target=_functions().help, args=(self.job.ctypes.data, number), daemon=True)
                helper.start()
                self._helpers.append(helper)
                self.job[_HELPERS] = len(self._helpers)
            self.complete = True

    def close(self) -> None:
        """End the helpers."""
        with self._starting:
            self.job[_END] = 1
            if self._helpers:
                _functions().wake(self.job.ctypes.data)
            for helper in self._helpers:
                helper.join()


def _held_lock() -> int:
    """A lock of Python's own, which machine code can take and release on every system."""
    allocate, acquire = ctypes.pythonapi.PyThread_allocate_lock, ctypes.pythonapi.PyThread_acquire_lock
    allocate.restype, acquire.argtypes = ctypes.c_void_p, [ctypes.c_void_p, ctypes.c_int]
    lock = allocate()
    acquire(lock, 1)
    return lock


def _threads_wanted() -> int:
    """MINICNN_NUM_THREADS, or as many as the process may use cores."""
    wanted = os.environ.get(VARIABLE)
    if wanted is None:
        return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    if not wanted.isdecimal() or not 1 <= int(wanted) <= _MOST_PARTS:
        raise ValueError(f"{VARIABLE} must be a whole number from 1 to {_MOST_PARTS}, got {wanted!r}")
    return int(wanted)


_pool = Pool(_threads_wanted())


def get_job(workers: int) -> np.ndarray:
    """What the threads of the package look at for work, of which so many are to be there."""
    if workers > 1 and not _pool.complete:
        _pool.start()
    return _pool.job


def get_num_threads() -> int:
    """How many threads share a kernel."""
    return _pool.threads


def set_num_threads(threads: int) -> None:
    """Share kernels among so many threads from now on. The results do not depend on it.

    Raises ValueError if it is not a whole number from 1 to 65535.

    >>> before = get_num_threads()
    >>> set_num_threads(1)
    >>> get_num_threads()
    1
    >>> set_num_threads(before)
    """
    global _pool
    if not 1 <= operator.index(threads) <= _MOST_PARTS:
        raise ValueError(f"the number of threads must be from 1 to {_MOST_PARTS}, not {threads}")
    _pool.close()
    _pool = Pool(threads)


def _begin_anew() -> None:
    """A forked child has the parent's memory, but not its threads."""
    global _pool
    _pool = Pool(_pool.threads)


os.register_at_fork(after_in_child=_begin_anew)
atexit.register(lambda: _pool.close())


class _Functions:
    """The machine code that Python calls, letting go of its lock."""

    def __init__(self) -> None:
        self.help: Callable[[int, int], None] = ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.c_ssize_t)(
            helping.address
        )
        self.wake: Callable[[int], None] = ctypes.CFUNCTYPE(None, ctypes.c_void_p)(_wake.address)


_functions: Callable[[], Any] = cache(_Functions)

_take: Any = types.ExternalFunction("PyThread_acquire_lock", types.intc(types.intp, types.intc))
_release: Any = types.ExternalFunction("PyThread_release_lock", types.void(types.intp))


@entry_point(types.void(Address(), types.intp))
def helping(job, number):
    words = words_at(job)
    looks = _PATIENCE
    while read(words, _END) == 0:
        looks = 0 if _take_parts(words) else looks + 1
        if looks < _PATIENCE:
            pause()
        else:
            _sleep(words, _LOCKS + 2 * number)
            looks = 0


@compiled
def _sleep(words, place):
    """Sleep until someone wakes this helper, unless there is something to do by now."""
    write(words, place + 1, 1)
    if _something_to_do(words) and replace(words, place + 1, 1, 0):
        return
    _take(read(words, place), 1)


@entry_point(types.void(Address()))
def _wake(job):
    wake(words_at(job))


@compiled
def wake(words):
    """Wake the helpers that sleep."""
    for number in range(read(words, _HELPERS)):
        place = _LOCKS + 2 * number
        if read(words, place + 1) == 1 and replace(words, place + 1, 1, 0):
            _release(read(words, place))


@compiled
def run(words, kernel, arguments, parts):
    """Call kernel(part, parts, arguments) for every part; return when all are finished.

    Safe to be called from several threads: one at a time is helped, the others do their jobs by themselves.
    """
    if parts == 1 or not replace(words, _BUSY, 0, 1):
        for part in range(parts):
            call(kernel, part, parts, arguments)
        return
    number = (read(words, _TICKET) >> 32) + 1
    write(words, _KERNEL, kernel)
    write(words, _ARGUMENTS, arguments)
    write(words, _FINISHED, 0)
    write(words, _TICKET, number << 32 | parts << 16)
    wake(words)
    _take_parts(words)
    while read(words, _FINISHED) < parts:
        pause()
    write(words, _BUSY, 0)


@compiled
def _something_to_do(words):
    ticket = read(words, _TICKET)
    return ticket & 0xFFFF < ticket >> 16 & 0xFFFF or read(words, _END) == 1


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
            call(kernel, part, parts, arguments)
            add_to(words, _FINISHED, 1)


@intrinsic
def call(typing_context, kernel, part, parts, arguments):
    """kernel(part, parts, arguments) for the C function at an address."""

    def build(context, builder, signature, values):
        word = ir.IntType(64)
        function = ir.FunctionType(ir.VoidType(), [word] * 3).as_pointer()
        builder.call(builder.inttoptr(values[0], function), values[1:])
        return context.get_dummy_value()

    return types.void(types.intp, types.intp, types.intp, types.intp), build


@intrinsic
def words_at(typing_context, address):
    """The words from an address on, as many as there may be."""
    words = types.Array(types.int64, 1, "C")

    def build(context, builder, signature, values):
        word, (address,) = ir.IntType(64), values
        if isinstance(address.type, ir.IntType):
            address = builder.inttoptr(address, word.as_pointer())
        array = make_array(words)(context, builder)
        data = builder.bitcast(address, word.as_pointer())
        populate_array(array, data=data, shape=[word(0)], strides=[word(8)], itemsize=word(8), meminfo=None)
        return array._getvalue()

    return words(address), build
