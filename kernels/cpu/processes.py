"""Other processes of Python that compile for this one.

One is told the names of entry points and sends their machine code, one after the other. It needs nothing of this
process: no cache that both can write to, no main module, no memory.
"""

import os
import pickle
import subprocess
import sys
import threading
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from importlib import import_module
from pathlib import Path
from typing import Self

from .entry import EntryPoint

_PATIENCE = 60.0  # seconds for one function, after which a process is given up

_PROGRAM = f"""
import pickle, sys
sys.path[:] = pickle.load(sys.stdin.buffer)
from {__name__} import serve
serve()
"""


def can_start() -> bool:
    """Whether this program is an interpreter, which can be told what to run."""
    return Path(sys.executable or "").name.lower().startswith("python")


class Process:
    """A process that compiles some entry points; `report` is called after each."""

    def __init__(self, entry_points: Sequence[EntryPoint], report: Callable[[], None]):
        self.pending = deque(entry_points)  # the first one is being compiled
        self._requested = {entry.key: entry for entry in entry_points}
        self._report, self._news = report, threading.Event()
        command = [sys.executable, "-P", "-c", _PROGRAM]
        self._process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
        )
        self._conversation = threading.Thread(target=self._converse, daemon=True)
        self._conversation.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._conversation.join()
        self._process.communicate()

    def take_back(self) -> EntryPoint | None:
        """An entry point that the process has not begun with, or any if the process has ended."""
        if len(self.pending) > 1 or not self._conversation.is_alive():
            with suppress(IndexError):  # by now it may have finished all
                return self.pending.pop()
        return None

    def wait(self) -> None:
        """Wait until it has compiled another one or has ended."""
        if not self._news.wait(_PATIENCE):
            self._process.kill()
        self._news.clear()

    def _converse(self) -> None:
        """Say what is to be compiled, and use what comes back, until all has come or the process has ended."""
        to, back = self._process.stdin, self._process.stdout
        assert to is not None
        assert back is not None
        try:
            pickle.dump(sys.path, to)
            functions = {key: entry.function for key, entry in self._requested.items()}
            pickle.dump([(each.__module__, each.__qualname__, key) for key, each in functions.items()], to)
            to.flush()
            while self.pending:
                key, code = pickle.load(back)
                self._requested[key].use(code)
                with suppress(ValueError):  # it was taken back just now
                    self.pending.remove(self._requested[key])
                self._report()
                self._news.set()
        except Exception:  # whatever went wrong: what is still pending is taken back
            self._process.kill()
        finally:
            self._news.set()


def serve() -> None:
    """What such a process does."""
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # whatever is printed is no answer
    for module, name, key in pickle.load(sys.stdin.buffer):
        found = getattr(import_module(module), name)
        entry = getattr(found, "entry_point", found)
        if entry.key == key:
            pickle.dump((key, entry.compile()), answers)
            answers.flush()
