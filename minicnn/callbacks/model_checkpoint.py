"""Saving the model while it trains."""

import os
from pathlib import Path
from typing import ClassVar

from .callback import Logs
from .monitor import MonitorCallback


class ModelCheckpoint(MonitorCallback):
    """Save the model after every epoch, or only when the watched number improves.

    filepath                  may hold {epoch}, counted from 1, {batch} and names of the logs, as in
                              "{epoch:02d}-{val_loss:.2f}.safetensors"; missing folders are made
    monitor, mode             what to watch, as in MonitorCallback
    verbose                   1 to say what is saved
    save_best_only            save only when the watched number is better than ever
    save_weights_only         model.save_weights(path) instead of model.save(path)
    save_freq                 "epoch", or a number of batches
    initial_value_threshold   with save_best_only: save only what is better than this

    Raises ValueError for another save_freq, KeyError for a name in filepath that the logs do not have.
    """

    kept: ClassVar = {"best": float | int | None, "_batches_seen": int}

    def __init__(
        self,
        filepath: str | os.PathLike[str],
        monitor: str = "val_loss",
        verbose: int = 0,
        save_best_only: bool = False,
        save_weights_only: bool = False,
        mode: str = "auto",
        save_freq: str | int = "epoch",
        initial_value_threshold: float | None = None,
    ):
        super().__init__(monitor, mode)
        if save_freq != "epoch" and not (isinstance(save_freq, int) and save_freq > 0):
            raise ValueError(f'save_freq must be "epoch" or a positive number of batches, got {save_freq!r}')
        self.filepath = os.fspath(filepath)
        self.verbose = verbose
        self.save_best_only = save_best_only
        self.save_weights_only = save_weights_only
        self.save_freq = save_freq
        self.best = initial_value_threshold
        self._batches_seen = 0
        self._epoch = 0

    def on_epoch_begin(self, epoch: int, logs: Logs = None) -> None:
        self._epoch = epoch

    def on_train_batch_end(self, batch: int, logs: Logs = None) -> None:
        self._batches_seen += 1
        if self.save_freq != "epoch" and self._batches_seen % int(self.save_freq) == 0:
            self._save_if_better(logs, batch=batch + 1)

    def on_epoch_end(self, epoch: int, logs: Logs = None) -> None:
        if self.save_freq == "epoch":
            self._save_if_better(logs)

    def _save_if_better(self, logs: Logs, **place: int) -> None:
        if self.save_best_only:
            current = self.current(logs)
            if current is not None:
                if not self.improves(current, self.best):
                    self._say(f"{self.monitor} did not improve from {self.best}")
                    return
                self.best = current
        path = self._path({"epoch": self._epoch + 1, **place, **(logs or {})})
        Path(path).parent.mkdir(parents=True, exist_ok=True)
        save = self.model.save_weights if self.save_weights_only else self.model.save
        save(path)
        self._say(f"saved {path}")

    def _path(self, names: dict) -> str:
        try:
            return self.filepath.format(**names)
        except KeyError as error:
            raise KeyError(f"filepath {self.filepath!r} asks for {error}; there are: {', '.join(names)}") from None

    def _say(self, message: str) -> None:
        if self.verbose:
            print(f"Epoch {self._epoch + 1}: {message}")
