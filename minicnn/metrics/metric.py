"""What every metric is: a running count over batches, and the number that follows from it."""

from typing import Any

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

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Count one more batch, given as to `update_state`, and return the result so far."""
        self.update_state(*args, **kwargs)
        return self.result()
