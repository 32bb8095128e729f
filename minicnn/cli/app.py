"""The commands together, and how every error becomes one line and an exit code."""

import sys
import warnings
from collections.abc import Sequence
from typing import Annotated, Any

import typer

from .devices import devices
from .errors import FAILED, WRONG_USAGE, CommandError
from .evaluate import evaluate
from .lab import lab
from .predict import predict
from .summary import summary
from .train import train
from .verify import verify

#: the base of typer's complaints about wrong options
_UsageError: Any = typer.BadParameter.__base__

app = typer.Typer(
    name="minicnn",
    add_completion=False,
    rich_markup_mode="markdown",
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog="Exit codes: 0 done, 1 done in part or failed, 2 wrong usage or unreadable file, 130 interrupted.",
)
for command in (train, evaluate, predict, summary, devices, verify):
    app.command()(command)
app.add_typer(lab)


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line and leave with its exit code."""
    words = list(sys.argv[1:] if arguments is None else arguments) or ["--help"]
    warnings.showwarning = lambda message, *_, **__: print(f"minicnn: warning: {message}", file=sys.stderr)
    try:
        code = app(words, prog_name="minicnn", standalone_mode=False)
    except CommandError as error:
        code = _complain(str(error), error.exit_code)
    except MemoryError as error:
        code = _complain(str(error) or "out of memory", FAILED)
    except _UsageError as error:
        command = error.ctx.command_path if error.ctx else "minicnn"
        code = _complain(f"{error.format_message().rstrip('.')}. See {command} --help.", WRONG_USAGE)
    sys.exit(code or 0)


def _complain(message: str, code: int) -> int:
    print(f"minicnn: {message}", file=sys.stderr)
    return code


def _version(wanted: bool) -> None:
    if wanted:
        from .. import __version__

        print(f"minicnn {__version__}")
        raise typer.Exit


@app.callback()
def minicnn(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version and leave.")
    ] = False,
) -> None:
    """Train and use small convolutional networks.

    Begin with `minicnn train`: it trains a network on 5,000 handwritten digits that come with the
    package, in about a minute, and says what to try next. `minicnn train DIR` does the same with your
    photographs, sorted into one folder a class.
    """
