"""What `fit` shows while it runs: a live line in a terminal, one plain line an epoch elsewhere.

In a terminal, all that computes says so while it waits for kernels to be compiled.
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

from ..kernels.cpu import prepare
from .callback import Callback, Logs


def progress_display(verbose: int, console: Console | None = None) -> list[Callback]:
    """The display for verbose = 0 (none), 1 (live, in a terminal) or 2 (a line an epoch)."""
    if not verbose:
        return []
    console = console or Console()
    return [LiveProgress(console) if verbose == 1 and _is_live(console) else EpochLines(console)]


@contextmanager
def compilation_display(verbose: str | int, console: Console | None = None) -> Iterator[None]:
    """While it lasts, a line in a terminal tells how many kernels are compiled; none with verbose = 0."""
    console = console or Console(stderr=True)
    if not verbose or not _is_live(console):
        yield
        return
    status = console.status("")

    def show(done: int, total: int) -> None:
        status.update(_compiled(done, total))
        status.start() if done < total else status.stop()

    prepare.listeners.append(show)
    try:
        yield
    finally:
        prepare.listeners.remove(show)
        status.stop()


def _is_live(console: Console) -> bool:
    return console.is_terminal or console.is_jupyter


def _compiled(done: int, total: int) -> str:
    return f"compiling kernels for this network: {done}/{total} …"


class EpochLines(Callback):
    """One line an epoch: its number, seconds, samples a second, loss and metrics."""

    def __init__(self, console: Console):
        self.console = console

    def on_epoch_begin(self, epoch: int, logs: Logs = None) -> None:
        self._samples = 0
        self._began = self._last_batch = time.perf_counter()

    def on_train_batch_end(self, batch: int, logs: Logs = None) -> None:
        self._samples += (logs or {}).get("size", 0)
        self._last_batch = time.perf_counter()

    def on_epoch_end(self, epoch: int, logs: Logs = None) -> None:
        seconds = time.perf_counter() - self._began
        parts = [self._title(epoch), f"{seconds:.1f} s", self._speed(), _numbers(logs)]
        self.console.print("  ".join(parts), markup=False, highlight=False, soft_wrap=True)

    def _title(self, epoch: int) -> str:
        epochs = (self.params or {}).get("epochs", epoch + 1)
        return f"Epoch {epoch + 1:{len(str(epochs))}d}/{epochs}"

    def _speed(self) -> str:
        """Samples a second of training, validation left out."""
        return f"{self._samples / max(self._last_batch - self._began, 1e-9):.0f} images/s"


class LiveProgress(EpochLines):
    """A line that moves: epoch, step, samples a second, time left of the training, loss and metrics.

    Every epoch leaves its line above it.
    """

    _bar: Progress | None = None

    def on_epoch_begin(self, epoch: int, logs: Logs = None) -> None:
        super().on_epoch_begin(epoch, logs)
        self._epoch = epoch
        self._bar = self._bar or self._start(epoch)
        self._bar.update(self._task, description=self._title(epoch), speed="", numbers="")

    def _start(self, epoch: int) -> Progress:
        bar = Progress(
            TextColumn("{task.description}"),
            BarColumn(bar_width=20),
            TextColumn("{task.fields[step]}", style="green"),
            TextColumn("{task.fields[speed]}"),
            TimeRemainingColumn(),
            TextColumn("{task.fields[numbers]}", markup=False),
            console=self.console,
            transient=True,
        )
        params = self.params or {}
        self._steps = params.get("steps")
        total = self._steps and self._steps * params["epochs"]
        done = epoch * (self._steps or 0)
        self._task = bar.add_task("", total=total, completed=done, step="", speed="", numbers="")
        bar.start()
        prepare.listeners.append(self._show_compilation)
        return bar

    def _show_compilation(self, done: int, total: int) -> None:
        if self._bar is not None:
            self._bar.update(self._task, numbers=_compiled(done, total) if done < total else "")

    def on_train_batch_end(self, batch: int, logs: Logs = None) -> None:
        super().on_train_batch_end(batch, logs)
        if self._bar is not None:
            self._bar.update(
                self._task,
                completed=self._epoch * (self._steps or 0) + batch + 1,
                step=f"{batch + 1}/{self._steps}" if self._steps else f"{batch + 1}",
                speed=self._speed(),
                numbers=_numbers(logs),
            )

    def on_test_begin(self, logs: Logs = None) -> None:
        if self._bar is not None:
            self._bar.update(self._task, numbers="validating …")

    def close(self) -> None:
        if self._bar is not None:
            prepare.listeners.remove(self._show_compilation)
            self._bar.stop()
            self._bar = None


def _numbers(logs: Logs) -> str:
    """loss: 0.1234  accuracy: 0.9876 …"""
    return "  ".join(f"{name}: {_short(value)}" for name, value in (logs or {}).items() if name != "size")


def _short(value: float) -> str:
    """Four digits after the point, or in scientific notation where they would be lost."""
    return f"{value:.4f}" if value == 0 or not abs(value) < 1e-3 else f"{value:.4e}"
