"""Ending training early and in good order: at Ctrl-C, and where the loss is no number any more."""

import math
import signal
from typing import Any, Self

from ..callbacks import Callback


class Interrupted(Exception):
    """Ctrl-C came; says after what."""


class Diverged(Exception):
    """What became of the loss, and where."""


class Watch(Callback):
    """Ends training by Interrupted or Diverged; a second Ctrl-C ends the program as usual.

    Ends it after the current step, and a validation after its end, when all callbacks have seen the same.

    >>> with Watch() as watch:
    ...     watch.on_train_batch_end(0, {"loss": math.nan})
    Traceback (most recent call last):
        ...
    minicnn.cli.watch.Diverged: the loss became nan in epoch 1, step 1
    """

    def __init__(self) -> None:
        self._interrupted = False
        self._epoch = 0

    def __enter__(self) -> Self:
        self._usual = signal.signal(signal.SIGINT, self._interrupt)
        return self

    def __exit__(self, *_: object) -> None:
        signal.signal(signal.SIGINT, self._usual)

    def _interrupt(self, *_: Any) -> None:
        self._interrupted = True
        signal.signal(signal.SIGINT, self._usual)

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
        self._epoch = epoch
        if self._interrupted:
            raise Interrupted(f"epoch {epoch}")

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        place = f"epoch {self._epoch + 1}, step {batch + 1}"
        loss = (logs or {}).get("loss", 0.0)
        if not math.isfinite(loss):
            raise Diverged(f"the loss became {loss} in {place}")
        if self._interrupted:
            steps = (self.params or {}).get("steps")
            raise Interrupted(f"{place} of {steps:,}" if steps else place)
