"""Libraries that race: each in a process of its own, one at a time, in rounds whose order changes."""

import importlib.util
import os
import pickle
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from load import Load
from peers.worker import Failure

HERE = Path(__file__).parent
QUIET = 0.04  # of the machine: what a system at rest takes


class Entry(NamedTuple):
    """A library in one of its ways: "library" or "library, way", its program in peers/, and what that is started with.

    requires        packages to install
    environment     variables that make the library faster
    """

    name: str
    program: str
    requires: tuple[str, ...] = ()
    variant: tuple[str, ...] = ()
    environment: Mapping[str, str] = {}

    @property
    def library(self) -> str:
        return self.name.partition(", ")[0]

    @property
    def way(self) -> str:
        return self.name.partition(", ")[2]

    @property
    def missing(self) -> bool:
        return any(importlib.util.find_spec(package.removesuffix("-cpu")) is None for package in self.requires)


class Contestant:
    """A worker process, which runs only while it is asked something: idle threads that spin would slow the others."""

    def __init__(self, entry: Entry, threads: int) -> None:
        self.entry = entry
        self.started = time.perf_counter()
        self._process = subprocess.Popen(
            [sys.executable, "-m", f"peers.{entry.program}", str(threads), *entry.variant],
            cwd=HERE,
            env={**os.environ, **entry.environment},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )

    @property
    def pid(self) -> int:
        return self._process.pid

    def ask(self, method: str, *arguments: Any) -> Any:
        """What the method of the library returns. Raises Failure with the worker's traceback."""
        assert self._process.stdin
        assert self._process.stdout
        self._process.send_signal(signal.SIGCONT)
        pickle.dump((method, arguments), self._process.stdin)
        self._process.stdin.flush()
        try:
            answer = pickle.load(self._process.stdout)
        except EOFError:
            raise Failure(f"{self.entry.name} ended with status {self._process.wait()}") from None
        self._process.send_signal(signal.SIGSTOP)
        if isinstance(answer, Failure):
            raise answer
        return answer

    def end(self) -> None:
        self._process.kill()
        self._process.wait()


class Rounds(NamedTuple):
    """What everyone took in each round, and the largest share of the machine that others had in one."""

    amounts: dict[str, list[float]]
    disturbance: float


def quiet_rounds(
    turns: Mapping[str, Callable[[], float]], rounds: int, pids: Iterable[int] = (), most: int = 3
) -> Rounds:
    """So many rounds, each in an order of its own; where others disturb, the quietest of up to `most` times as many.

    turns       what each contestant does in a round; returns seconds, or whatever else is measured
    pids        processes that belong to the contestants
    """
    names, pids, shuffle = list(turns), list(pids), random.Random(0).shuffle
    found: list[tuple[float, dict[str, float]]] = []
    while len(found) < most * rounds and sum(share < QUIET for share, _ in found) < rounds:
        shuffle(names)
        load = Load(pids)
        amounts = {name: turns[name]() for name in names}
        found.append((load.share(), amounts))
    kept = sorted(found, key=lambda round: round[0])[:rounds]
    return Rounds({name: [amounts[name] for _, amounts in kept] for name in turns}, kept[-1][0])
