"""How busy the machine is with other things: what a measurement on a shared machine has to know."""

import os
import time
from collections.abc import Iterable
from pathlib import Path

PROC = Path("/proc")  # Linux alone has it


class Load:
    """The share of all processors, from 0 to 1, that other processes have had since this was made.

    Ours are this process, its children that have ended, and those whose numbers are given.
    """

    def __init__(self, pids: Iterable[int] = ()) -> None:
        self._pids = list(pids)
        self._start = time.perf_counter()
        self._before = self._others()

    def share(self) -> float:
        """0 where the system does not tell."""
        available = (time.perf_counter() - self._start) * (os.cpu_count() or 1)
        return max(0.0, self._others() - self._before) / available

    def _others(self) -> float:
        """Seconds of processor time, with those that a virtual machine was kept waiting for."""
        if not PROC.exists():
            return 0.0
        user, nice, system, _idle, _waiting, irq, softirq, stolen = _words(PROC / "stat")[1:9]
        ticks = sum(map(int, (user, nice, system, irq, softirq, stolen)))
        for pid in self._pids:
            ticks -= sum(map(int, _words(PROC / str(pid) / "stat")[11:13]))
        return ticks / os.sysconf("SC_CLK_TCK") - sum(os.times()[:4])


def _words(path: Path) -> list[str]:
    """Of the first line, after a program's name in parentheses, which may hold spaces."""
    return path.read_text().partition("\n")[0].rpartition(")")[2].split()
