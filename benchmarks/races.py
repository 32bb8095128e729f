"""Races: libraries do the same work again and again, in turns. A race counts only if they agree about the results."""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from typing import Any, NamedTuple

from contestants import Contestant, quiet_rounds
from peers.worker import Failure
from ratios import disagreement
from sections import OURS, Row, Section

FAR_BEHIND = 1.5  # times as slow in a trial as the fastest way of the same library


class Trial(NamedTuple):
    """How often a contestant repeats its work in a turn, and the seconds of one."""

    calls: int
    seconds: float


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
        answers, unable = self._answers(case, contestants)
        name, distance = disagreement({contestant.entry.name: answer for contestant, answer in answers.items()})
        row: Row = {"disagreement": distance, "unable": unable}
        if distance > self.tolerance:
            return row | {"problem": f"{name} computes something else, {distance:.1e} away from the median"}
        trials = {contestant: self._trial(contestant) for contestant in answers}
        row["trial"] = {contestant.entry.name: trial.seconds for contestant, trial in trials.items()}
        racers = [contestant for contestant in trials if may_win(contestant, trials)]
        turns = {racer.entry.name: partial(racer.ask, self.run, trials[racer].calls) for racer in racers}
        return row | quiet_rounds(turns, rounds, [contestant.pid for contestant in contestants])._asdict()

    def _answers(self, case: str, contestants: list[Contestant]) -> tuple[dict[Contestant, Any], dict[str, str]]:
        """What everyone computes; and of peers that cannot, why."""
        answers, unable = {}, {}
        for contestant in contestants:
            try:
                answers[contestant] = contestant.ask(self.start, case)
            except Failure as failure:
                if contestant.entry.library == OURS:
                    raise
                unable[contestant.entry.name] = str(failure)
        return answers, unable

    def _trial(self, contestant: Contestant) -> Trial:
        seconds = contestant.ask(self.run, 1)
        calls = max(1, round(self.turn / seconds))
        return Trial(calls, contestant.ask(self.run, calls) if calls > 1 else seconds)


def may_win(contestant: Contestant, trials: Mapping[Contestant, Trial]) -> bool:
    """Whether it is not far behind another way of its library; minicnn always runs."""
    library = contestant.entry.library
    best = min(trial.seconds for other, trial in trials.items() if other.entry.library == library)
    return library == OURS or trials[contestant].seconds < FAR_BEHIND * best
