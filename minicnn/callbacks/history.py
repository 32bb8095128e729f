"""Keeping every epoch's numbers."""

from typing import Any, ClassVar

from .callback import Callback, Logs


class History(Callback):
    """What `fit` returns.

    history   name → list of values, one an epoch: "loss", the metrics, and both with "val_" in front
    epoch     the numbers of the epochs
    """

    kept: ClassVar = {"history": dict, "epoch": list}

    def __init__(self) -> None:
        self.history: dict[str, list[float]] = {}
        self.epoch: list[int] = []

    def load_state(self, state: dict[str, Any]) -> None:
        super().load_state(state)
        if not all(isinstance(values, list) for values in self.history.values()):
            raise TypeError(f"no history: {self.history!r}")

    def on_train_begin(self, logs: Logs = None) -> None:
        self.epoch = []

    def on_epoch_end(self, epoch: int, logs: Logs = None) -> None:
        self.epoch.append(epoch)
        for name, value in (logs or {}).items():
            self.history.setdefault(name, []).append(value)
