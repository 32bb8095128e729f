"""A section of the results: what is measured, in which cases and by whom, and the table that shows it."""

from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from contestants import Entry
from ratios import Ratio, fastest, quartiles, ratio

OURS = "minicnn"
DISTURBED = 0.1  # of the machine went to others: threads that wait for each other in a loop suffer from it most

Row = dict[str, Any]  # what is known of a case, as it stands in the JSON file


def counts(row: Row) -> bool:
    """Whether all have computed the same, and in peace."""
    return "amounts" in row and row["disturbance"] <= DISTURBED


class Unit(NamedTuple):
    """How amounts are shown: times `scale`, with this symbol."""

    symbol: str
    scale: float


@dataclass(frozen=True)
class Section(ABC):
    """What is measured.

    cases       by name, with a title
    """

    title: str
    text: str
    cases: Mapping[str, str]
    entries: tuple[Entry, ...]
    unit: Unit

    @abstractmethod
    def rows(self, cases: Iterable[str], threads: int, rounds: int) -> Iterator[Row]:
        """Measure case by case: "case", and "problem" or "amounts" (by entry, one a round) with what else is known."""

    def markdown(self, rows: Iterable[Row]) -> str:
        return f"## {self.title}\n\n{self.text}\n\n{self.table(rows)}"

    def draw(self, rows: Iterable[Row], folder: Path) -> None:  # noqa: B027
        """Write the pictures of the section into the folder; most have none."""

    def table(self, rows: Iterable[Row]) -> str:
        """A line for each case and each way of minicnn, beside every other library's fastest way."""
        peers = list(dict.fromkeys(entry.library for entry in self.entries if entry.library != OURS))
        heading = [self.unit.symbol, OURS, *peers, "ratio of medians", "median of ratios", "others' load"]
        lines = [heading, ["---", *["---:"] * (len(heading) - 1)]]
        for row in rows:
            title = self.cases[row["case"]]
            if "problem" in row:
                lines.append([title, f"**{row['problem']}**", *[""] * (len(heading) - 2)])
            else:
                lines += self._lines(title, row, peers)
        return "".join(f"| {' | '.join(line)} |\n" for line in lines)

    def _lines(self, title: str, row: Row, peers: list[str]) -> Iterator[list[str]]:
        amounts, load = row["amounts"], f"{100 * row['disturbance']:.0f} %"
        cells = [self._fastest_way(library, amounts) for library in peers]
        for entry in self.entries:
            if entry.library == OURS and entry.name in amounts:
                name = f"{title}, {entry.way}".removesuffix(", ")
                yield [name, self._amount(amounts[entry.name]), *cells, *self._ratios(entry, row), load]

    def _ratios(self, ours: Entry, row: Row) -> list[str]:
        found = ratio_of(row, ours.name) if counts(row) else None
        return [f"{number:.2f}" for number in found] if found else ["", ""]

    def _fastest_way(self, library: str, amounts: dict[str, list[float]]) -> str:
        ways = {entry.name: entry for entry in self.entries if entry.library == library}
        found = {name: amounts[name] for name in ways if name in amounts}
        if found:
            best = ways[fastest(found)]
            return f"{self._amount(found[best.name])} {best.way}".strip()
        missing = [entry for entry in ways.values() if entry.missing]
        return f"not installed: `pip install {' '.join(missing[0].requires)}`" if missing else "cannot"

    def _amount(self, amounts: list[float]) -> str:
        """Median and quartiles."""
        low, median, high = (digits(q * self.unit.scale) for q in quartiles(amounts))
        return f"{median} ({low} … {high})"


def ratio_of(row: Row, way: str = OURS) -> Ratio | None:
    """One way of minicnn in units of the fastest peer, if there is one."""
    theirs = {name: amounts for name, amounts in row["amounts"].items() if not name.startswith(OURS)}
    return ratio(row["amounts"][way], theirs[fastest(theirs)]) if theirs else None


def digits(number: float) -> str:
    """Three digits, or all before the point.

    >>> digits(1.2345), digits(1234.5)
    ('1.23', '1234')
    """
    return f"{number:.0f}" if number >= 100 else f"{number:#.3g}"
