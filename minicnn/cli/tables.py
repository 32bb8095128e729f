"""Tables for the terminal."""

import math
from typing import TYPE_CHECKING, Any

from rich.columns import Columns
from rich.console import Console, RenderableType
from rich.markup import escape
from rich.table import Table
from rich.text import Text

from ..report import ClassificationReport

if TYPE_CHECKING:
    from ..run.evaluation import Evaluation

_EIGHTHS = " ▏▎▍▌▋▊▉█"


def bar(fraction: float, width: int = 8) -> str:
    """A horizontal bar of `width` cells for 0 … 1, exact to an eighth of a cell.

    >>> bar(0.5, width=4), bar(0.03125, width=4)
    ('██  ', '▏   ')
    """
    whole, rest = divmod(round(fraction * width * 8), 8)
    return ("█" * whole + (_EIGHTHS[rest] if rest else "")).ljust(width)


def show_evaluation(console: Console, evaluation: "Evaluation", held_back: str) -> None:
    """Accuracy and loss, confusion matrix, numbers of each class, the most frequent mistake."""
    report = evaluation.report
    right, of = report.correct.sum(), report.support.sum()
    console.print(
        f"{held_back.capitalize()} accuracy [bold green]{report.accuracy:.1%}[/] ({right:,} of {of:,}), "
        f"loss {evaluation.loss:.4f}\n"
    )
    console.print(report_tables(report))
    if worst := report.most_confused():
        true, answer, count = worst
        console.print(f"\nMost frequent mistake: {escape(true)} taken for {escape(answer)} ({count} of them)")


def report_tables(report: ClassificationReport) -> RenderableType:
    """Confusion matrix, if it is not too large for a terminal, and the classes, side by side where there is room."""
    tables = [class_table(report)]
    if len(report.class_names) <= _MOST_CLASSES:
        tables.insert(0, confusion_table(report))
    return Columns(tables, padding=(1, 4))


def confusion_table(report: ClassificationReport) -> Table:
    """Rows are true classes, columns what they were taken for."""
    table = Table(title="Confusion matrix", caption="row: true class, column: answer", **_STYLE)
    table.add_column("", style="bold")
    for name in report.class_names:
        table.add_column(Text(_short(name)), justify="right", no_wrap=True)
    for i, counts in enumerate(report.confusion):
        row = (_count(int(n), i == j) for j, n in enumerate(counts))
        table.add_row(Text(_short(report.class_names[i], 20)), *row)
    return table


def class_table(report: ClassificationReport) -> Table:
    """How well each class was told from the others."""
    table = Table(title="Class by class", **_STYLE)
    table.add_column("class", style="bold", overflow="fold")
    for name in ("images", "precision", "recall", "", "specificity"):
        table.add_column(name, justify="left" if not name else "right", header_style="")
    for k, name in enumerate(report.class_names):
        recall = report.recall[k]
        table.add_row(
            Text(name),
            Text(f"{report.support[k]:,}", "dim"),
            _percent(report.precision[k]),
            _percent(recall),
            Text("" if math.isnan(recall) else bar(recall), "green"),
            _percent(report.specificity[k]),
        )
    return table


#: more would not fit
_MOST_CLASSES = 12


_STYLE: dict[str, Any] = {
    "box": None,
    "pad_edge": False,
    "padding": (0, 1, 0, 0),
    "title_justify": "left",
    "title_style": "bold",
    "caption_justify": "left",
}


def _count(count: int, right: bool) -> Text:
    return Text(str(count) if count else "·", "green" if right else "bold red" if count else "dim")


def _percent(part: float) -> str:
    return "–" if math.isnan(part) else f"{part:.1%}"


def _short(name: str, length: int = 8) -> str:
    return name if len(name) <= length else f"{name[: length - 1]}…"
