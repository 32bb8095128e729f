"""Races: libraries do the same work again and again, in turns. A race counts only if they agree about the results."""

from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial

from contestants import Contestant, quiet_rounds
from peers.worker import Failure
from ratios import disagreement
from sections import OURS, Row, Section

FAR_BEHIND = 1.5  # times as slow as the fastest way of the same library: it will not win


@dataclass(frozen=True)
class Race(Section):
    """What is raced for.

    start       the method of a library that prepares a case and returns arrays that all libraries must agree about
    run         the method that does the work so many times, after as many to warm up, and returns the seconds of one
    tolerance   how far an array may be from the median of all, in units of its largest number
    turn        seconds that are timed in a turn, if the work can be done more than once in them
    """

    start: str
    run: str
    tolerance: float
    turn: float = 0.25

    def rows(self, cases: Iterable[str], threads: int, rounds: int) -> Iterator[Row]:
        with ExitStack() as stack:
            contestants = []
            for entry in self.entries:
                if not entry.missing:
                    contestants.append(Contestant(entry, threads))
                    stack.callback(contestants[-1].end)
            for case in cases:
                yield {"case": case, **self._race(case, contestants, rounds)}

    def _race(self, case: str, contestants: list[Contestant], rounds: int) -> Row:
        answers, unable = {}, {}
        for contestant in contestants:
            try:
                answers[contestant] = contestant.ask(self.start, case)
            except Failure as failure:
                if contestant.entry.library == OURS:
                    raise
                unable[contestant.entry.name] = str(failure)
        name, distance = disagreement({contestant.entry.name: answer for contestant, answer in answers.items()})
        row: Row = {"disagreement": distance, "unable": unable}
        if distance > self.tolerance:
            return row | {"problem": f"{name} computes something else, {distance:.1e} away from the median"}
        turns = self._turns(list(answers))
        return row | quiet_rounds(turns, rounds, [contestant.pid for contestant in contestants])._asdict()

    def _turns(self, contestants: list[Contestant]) -> dict:
        """How often each repeats its work in a turn; without those that a trial shows to be far behind."""
        seconds, turns = {}, {}
        for contestant in contestants:
            seconds[contestant] = contestant.ask(self.run, 1)
            calls = max(1, round(self.turn / seconds[contestant]))
            turns[contestant] = partial(contestant.ask, self.run, calls)
            if calls > 1:
                seconds[contestant] = turns[contestant]()
        best: dict[str, float] = {}
        for contestant, time in seconds.items():
            best[contestant.entry.library] = min(time, best.get(contestant.entry.library, time))
        return {c.entry.name: turns[c] for c in turns if seconds[c] < FAR_BEHIND * best[c.entry.library]}
