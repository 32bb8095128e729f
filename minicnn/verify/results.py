"""What was found: a table of cells, and the failures with the programs that show them."""

from dataclasses import dataclass, field
from typing import Any, NamedTuple

from .against_tensorflow import SameAsTensorFlow
from .case import Case
from .check import Expectation, Verdict
from .checks import Check
from .gradient import Slope


class Failure(NamedTuple):
    """The smallest case that was found to fail, and how."""

    check: Check
    column: str
    case: Case
    verdict: Verdict

    def program(self) -> str:
        """Python to paste and run that shows the failure."""
        imports, call = _PROGRAMS[self.check.expectation]
        head = f"import numpy as np\nfrom numpy import inf, nan\n{imports}"
        return f"{head}\n\ncase = {self.case.code()}\nprint({call.format(self.check.columns[self.column])})"


@dataclass
class Cell:
    """What became of one check on one backend."""

    cases: int = 0
    worst: float = 0.0
    failure: Failure | None = None


@dataclass
class Results:
    """The table, (kind, name, column) → cell; and how many cases were drawn for it."""

    cells: dict[tuple[str, str, str], Cell] = field(default_factory=dict)
    cases: int = 0

    def cell(self, check: Check, column: str) -> Cell:
        """The cell of a check, empty at first."""
        return self.cells.setdefault((check.kind, check.name, column), Cell())

    def add(self, check: Check, verdicts: dict[str, Verdict]) -> None:
        """One more case that was right in all these columns."""
        self.cases += 1
        for column, verdict in verdicts.items():
            cell = self.cell(check, column)
            cell.cases += 1
            cell.worst = max(cell.worst, verdict.worst)

    def add_failure(self, failure: Failure) -> None:
        """One more case, and the last one of its cell."""
        self.cases += 1
        cell = self.cell(failure.check, failure.column)
        cell.cases += 1
        cell.failure = failure

    @property
    def failures(self) -> list[Failure]:
        return [cell.failure for cell in self.cells.values() if cell.failure]

    @property
    def comparisons(self) -> int:
        """Cases times the backends that they ran on."""
        return sum(cell.cases for cell in self.cells.values())


#: what a failure was found by → what to import, and the call that finds it again
_PROGRAMS: dict[Any, tuple[str, str]] = {
    Expectation: ("from minicnn.verify import Case, check", 'check(case, "{}")'),
    Slope: ("from minicnn.verify import Case, check_gradient", 'check_gradient(case, "{}")'),
    SameAsTensorFlow: (
        "from minicnn.verify import Case\nfrom minicnn.verify.against_tensorflow import SameAsTensorFlow",
        'SameAsTensorFlow(case).verdict("{}")',
    ),
}
