"""What every metric is: a running count over batches, and the number that follows from it."""

from typing import Any

import numpy as np

from ..configurable import Configurable


class Metric(Configurable):
    """Base of the metrics; a subclass writes `update_state`, `result` and `reset_state`.

    Metrics take plain arrays and are not differentiated.

    name        the key under which training reports it
    direction   "up" where more is better, "down" where less is: what callbacks with mode="auto" go by
    """

    direction: str | None = None

    def __init__(self, name: str):
        self.name = name

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        """Count one more batch."""
        raise NotImplementedError

    def result(self) -> Any:
        """The number for everything counted since the last reset."""
        raise NotImplementedError

    def reset_state(self) -> None:
        """Start anew."""
        raise NotImplementedError

    def state(self) -> dict[str, Any]:
        """All attributes that are numbers, for a training that is interrupted within an epoch."""
        return {name: value for name, value in vars(self).items() if isinstance(value, (float, int, np.ndarray, tuple))}

    def load_state(self, state: dict[str, Any]) -> None:
        """Go on from what `state` returned. Raises ValueError for anything else."""
        counted = self.state()
        for name, value in state.items():
            if name not in counted or np.shape(value) != np.shape(counted[name]):
                raise ValueError(f"metric {self.name!r} cannot take {value!r} as {name}")
            setattr(self, name, _like(counted[name], value))

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Count one more batch, given as to `update_state`, and return the result so far."""
        self.update_state(*args, **kwargs)
        return self.result()


def _like(old: Any, value: Any) -> Any:
    """The value as what the old one is: a number, an array, a tuple or a named tuple."""
    if isinstance(old, np.ndarray):
        return np.asarray(value, old.dtype)
    return old._make(value) if hasattr(old, "_make") else type(old)(value)
