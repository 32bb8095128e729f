"""Counting who was right about what: true and false positives and negatives at every threshold."""

from typing import Any, NamedTuple

import numpy as np

from ..kernels import ShapeError
from ..losses.labels import match_shape


class Confusion(NamedTuple):
    """Weighted counts, one a threshold."""

    true_positives: np.ndarray
    false_positives: np.ndarray
    true_negatives: np.ndarray
    false_negatives: np.ndarray

    def __add__(self, other: "Confusion") -> "Confusion":  # type: ignore[override]
        return Confusion(*(a + b for a, b in zip(self, other)))


def no_confusion(thresholds: np.ndarray) -> Confusion:
    """Counts of nothing."""
    return Confusion(*np.zeros((4, len(thresholds))))


def confusion(metric: str, y_true: Any, y_pred: Any, thresholds: np.ndarray, sample_weight: Any = None) -> Confusion:
    """Counts of a batch: a prediction is positive above a threshold, a label where it is not 0.

    thresholds      ascending, float32: predictions are compared in float32, as in Keras
    sample_weight   (N,), or one number a prediction

    >>> confusion("example", [0, 1, 1], [0.2, 0.4, 0.9], np.float32([0.5])).true_positives
    array([1.])
    """
    y_pred = np.asarray(y_pred, np.float32)
    positive = match_shape(metric, y_true, y_pred).astype(bool).ravel()
    weights = _spread(metric, sample_weight, y_pred.shape).ravel()
    below = np.searchsorted(thresholds, y_pred.ravel(), side="left")  # how many thresholds each one exceeds
    below[np.isnan(y_pred.ravel())] = 0
    tp = _at_each_threshold(below[positive], weights[positive], len(thresholds))
    fp = _at_each_threshold(below[~positive], weights[~positive], len(thresholds))
    return Confusion(tp, fp, weights[~positive].sum() - fp, weights[positive].sum() - tp)


def ratio(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """a / b, and 0 where b is 0.

    >>> ratio(np.array([1.0, 1.0]), np.array([2.0, 0.0]))
    array([0.5, 0. ])
    """
    return np.divide(a, b, out=np.zeros_like(a), where=b != 0)


def _at_each_threshold(below: np.ndarray, weights: np.ndarray, count: int) -> np.ndarray:
    """Weight of the predictions above threshold j, which is that of those exceeding more than j thresholds."""
    exceeding = np.bincount(below, weights, minlength=count + 1)
    return exceeding[::-1].cumsum()[::-1][1:]


def _spread(metric: str, sample_weight: Any, shape: tuple[int, ...]) -> np.ndarray:
    if sample_weight is None:
        return np.ones(shape)
    weights = np.asarray(sample_weight, np.float64)
    if weights.shape in (shape[:1], (*shape[:1], 1)):
        weights = weights.reshape(*shape[:1], *[1] * (len(shape) - 1))
    elif weights.shape != shape:
        raise ShapeError(f"{metric}: sample_weight of shape {weights.shape} does not fit predictions of shape {shape}")
    return np.broadcast_to(weights, shape)
