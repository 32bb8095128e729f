"""How far predictions are from the labels."""

from typing import Any

import numpy as np

from ..losses.labels import match_shape
from .mean import MeanMetricWrapper


def mean_squared_error(y_true: Any, y_pred: Any) -> np.ndarray:
    """(1/K) Σ_k (t − y)² of each sample."""
    return np.square(_errors("mean_squared_error", y_true, y_pred)).mean(axis=-1)


def mean_absolute_error(y_true: Any, y_pred: Any) -> np.ndarray:
    """(1/K) Σ_k |t − y| of each sample."""
    return np.abs(_errors("mean_absolute_error", y_true, y_pred)).mean(axis=-1)


class MeanSquaredError(MeanMetricWrapper):
    """Mean of (t − y)².

    >>> MeanSquaredError()([[0, 1], [0, 0]], [[1, 1], [0, 0]])
    0.25
    """

    direction = "down"

    def __init__(self, name: str = "mean_squared_error"):
        super().__init__(mean_squared_error, name)


class MeanAbsoluteError(MeanMetricWrapper):
    """Mean of |t − y|.

    >>> MeanAbsoluteError()([[0, 1], [0, 0]], [[1, 1], [0, 0]])
    0.25
    """

    direction = "down"

    def __init__(self, name: str = "mean_absolute_error"):
        super().__init__(mean_absolute_error, name)


def _errors(metric: str, y_true: Any, y_pred: Any) -> np.ndarray:
    y_pred = np.asarray(y_pred, np.float64)
    return match_shape(metric, y_true, y_pred) - y_pred
