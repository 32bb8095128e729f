"""Stopping when training no longer helps."""

from typing import Any, ClassVar

import numpy as np

from .callback import Logs
from .monitor import MonitorCallback


class EarlyStopping(MonitorCallback):
    """End training when the watched number has not improved for `patience` epochs.

    monitor, mode, min_delta   what to watch, as in MonitorCallback
    patience                   epochs without improvement before stopping
    verbose                    1 to say so
    baseline                   patience counts until the number is better than this
    restore_best_weights       go back to the weights of the best epoch when training ends
    start_from_epoch           epochs before this one are not looked at

    Source: Prechelt, "Early stopping — but when?" (1998).
    """

    kept: ClassVar = {
        "wait": int,
        "stopped_epoch": int,
        "best": float | int | None,
        "best_epoch": int,
        "best_weights": list | None,
    }

    def __init__(
        self,
        monitor: str = "val_loss",
        min_delta: float = 0,
        patience: int = 0,
        verbose: int = 0,
        mode: str = "auto",
        baseline: float | None = None,
        restore_best_weights: bool = False,
        start_from_epoch: int = 0,
    ):
        super().__init__(monitor, mode, min_delta)
        self.patience = patience
        self.verbose = verbose
        self.baseline = baseline
        self.restore_best_weights = restore_best_weights
        self.start_from_epoch = start_from_epoch
        self._reset()

    def _reset(self) -> None:
        self.wait = 0
        self.stopped_epoch = 0
        self.best: float | None = None
        self.best_epoch = 0
        self.best_weights: list[Any] | None = None

    def on_train_begin(self, logs: Logs = None) -> None:
        self._reset()

    def load_state(self, state: dict[str, Any]) -> None:
        best, now = state["best_weights"], self.model.get_weights()
        if best is not None and [np.shape(w) for w in best] != [np.shape(w) for w in now]:
            raise ValueError("the best weights so far do not fit the model")
        super().load_state(state)

    def on_epoch_end(self, epoch: int, logs: Logs = None) -> None:
        current = self.current(logs)
        if current is None or epoch < self.start_from_epoch:
            return
        self.wait += 1
        if self.improves(current, self.best):
            self.best = current
            self.best_epoch = epoch
            if self.restore_best_weights:
                self.best_weights = self.model.get_weights()
            if self.improves(current, self.baseline):
                self.wait = 0
        elif self.wait >= self.patience and epoch > 0:
            self.stopped_epoch = epoch
            self.model.stop_training = True

    def on_train_end(self, logs: Logs = None) -> None:
        if self.stopped_epoch and self.verbose:
            print(f"Epoch {self.stopped_epoch + 1}: early stopping")
        if self.best_weights is not None:
            if self.verbose:
                print(f"Restoring the weights of the best epoch: {self.best_epoch + 1}")
            self.model.set_weights(self.best_weights)
