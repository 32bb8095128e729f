"""`minicnn verify`: is every kernel and every gradient right, here, on this machine?"""

import time
from typing import TYPE_CHECKING, Annotated, Any

import typer

from .errors import FAILED, INTERRUPTED, CommandError
from .options import Json
from .output import results

if TYPE_CHECKING:
    from ..verify.checks import Check
    from ..verify.results import Results
    from ..verify.run import Budget


def verify(
    backend: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME", help="Only this backend; may be given again.", show_default="all"),
    ] = None,
    op: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME", help="Only this kernel or operation; may be given again.", show_default="all"),
    ] = None,
    seconds: Annotated[
        float | None, typer.Option(metavar="N", min=0, help="How long to draw cases.", show_default="60")
    ] = None,
    cases: Annotated[
        int | None, typer.Option(metavar="N", min=1, help="How many cases to draw, instead of a time.", show_default="")
    ] = None,
    seed: Annotated[int, typer.Option(metavar="N", min=0, help="Same seed, same cases.")] = 0,
    as_json: Json = False,
) -> None:
    """Check every kernel and every gradient on random cases.

    Draws shapes (1×1, odd, kernels larger than the image, strides beyond the kernel, dilation, groups), numbers
    (ties, denormals, infinities, NaN) and upstream gradients. Each kernel is compared with its float64 reference,
    within the error that rounding can explain; each gradient with the slope of its function, ⟨v, Jᵀu⟩ = ⟨Jv, u⟩,
    and with TensorFlow where that is installed.

    The table shows the worst error of each in units of its bound, and the number of cases. A failure comes with
    the smallest case that fails, as a program to run, and with exit code 1.

    **Examples**

    ```
    minicnn verify
    minicnn verify --op conv2d --backend cpu --seconds 10
    minicnn verify --cases 20000 --seed 7 --json
    ```
    """
    _require_hypothesis()
    from ..verify.report import data
    from ..verify.results import Results

    with results(as_json) as found:
        checks, outcome = _chosen(backend, op), Results()
        started = time.monotonic()
        interrupted = _run(checks, outcome, _budget(seconds, cases), seed)
        took = time.monotonic() - started
        found |= {"seed": seed, "seconds": round(took, 1), "interrupted": interrupted, **data(outcome)}
        _show(outcome, seed, took)
    if outcome.failures or interrupted:
        raise typer.Exit(FAILED if outcome.failures else INTERRUPTED)


def _require_hypothesis() -> None:
    try:
        import hypothesis  # noqa: F401
    except ImportError:
        raise CommandError('drawing cases needs hypothesis: pip install "minicnn[verify]"', FAILED) from None


def _chosen(backends: list[str] | None, names: list[str] | None) -> "list[Check]":
    """The checks that were asked for."""
    from ..verify.checks import all_checks, of_operation, present

    there = present()
    for name in backends or ():
        _expect_known(name, there, "backend")
    checks = all_checks(backends or there)
    for name in names or ():
        _expect_known(name, [check.name for check in checks], "kernel or operation")
    return [check for name in names for check in of_operation(checks, name)] if names else checks


def _expect_known(name: str, known: list[str], kind: str) -> None:
    from ..kernels.errors import did_you_mean

    if name not in known:
        raise CommandError(f"no {kind} {name!r} here{did_you_mean(name, known)}")


def _budget(seconds: float | None, cases: int | None) -> "Budget":
    from ..verify.run import Budget

    if seconds is None:
        seconds = 60.0 if cases is None else float("inf")
    return Budget(time.monotonic() + seconds, float("inf") if cases is None else cases)


def _run(checks: "list[Check]", outcome: "Results", budget: "Budget", seed: int) -> bool:
    """Verify with a line of progress; whether Ctrl-C came."""
    from rich.console import Console
    from rich.status import Status

    from ..verify.run import verify

    def progress(check: "Check") -> None:
        failed = f", [bold red]{len(outcome.failures)} failed[/]" if outcome.failures else ""
        status.update(f"{outcome.cases:,} cases{failed}, now {check.name}")

    console = Console(stderr=True)
    status: Any = Status("warming up", console=console)
    try:
        with status:
            verify(checks, outcome, budget, seed, progress)
    except KeyboardInterrupt:
        return True
    return False


def _show(outcome: "Results", seed: int, seconds: float) -> None:
    from rich.console import Console

    from ..verify.report import story, table

    console = Console(highlight=False)
    console.print(table(outcome))
    console.print("\nThe worst error in units of its bound (at most 1 is right, 0 is exact), and the number of cases.")
    for failure in outcome.failures:
        console.print()
        console.print(story(failure), markup=False, soft_wrap=True)
    verdict = f"[bold red]{len(outcome.failures)} failed" if outcome.failures else "[bold green]no failure"
    counted = f"{outcome.cases:,} cases, {outcome.comparisons:,} comparisons"
    console.print(f"\n{counted}, seed {seed}, {seconds:.0f} s: {verdict}[/]")
