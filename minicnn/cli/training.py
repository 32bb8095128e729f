"""The course of `minicnn train`: announce, train, test, save, and say what to do next."""

import contextlib
import errno
import shlex
import shutil
import time
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.markup import escape

from . import announce
from .devices import machine
from .errors import FAILED, CommandError, told_to_user

if TYPE_CHECKING:
    from ..run.directory import RunDirectory
    from ..run.evaluation import Evaluation
    from ..run.training import Run

Commands = dict[str, str]  # and what they are for


class Training:
    """One call of the command.

    found       what `--json` prints
    console     for results; progress: for all else
    """

    def __init__(self, found: dict[str, Any], quiet: bool):
        self.found = found
        self.console = Console(highlight=False)
        self.progress = Console(highlight=False, quiet=quiet)
        self.quiet = quiet

    # ---------------------------------------------------------------------------------------------- beginning

    def start(self, directory: Path | None, script: Path | None, wanted: dict[str, Any], out: Path | None) -> None:
        """A new run."""
        from ..run.defaults import completed
        from ..run.directory import RunDirectoryError, new_run, write_json
        from ..run.sources import source
        from ..run.training import Run

        with told_to_user(ValueError, ImportError):
            test = None if wanted["test"] is None else Path(wanted["test"])
            images = source(directory, wanted["split"] or 0.2, wanted["seed"] or 0, test)
            run = Run(completed(wanted, images), images, script)
        with told_to_user(RunDirectoryError), disk_errors_told(out or Path("runs")):
            place = new_run(out, images.name)
        with _given_back_if_empty(place.path):
            self._get_ready(run)
            with disk_errors_told(place.path):
                if script is not None:
                    shutil.copyfile(script, place.script)
                write_json(place.config, _config(run, self.found["device"]))
        self._train(run, place)

    def go_on(self, place: "RunDirectory", config: dict[str, Any]) -> None:
        """A run that was interrupted."""
        from ..run.settings import settings_of
        from ..run.sources import source_of
        from ..run.training import Run

        with told_to_user(ValueError, ImportError):
            settings = settings_of(config)
            images = source_of(settings)
            if images.fingerprint != config["data"]["fingerprint"]:
                raise CommandError(
                    f"the images in {settings.directory} have changed since the run in {place.path} began, "
                    "and it cannot go on with others: start a new one",
                    FAILED,
                )
            run = Run(settings, images, place.script)
        self._get_ready(run)
        self._train(run, place)

    def _get_ready(self, run: "Run") -> None:
        """Say what was found, look through all files, say what will be done."""
        from ..callbacks.progress import compilation_display
        from ..images import ImageFileError
        from ..run.directory import RunDirectoryError

        console = self.progress
        announce.show_source(console, run.source)
        with (
            told_to_user(ImageFileError, RunDirectoryError, exit_code=FAILED),
            console.status("looking through all images …"),
        ):
            run.check()
        announce.show_unreadable(console, run.unreadable)
        run.compile()
        announce.show_plan(console, run, self.found["device"])
        with compilation_display(not self.quiet, console):
            seconds = run.seconds_a_step()
        announce.show_time(console, run.seconds_to_go(seconds), seconds)
        console.print()

    # ----------------------------------------------------------------------------------------------- training

    def _train(self, run: "Run", place: "RunDirectory") -> None:
        from ..callbacks import progress_display
        from ..run.training import Clock
        from .watch import Diverged, Interrupted, Watch

        settings, clock = run.settings, Clock()
        self.found |= {"run": str(place.path), "seed": settings.seed, "epochs": settings.epochs, "interrupted": False}
        with disk_errors_told(place.path, f"then go on with `{_resume(place)}`"):
            try:
                with Watch() as watch, warnings.catch_warnings():
                    warnings.simplefilter("ignore", RuntimeWarning)  # a loss that is no number is the watch's to report
                    history = run.fit(place, [*progress_display(1, self.progress), clock, watch])
            except Interrupted as interrupted:
                run.back_up()
                self._save_interrupted(run, place, str(interrupted))
            except Diverged as diverged:
                raise CommandError(f"{diverged}; no model is saved. Try a smaller --learning-rate.", FAILED) from None
            else:
                self._finish(run, place, history.history, clock.seconds)

    def _save_interrupted(self, run: "Run", place: "RunDirectory", done: str) -> None:
        run.model.save(place.model)
        self.found |= {"interrupted": True, "files": {"model": str(place.model)}}
        self.console.print(f"\n[yellow]Interrupted[/] after {done}.")
        self._show_files([place.model])
        evaluate = _command("minicnn evaluate", place.path)
        self._tell_next({_resume(place): "go on", evaluate: "how good is what there is?"})

    def _finish(self, run: "Run", place: "RunDirectory", history: dict[str, list[float]], seconds: float) -> None:
        """Test the model and save everything; the numbers come last, and with them the run is finished."""
        from ..run.directory import write_json
        from ..run.evaluation import evaluate
        from ..run.results import numbers_of_run, texts_of_run, write_results

        run.model.save(place.model)
        evaluation = evaluate(run.model, run.held_back)
        numbers = numbers_of_run(run, evaluation, history, seconds)
        commands = _next_commands(run, place)
        texts = texts_of_run(run, numbers) | {"commands": commands}
        written = write_results(place, evaluation, run.held_back, history=history, **texts)
        write_json(place.metrics, numbers)
        shutil.rmtree(place.backup, ignore_errors=True)

        self.found |= numbers | {"files": {path.stem: str(path) for path in (place.model, *written)}}
        self._show_results(evaluation, numbers)
        self._show_files([place.model] if place.report not in written else [place.report, place.model])
        self._tell_next(commands)

    # ------------------------------------------------------------------------------------------------- the end

    def _show_results(self, evaluation: "Evaluation", numbers: dict[str, Any]) -> None:
        from .tables import show_evaluation

        self.progress.print()
        if numbers["best_epoch"] < len(numbers["history"]["loss"]):
            self.progress.print(
                f"The weights of epoch {numbers['best_epoch']}, the best on the validation images, are kept."
            )
        show_evaluation(self.console, evaluation, numbers["held_back"])

    def _show_files(self, files: list[Path]) -> None:
        from ..plots import HINT

        self.console.print()
        for title, path in zip(("Saved", "", ""), files):
            self.console.print(f"[bold]{title:5}[/]  {escape(str(path))}", soft_wrap=True)
        if len(files) == 1 and not self.found["interrupted"]:
            self.console.print(f"       (for a report with pictures: {escape(HINT)})")

    def _tell_next(self, commands: Commands) -> None:
        if self.quiet:
            return
        self.console.print("\n[bold]Try next[/]")
        width = max(map(len, commands))
        for command, why in commands.items():
            self.console.print(f"  [cyan]{escape(f'{command:{width}}')}[/]   [dim]{why}[/]", soft_wrap=True)


def _config(run: "Run", device: str) -> dict[str, Any]:
    from .. import __version__

    training, held_back = run.source.counts
    return {
        "minicnn": __version__,
        "began": time.strftime("%Y-%m-%dT%H:%M:%S%z"),
        "settings": run.settings.as_dict(),
        "device": device,
        "machine": machine(),
        "model": {"name": run.model.name, "parameters": run.model.count_params()},
        "data": {
            "name": run.source.name,
            "fingerprint": run.source.fingerprint,
            "held_back": run.source.held_back,
            "classes": {
                name: {"training": int(n), run.source.held_back: int(m)}
                for name, n, m in zip(run.source.class_names, training, held_back)
            },
            "unreadable": run.unreadable,
            "ignored": run.source.ignored,
        },
    }


def _next_commands(run: "Run", place: "RunDirectory") -> Commands:
    from ..run.nets import SCRIPT

    again = _command("minicnn train", run.source.place, "--seed", run.settings.seed + 1)
    tensorboard = {_command("tensorboard --logdir", place.tensorboard): "the curves in TensorBoard"}
    photo = ["--invert", "PHOTO"] if run.source.place is None else ["PHOTO"]
    why = "a digit of yours, dark ink on white paper" if run.source.place is None else "what is on a picture of yours?"
    return {
        _command("minicnn predict", place.path, *photo): why,
        _command("minicnn summary", place.path): "the layers",
        **(tensorboard if run.settings.tensorboard else {}),
        **({again: "how much is luck?"} if run.settings.model != SCRIPT else {}),
    }


def _resume(place: "RunDirectory") -> str:
    return _command("minicnn train --resume", place.path)


def _command(command: str, *arguments: Any) -> str:
    return " ".join([command, *(shlex.quote(str(argument)) for argument in arguments if argument is not None)])


@contextlib.contextmanager
def disk_errors_told(path: Path, then: str = "") -> Iterator[None]:
    """A disk that is full, or that may not be written to, is told in one line."""
    try:
        yield
    except OSError as error:
        where = error.filename or path
        hint = f"; make room{f', {then}' if then else ''}" if error.errno in (errno.ENOSPC, errno.EDQUOT) else ""
        hint = hint or (f"; {then}" if then else "")
        raise CommandError(
            f"cannot write to {where}: {error.strerror or error}{hint}", FAILED if then else 2
        ) from error


@contextlib.contextmanager
def _given_back_if_empty(path: Path) -> Iterator[None]:
    """What ends before it has begun leaves no folder."""
    try:
        yield
    except BaseException:
        with contextlib.suppress(OSError):
            path.rmdir()
        raise
