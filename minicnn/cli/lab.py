"""`minicnn lab`: exercises. `minicnn lab bugs`: find the wrong line."""

import inspect
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from .errors import CommandError, told_to_user
from .options import Json
from .output import results

if TYPE_CHECKING:
    from ..lab import Bug

lab = typer.Typer(name="lab", help="Exercises with the machine open.", rich_markup_mode="markdown")


@lab.callback()
def exercises() -> None:
    """Exercises with the machine open."""


@lab.command()
def bugs(
    which: Annotated[str | None, typer.Argument(metavar="NUMBER", help="Which exercise.", show_default=False)] = None,
    hint: Annotated[bool, typer.Option("--hint", help="Say where to look.")] = False,
    solution: Annotated[
        bool, typer.Option("--solution", help="Show the wrong line and a check that catches it.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Find the bug: a script in which one line of minicnn is wrong.

    Without a number, lists the exercises. With one, writes bug_NUMBER.py into this folder: it trains a small
    network with and without the bug, and the task is to find the line with `minicnn.gradcheck`. Nothing on disk is
    changed; the bug is there while the script runs.

    **Examples**

    ```
    minicnn lab bugs                 # what there is
    minicnn lab bugs 1               # writes bug_1.py
    minicnn lab bugs 1 --hint
    minicnn lab bugs 1 --solution
    ```
    """
    if which is None and (hint or solution):
        raise CommandError("--hint and --solution need the number of a bug.")
    with results(as_json) as found:
        if which is None:
            _list(found)
            return
        bug, number = _find(which)
        found |= {"number": number, "subject": bug.subject, "level": bug.level}
        if not (hint or solution):
            _write(bug, number, found)
        if hint:
            found["hint"] = bug.hint
            print(bug.hint)
        if solution:
            _solve(bug, found)


def _find(which: str) -> "tuple[Bug, int]":
    from ..lab import find, number_of

    with told_to_user(ValueError):
        bug = find(which)
    return bug, number_of(bug)


def _list(found: dict[str, Any]) -> None:
    from rich.console import Console
    from rich.table import Table

    from ..lab import BUGS, LEVELS, SUBJECTS, number_of

    found["levels"] = {str(level): meaning for level, meaning in LEVELS.items()}
    found["bugs"] = [{"number": number_of(bug), "subject": bug.subject, "level": bug.level} for bug in BUGS]
    table = Table(box=None, padding=(0, 2), pad_edge=False)
    for heading in ("subject", *("★" * level for level in LEVELS)):
        table.add_column(heading)
    for subject in SUBJECTS:
        table.add_row(
            subject,
            *(
                " ".join(str(b["number"]) for b in found["bugs"] if (b["subject"], b["level"]) == (subject, level))
                for level in LEVELS
            ),
        )
    console = Console(highlight=False)
    console.print(table)
    console.print()
    for level, meaning in LEVELS.items():
        console.print(f"{'★' * level:4}{meaning}")
    console.print("\nBegin with [cyan]minicnn lab bugs 1[/]: it writes a script to run, to change, and to hunt with.")


def _write(bug: "Bug", number: int, found: dict[str, Any]) -> None:
    from ..lab import exercise

    path = Path(f"bug_{number}.py")
    try:
        with path.open("x", encoding="utf-8") as file:
            file.write(exercise(bug))
    except FileExistsError:
        raise CommandError(f"{path} is there already, perhaps with work of yours in it: move it first.") from None
    except OSError as error:
        raise CommandError(f"cannot write {path}: {error.strerror}.") from error
    found["file"] = str(path)
    print(f"{path} is written. Run it: python {path}\nStuck? minicnn lab bugs {number} --hint")


def _solve(bug: "Bug", found: dict[str, Any]) -> None:
    found |= {"name": bug.name, "story": bug.story, "place": bug.place, "diff": bug.diff()}
    found["check"] = inspect.getsource(bug.check)
    print(f"{bug.name.replace('_', ' ')}: {bug.story}\n\n{bug.diff()}\n\nA check that catches it:\n\n{found['check']}")
