"""How often the right class is among the k largest predictions."""

from typing import Any

import numpy as np

from ..losses.labels import match_classes, match_shape
from .mean import MeanMetricWrapper


def top_k_categorical_accuracy(y_true: Any, y_pred: Any, k: int = 5) -> np.ndarray:
    """1 where the largest label's class is among the k largest predictions: (N, K) and (N, K) to (N,)."""
    y_pred = np.asarray(y_pred)
    labels = match_shape("top_k_categorical_accuracy", y_true, y_pred).argmax(axis=-1)
    return sparse_top_k_categorical_accuracy(labels, y_pred, k)


def sparse_top_k_categorical_accuracy(y_true: Any, y_pred: Any, k: int = 5) -> np.ndarray:
    """1 where the class number is among the k largest predictions: (N,) and (N, K) to (N,).

    All classes that tie for the last of the k places count as among them; a row that is not finite counts
    as wrong, as in TensorFlow.

    >>> sparse_top_k_categorical_accuracy([2, 0], [[0.1, 0.6, 0.3], [0.1, 0.6, 0.3]], k=2)
    array([1., 0.], dtype=float32)
    """
    y_pred = np.asarray(y_pred)
    labels = match_classes("sparse_top_k_categorical_accuracy", y_true, y_pred).astype(np.int64)
    scores = np.take_along_axis(y_pred, labels[..., None], axis=-1)
    larger = np.count_nonzero(y_pred > scores, axis=-1)
    return ((larger < k) & np.isfinite(y_pred).all(axis=-1)).astype(np.float32)


class TopKCategoricalAccuracy(MeanMetricWrapper):
    """How often the class of the one-hot labels (N, K) is among the k largest predictions.

    >>> TopKCategoricalAccuracy(k=1)([[0, 0, 1], [0, 1, 0]], [[0.1, 0.9, 0.8], [0.05, 0.95, 0.0]])
    0.5
    """

    direction = "up"

    def __init__(self, k: int = 5, name: str = "top_k_categorical_accuracy"):
        super().__init__(top_k_categorical_accuracy, name, k=k)


class SparseTopKCategoricalAccuracy(MeanMetricWrapper):
    """How often the class number (N,) is among the k largest predictions.

    >>> SparseTopKCategoricalAccuracy(k=1)([2, 1], [[0.1, 0.9, 0.8], [0.05, 0.95, 0.0]])
    0.5
    """

    direction = "up"

    def __init__(self, k: int = 5, name: str = "sparse_top_k_categorical_accuracy"):
        super().__init__(sparse_top_k_categorical_accuracy, name, k=k)
