"""All checks in turn, a few cases each time round, until the time or the cases are used up."""

import contextlib
import itertools
import tempfile
import time
from collections.abc import Callable, Iterator
from typing import NamedTuple

import hypothesis
from hypothesis.configuration import set_hypothesis_home_dir
from hypothesis.errors import Flaky

from .case import Case
from .check import Expectation
from .checks import Check
from .results import Failure, Results
from .simplify import simplified

#: cases of one check before it is the next one's turn
BATCH = 10


class Budget(NamedTuple):
    """When to stop: at a time of `time.monotonic()`, after so many cases, or never."""

    deadline: float = float("inf")
    cases: float = float("inf")

    def spent(self, results: Results) -> bool:
        return time.monotonic() >= self.deadline or results.cases >= self.cases


class _Mismatch(AssertionError):
    """Tells hypothesis that a case fails."""


def verify(
    checks: list[Check],
    results: Results,
    budget: Budget,
    seed: int = 0,
    progress: Callable[[Check], None] | None = None,
) -> None:
    """Fill `results` until the budget is spent, or every check has failed everywhere.

    seed        the same one draws the same cases, with the same versions of minicnn and hypothesis
    progress    called with the check whose turn it is
    """
    standing = dict(enumerate(checks))
    with _notes_elsewhere():
        for turn in itertools.count():
            for i, check in list(standing.items()):
                if budget.spent(results):
                    return
                if progress:
                    progress(check)
                if columns := [column for column in check.columns if not results.cell(check, column).failure]:
                    _batch(check, columns, results, budget, f"{seed} {turn} {i}")
                else:
                    del standing[i]
            if not standing:
                return


@contextlib.contextmanager
def _notes_elsewhere() -> Iterator[None]:
    """Hypothesis leaves notes for its next run in the current folder; this one starts afresh each time."""
    with tempfile.TemporaryDirectory() as home:
        set_hypothesis_home_dir(home)
        try:
            yield
        finally:
            set_hypothesis_home_dir(None)


def _batch(check: Check, columns: list[str], results: Results, budget: Budget, seed: str) -> None:
    """Check a few cases in these columns. At the first failure hypothesis shrinks the case, and the batch ends."""
    failing: list[Failure] = []

    @hypothesis.seed(seed)
    @hypothesis.settings(
        max_examples=BATCH,
        database=None,
        deadline=None,
        suppress_health_check=list(hypothesis.HealthCheck),
        phases=[hypothesis.Phase.generate, hypothesis.Phase.shrink],
        report_multiple_bugs=False,
    )
    @hypothesis.given(check.cases)
    def examine(case: Case) -> None:
        if budget.spent(results) and not failing:
            return
        expectation = check.expectation(case)
        verdicts = {column: expectation.verdict(check.columns[column]) for column in columns}
        for column, verdict in verdicts.items():
            if verdict.problem and (not failing or failing[-1].column == column):
                failing.append(Failure(check, column, case, verdict))
                raise _Mismatch
        if not failing:  # what is tried while shrinking does not count
            results.add(check, verdicts)

    try:
        examine()
    except (_Mismatch, Flaky):
        results.add_failure(failing[-1] if check.kind == "gradient" else _with_plain_numbers(failing[-1]))


def _with_plain_numbers(failure: Failure) -> Failure:
    """Of a kernel only: zeros would put a gradient on a kink."""
    name = failure.check.columns[failure.column]
    case = simplified(failure.case, lambda case: bool(Expectation(case).verdict(name).problem))
    verdict = Expectation(case).verdict(name)
    return failure._replace(case=case, verdict=verdict) if verdict.problem else failure
