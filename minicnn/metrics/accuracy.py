"""How often predictions are right: equal, on the right side of a threshold, or largest at the right class.

Ties of the largest prediction go to the first class.
"""

from typing import Any

import numpy as np

from ..losses.labels import match_classes, match_shape
from .mean import MeanMetricWrapper
from .metric import Metric


def accuracy(y_true: Any, y_pred: Any) -> np.ndarray:
    """1 where the label equals the prediction."""
    y_pred = np.asarray(y_pred)
    return np.equal(match_shape("accuracy", y_true, y_pred), y_pred).astype(np.float32)


def binary_accuracy(y_true: Any, y_pred: Any, threshold: float = 0.5) -> np.ndarray:
    """1 where the label is that of the prediction's side: 1 above the threshold, 0 at it and below.

    >>> binary_accuracy([1, 0, 1], [0.9, 0.6, 0.2])
    array([1., 0., 0.], dtype=float32)
    """
    y_pred = np.asarray(y_pred)
    return np.equal(match_shape("binary_accuracy", y_true, y_pred), y_pred > threshold).astype(np.float32)


def categorical_accuracy(y_true: Any, y_pred: Any) -> np.ndarray:
    """1 where the largest prediction is at the largest label: (N, K) and (N, K) to (N,).

    >>> categorical_accuracy([[0, 1], [1, 0]], [[0.2, 0.8], [0.4, 0.6]])
    array([1., 0.], dtype=float32)
    """
    y_pred = np.asarray(y_pred)
    labels = match_shape("categorical_accuracy", y_true, y_pred).argmax(axis=-1)
    return np.equal(labels, y_pred.argmax(axis=-1)).astype(np.float32)


def sparse_categorical_accuracy(y_true: Any, y_pred: Any) -> np.ndarray:
    """1 where the largest prediction is at the class number: (N,) or (N, 1) and (N, K) to (N,).

    >>> sparse_categorical_accuracy([1, 0], [[0.2, 0.8], [0.4, 0.6]])
    array([1., 0.], dtype=float32)
    """
    y_pred = np.asarray(y_pred)
    labels = match_classes("sparse_categorical_accuracy", y_true, y_pred)
    return np.equal(labels, y_pred.argmax(axis=-1)).astype(np.float32)


class Accuracy(MeanMetricWrapper):
    """How often labels equal predictions.

    >>> Accuracy()([1, 2, 3, 4], [0, 2, 3, 4])
    0.75
    """

    direction = "up"

    def __init__(self, name: str = "accuracy"):
        super().__init__(accuracy, name)


class BinaryAccuracy(MeanMetricWrapper):
    """How often predictions are on the right side of the threshold.

    >>> BinaryAccuracy()([[1], [1], [0], [0]], [[0.98], [1.0], [0.0], [0.6]])
    0.75
    """

    direction = "up"

    def __init__(self, name: str = "binary_accuracy", *, threshold: float = 0.5):
        super().__init__(binary_accuracy, name, threshold=threshold)


class CategoricalAccuracy(MeanMetricWrapper):
    """How often the largest prediction is at the largest of the one-hot labels (N, K).

    >>> CategoricalAccuracy()([[0, 0, 1], [0, 1, 0]], [[0.1, 0.9, 0.8], [0.05, 0.95, 0.0]])
    0.5
    """

    direction = "up"

    def __init__(self, name: str = "categorical_accuracy"):
        super().__init__(categorical_accuracy, name)


class SparseCategoricalAccuracy(MeanMetricWrapper):
    """How often the largest prediction is at the class number.

    >>> SparseCategoricalAccuracy()([2, 1], [[0.1, 0.6, 0.3], [0.05, 0.95, 0.0]])
    0.5
    """

    direction = "up"

    def __init__(self, name: str = "sparse_categorical_accuracy"):
        super().__init__(sparse_categorical_accuracy, name)


class ShapedAccuracy(Metric):
    """What metrics=["accuracy"] means: the accuracy that fits the shapes of the first batch.

    Predictions (…, 1) take BinaryAccuracy; labels with fewer axes than predictions, or with a last axis of 1,
    SparseCategoricalAccuracy; others CategoricalAccuracy.

    >>> ShapedAccuracy()([2, 1], [[0.1, 0.6, 0.3], [0.05, 0.95, 0.0]])
    0.5
    """

    direction = "up"

    def __init__(self, name: str = "accuracy"):
        super().__init__(name)
        self._chosen: Metric | None = None

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        if self._chosen is None:
            self._chosen = _accuracy_for(np.shape(y_true), np.shape(y_pred))
        self._chosen.update_state(y_true, y_pred, sample_weight)

    def result(self) -> float:
        return self._chosen.result() if self._chosen else 0.0

    def reset_state(self) -> None:
        if self._chosen:
            self._chosen.reset_state()

    def state(self) -> dict[str, Any]:
        return {"chosen": type(self._chosen).__name__, **self._chosen.state()} if self._chosen else {}

    def load_state(self, state: dict[str, Any]) -> None:
        choices = {
            choice.__name__: choice for choice in (BinaryAccuracy, CategoricalAccuracy, SparseCategoricalAccuracy)
        }
        counted = dict(state)
        if counted:
            self._chosen = choices[counted.pop("chosen")]()
            self._chosen.load_state(counted)


def _accuracy_for(labels: tuple[int, ...], predictions: tuple[int, ...]) -> Metric:
    if predictions[-1:] == (1,):
        return BinaryAccuracy()
    if len(labels) < len(predictions) or labels[-1:] == (1,):
        return SparseCategoricalAccuracy()
    return CategoricalAccuracy()
