"""The results as a table for the terminal, as Markdown, and as plain data."""

from typing import Any

from rich.table import Table
from rich.text import Text

from .results import Cell, Failure, Results

HEADINGS = {"kernel": "Kernels", "gradient": "Gradients"}


def table(results: Results) -> Table:
    """Rows are kernels and gradients, columns backends: the worst error in units of its bound, and the cases."""
    columns = columns_of(results)
    shown = Table(box=None, padding=(0, 1, 0, 0), pad_edge=False)
    shown.add_column("", no_wrap=True)
    for column in columns:
        shown.add_column(column.replace(" ", "\n"), justify="right", no_wrap=True)
    for kind in kinds_of(results):
        shown.add_row(Text(HEADINGS[kind], "bold"))
        for name in names_of(results, kind):
            shown.add_row(name, *(_text(results.cells.get((kind, name, column))) for column in columns))
    return shown


def markdown(results: Results) -> str:
    """The same as Markdown tables."""
    columns = columns_of(results)
    return "\n\n".join(_markdown(results, kind, columns) for kind in kinds_of(results))


def data(results: Results) -> dict[str, Any]:
    """The same for JSON."""
    return {
        "cases": results.cases,
        "comparisons": results.comparisons,
        "failures": [_failure_data(failure) for failure in results.failures],
        "table": [
            {
                "name": name,
                "kind": kind,
                "backend": column,
                "cases": cell.cases,
                "worst": None if cell.failure else cell.worst,
            }
            for (kind, name, column), cell in results.cells.items()
        ],
    }


def story(failure: Failure) -> str:
    """What failed, in words, and a program that shows it."""
    kind = "the gradient of " if failure.check.kind == "gradient" else ""
    return f"# {kind}{failure.check.name}, {failure.column}\n# {failure.verdict.problem}\n{failure.program()}"


def columns_of(results: Results) -> list[str]:
    """Backends with their dtypes, each backend where it was first met."""
    met = list(dict.fromkeys(column for _, _, column in results.cells))
    backends = [column.partition(" ")[0] for column in met]
    return sorted(met, key=lambda column: (backends.index(column.partition(" ")[0]), column))


def kinds_of(results: Results) -> list[str]:
    """Kernels before gradients, if there are any."""
    return [kind for kind in HEADINGS if names_of(results, kind)]


def names_of(results: Results, kind: str) -> list[str]:
    """Of all kernels, or of all operations with a gradient."""
    return list(dict.fromkeys(name for one, name, _ in results.cells if one == kind))


def _markdown(results: Results, kind: str, columns: list[str]) -> str:
    lines = [[HEADINGS[kind], *columns], ["---", *["---:"] * len(columns)]]
    for name in names_of(results, kind):
        lines.append([f"`{name}`", *(_written(results.cells.get((kind, name, column))) for column in columns)])
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _failure_data(failure: Failure) -> dict[str, str]:
    return {
        "name": failure.check.name,
        "kind": failure.check.kind,
        "backend": failure.column,
        "problem": failure.verdict.problem,
        "program": failure.program(),
    }


def _text(cell: Cell | None) -> Text:
    if cell is None or not cell.cases:
        return Text("–", "dim")
    worst, _, cases = _written(cell).partition(" ")
    return Text.assemble((worst, "bold red" if cell.failure else "green"), " ", (cases, "dim"))


def _written(cell: Cell | None) -> str:
    """The worst error in units of its bound, and the number of cases. 0 is exact; what is not is 0.01 at least."""
    if cell is None or not cell.cases:
        return "–"
    if cell.failure:
        return f"FAILED {cell.cases}"
    return f"{f'{max(cell.worst, 0.01):.2f}' if cell.worst else '0'} {cell.cases}"
