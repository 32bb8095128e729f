"""Ending training early and in good order: at Ctrl-C, and where the loss is no number any more."""

import math
import signal
from typing import Any, Self

from ..callbacks import Callback


class Watch(Callback):
    """Stops after the current step; a second Ctrl-C ends the program as usual.

    interrupted     Ctrl-C came
    diverged        what became of the loss and where, or None
    steps           how many were done

    >>> with Watch() as watch:
    ...     watch.on_train_batch_end(0, {"loss": 0.5})
    >>> watch.interrupted, watch.diverged, watch.steps
    (False, None, 1)
    """

    def __init__(self) -> None:
        self.interrupted = False
        self.diverged: str | None = None
        self.steps = 0
        self._epoch = 0

    def __enter__(self) -> Self:
        self._usual = signal.signal(signal.SIGINT, self._interrupt)
        return self

    def __exit__(self, *_: object) -> None:
        signal.signal(signal.SIGINT, self._usual)

    def _interrupt(self, *_: Any) -> None:
        self.interrupted = True
        signal.signal(signal.SIGINT, self._usual)

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
        self._epoch = epoch

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        self.steps += 1
        loss = (logs or {}).get("loss", 0.0)
        if not math.isfinite(loss):
            self.diverged = f"the loss became {loss} in epoch {self._epoch + 1}, step {batch + 1}"
        if self.interrupted or self.diverged:
            self.model.stop_training = True
