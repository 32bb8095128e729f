"""Precision and recall: how much of what was found is right, and how much of what is right was found."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from .confusion import confusion, no_confusion, ratio
from .metric import Metric

Thresholds = float | Sequence[float] | None


class _CountingMetric(Metric):
    """Counts positives at thresholds; with several thresholds the result is an array.

    thresholds   predictions above one are positive; 0.5 when left out
    top_k        only the k largest predictions of a row can be positive
    class_id     look at this class only
    """

    direction = "up"

    def __init__(self, thresholds: Thresholds, top_k: int | None, class_id: int | None, name: str):
        super().__init__(name)
        default = 0.5 if top_k is None else -np.inf
        self.thresholds = np.atleast_1d(np.asarray(default if thresholds is None else thresholds, np.float32))
        if thresholds is not None and not ((self.thresholds >= 0) & (self.thresholds <= 1)).all():
            raise ValueError(f"thresholds must lie in 0 … 1, got {thresholds}")
        self.top_k = top_k
        self.class_id = class_id
        self.reset_state()

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        y_true, y_pred = np.asarray(y_true), np.asarray(y_pred, np.float32)
        if self.top_k is not None:
            y_pred = np.where(_largest(y_pred, self.top_k), y_pred, -np.inf)
        if self.class_id is not None:
            y_true, y_pred = y_true[..., self.class_id, None], y_pred[..., self.class_id, None]
        order = np.argsort(self.thresholds)
        counts = confusion(self.name, y_true, y_pred, self.thresholds[order], sample_weight)
        self.counts += type(counts)(*(count[np.argsort(order)] for count in counts))

    def reset_state(self) -> None:
        self.counts = no_confusion(self.thresholds)

    def _as_result(self, values: np.ndarray) -> Any:
        return float(values[0]) if len(values) == 1 else values


class Precision(_CountingMetric):
    """TP / (TP + FP): the fraction of positive predictions that are right; 0 where there are none.

    >>> Precision()([0, 1, 1, 1], [1, 0, 1, 1]).__round__(4)
    0.6667
    """

    def __init__(
        self,
        thresholds: Thresholds = None,
        top_k: int | None = None,
        class_id: int | None = None,
        name: str = "precision",
    ):
        super().__init__(thresholds, top_k, class_id, name)

    def result(self) -> Any:
        counts = self.counts
        return self._as_result(ratio(counts.true_positives, counts.true_positives + counts.false_positives))


class Recall(_CountingMetric):
    """TP / (TP + FN): the fraction of positive labels that were found; 0 where there are none.

    >>> Recall()([0, 1, 1, 1], [1, 0, 1, 1]).__round__(4)
    0.6667
    """

    def __init__(
        self,
        thresholds: Thresholds = None,
        top_k: int | None = None,
        class_id: int | None = None,
        name: str = "recall",
    ):
        super().__init__(thresholds, top_k, class_id, name)

    def result(self) -> Any:
        counts = self.counts
        return self._as_result(ratio(counts.true_positives, counts.true_positives + counts.false_negatives))


def _largest(x: np.ndarray, k: int) -> np.ndarray:
    """True at the k largest of each row; ties go to the first."""
    order = np.argsort(-x, axis=-1, kind="stable")
    return np.argsort(order, axis=-1, kind="stable") < k
