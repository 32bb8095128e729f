"""Tables for the terminal."""

import math
from typing import Any

from rich.columns import Columns
from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from ..report import ClassificationReport

_EIGHTHS = " ▏▎▍▌▋▊▉█"


def bar(fraction: float, width: int = 8) -> str:
    """A horizontal bar of `width` cells for 0 … 1, exact to an eighth of a cell.

    >>> bar(0.5, width=4), bar(0.03125, width=4)
    ('██  ', '▏   ')
    """
    whole, rest = divmod(round(fraction * width * 8), 8)
    return ("█" * whole + (_EIGHTHS[rest] if rest else "")).ljust(width)


def report_tables(report: ClassificationReport) -> RenderableType:
    """Confusion matrix and recall, side by side where there is room."""
    return Columns([confusion_table(report), recall_table(report)], padding=(0, 4))


def confusion_table(report: ClassificationReport) -> Table:
    """Rows are true classes, columns what they were taken for."""
    table = Table(title="Confusion matrix", caption="row: true class, column: answer", **_STYLE)
    table.add_column("", style="bold")
    for name in report.class_names:
        table.add_column(name, justify="right")
    for i, counts in enumerate(report.confusion):
        table.add_row(report.class_names[i], *(_count(int(n), i == j) for j, n in enumerate(counts)))
    return table


def recall_table(report: ClassificationReport) -> Table:
    """The recognised part of each class."""
    table = Table(title="Recall", caption="recognised of each class", **_STYLE)
    table.add_column("class", style="bold")
    table.add_column("", justify="right")
    table.add_column("")
    table.add_column("", justify="right", style="dim")
    for name, recall, right, of in zip(report.class_names, report.recall, report.correct, report.support):
        if math.isnan(recall):
            table.add_row(name, "–", "", "no samples")
        else:
            table.add_row(name, f"{recall:.1%}", Text(bar(recall), "green"), f"{right} of {of}")
    return table


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
