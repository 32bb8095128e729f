"""Weighted means over samples: of values themselves, or of a function of labels and predictions."""

from collections.abc import Callable
from typing import Any

import numpy as np

from ..kernels import ShapeError
from .metric import Metric


class Mean(Metric):
    """Σ w·v / Σ w over all samples so far; 0 before the first.

    >>> mean = Mean()
    >>> mean.update_state([1.0, 3.0, 5.0, 7.0], sample_weight=[1, 1, 0, 0])
    >>> mean.result()
    2.0
    """

    def __init__(self, name: str = "mean"):
        super().__init__(name)
        self.reset_state()

    def update_state(self, values: Any, sample_weight: Any = None) -> None:  # type: ignore[override]
        """Count values (N, …), each sample's averaged; weights (), (N,), or shaped like the values' first axes.

        Raises ShapeError for weights of another shape.
        """
        values = np.asarray(values, np.float64)
        weights = np.ones(values.shape[:1]) if sample_weight is None else np.asarray(sample_weight, np.float64)
        if weights.ndim == values.ndim + 1 and weights.shape[-1] == 1:
            weights = weights[..., 0]
        values = values.mean(axis=tuple(range(weights.ndim, values.ndim)))
        if values.shape != weights.shape:
            raise ShapeError(f"sample_weight of shape {weights.shape} does not fit values of shape {values.shape}")
        self.add(float(_by_sample(values * weights).sum()), float(_by_sample(weights).sum()))

    def add(self, total: float, count: float) -> None:
        """Count samples of which only the sum of their values is known."""
        self.total += total
        self.count += count

    def result(self) -> float:
        return self.total / self.count if self.count else 0.0

    def reset_state(self) -> None:
        self.total = 0.0
        self.count = 0.0


class MeanMetricWrapper(Mean):
    """The mean of fn(y_true, y_pred, **kwargs) over all samples; fn takes and returns arrays.

    >>> metric = MeanMetricWrapper(lambda y_true, y_pred: abs(y_true - y_pred), name="distance")
    >>> metric([1.0, 2.0], [1.0, 4.0])
    1.0
    """

    def __init__(self, fn: Callable[..., np.ndarray], name: str | None = None, **kwargs: Any):
        super().__init__(name or fn.__name__)
        self._fn = fn
        self._fn_kwargs = kwargs

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:  # type: ignore[override]
        values = self._fn(np.asarray(y_true), np.asarray(y_pred), **self._fn_kwargs)
        super().update_state(values, sample_weight)


def _by_sample(values: np.ndarray) -> np.ndarray:
    return values.mean(axis=tuple(range(1, values.ndim)))
