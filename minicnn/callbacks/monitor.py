"""Watching one number of the logs: is it better than the best so far?"""

import warnings
from typing import Any

from .callback import Callback, Logs


class MonitorCallback(Callback):
    """Base of the callbacks that watch a number.

    monitor     its name in the logs
    mode        "min" where less is better, "max" where more is, "auto" to ask the model's metrics
    min_delta   a smaller change is none

    Raises ValueError for another mode.
    """

    def __init__(self, monitor: str, mode: str, min_delta: float = 0.0):
        if mode not in ("auto", "min", "max"):
            raise ValueError(f'mode must be "auto", "min" or "max", got {mode!r}')
        self.monitor = monitor
        self.mode = mode
        self.min_delta = abs(min_delta)

    def current(self, logs: Logs) -> float | None:
        """The watched number, or None, with a warning, where the logs do not have it."""
        logs = logs or {}
        if self.monitor not in logs:
            hint = "; give fit() validation data" if self.monitor.startswith("val_") else ""
            warnings.warn(
                f"{type(self).__name__} watches {self.monitor!r}, which is not among {', '.join(logs)}{hint}",
                stacklevel=3,
            )
        return logs.get(self.monitor)

    def improves(self, value: float, best: float | None) -> bool:
        """Whether value is better than best by more than min_delta; anything is better than None."""
        if best is None:
            return True
        if self._less_is_better():
            return value + self.min_delta < best
        return value - self.min_delta > best

    def _less_is_better(self) -> bool:
        if self.mode != "auto":
            return self.mode == "min"
        name = self.monitor.removeprefix("val_")
        directions: dict[str, Any] = {metric.name: metric.direction for metric in getattr(self.model, "metrics", [])}
        direction = directions.get(name, "down" if name == "loss" else None)
        if direction is None:
            raise ValueError(
                f"{type(self).__name__} cannot tell whether less or more {self.monitor!r} is better; "
                'say mode="min" or mode="max"'
            )
        return direction == "down"
