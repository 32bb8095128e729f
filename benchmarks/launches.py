"""Launches: what a fresh process needs, from its start. Every turn starts a new one."""

import shutil
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

from contestants import Contestant, Entry, quiet_rounds
from sections import Row, Section

EMPTY_CACHE = "empty cache"  # the way of an entry that finds nothing compiled


@dataclass(frozen=True)
class Launch(Section):
    """What is asked of the new process.

    amount      seconds or bytes of a contestant that has just been made, for a case
    """

    amount: Callable[[Contestant, str], float]

    def rows(self, cases: Iterable[str], threads: int, rounds: int) -> Iterator[Row]:
        with TemporaryDirectory() as folder:
            for case in cases:
                turns = {
                    entry.name: partial(self._launch, entry, case, threads, Path(folder) / entry.name)
                    for entry in self.entries
                    if not entry.missing
                }
                for entry in self.entries:  # fill the caches of compiled code, and the system's of files
                    if entry.name in turns and entry.way != EMPTY_CACHE:
                        turns[entry.name]()
                yield {"case": case, **quiet_rounds(turns, rounds, most=2)._asdict()}

    def _launch(self, entry: Entry, case: str, threads: int, cache: Path) -> float:
        if entry.way == EMPTY_CACHE:
            shutil.rmtree(cache, ignore_errors=True)
        environment = {**entry.environment, "NUMBA_CACHE_DIR": str(cache)}
        with launched(entry._replace(environment=environment), threads) as contestant:
            return self.amount(contestant, case)


@contextmanager
def launched(entry: Entry, threads: int) -> Iterator[Contestant]:
    contestant = Contestant(entry, threads)
    try:
        yield contestant
    finally:
        contestant.end()


def seconds_to_first_step(contestant: Contestant, case: str) -> float:
    """From the start of the process to the end of the first training step."""
    contestant.ask("start_training", case, 1)
    return time.perf_counter() - contestant.started


def peak_memory(contestant: Contestant, case: str) -> float:
    """The most bytes that were resident in three training steps, with everything the process has loaded (Linux)."""
    contestant.ask("start_training", case, 3)
    lines = Path(f"/proc/{contestant.pid}/status").read_text().splitlines()
    return next(1024 * int(line.split()[1]) for line in lines if line.startswith("VmHWM:"))
