"""Checks that labels must pass before a loss or a metric sees them, and errors that say what to do instead."""

from typing import Any

import numpy as np

from ..kernels import ShapeError


def match_shape(name: str, y_true: Any, y_pred: Any) -> np.ndarray:
    """Labels in exactly the predictions' shape; (N,) beside (N, 1) gets the missing axis. Raises ShapeError."""
    labels = np.asarray(y_true)
    if labels.shape == y_pred.shape[:-1] and y_pred.shape[-1:] == (1,):
        labels = labels[..., None]
    if labels.shape != y_pred.shape:
        raise ShapeError(
            f"{name}: labels of shape {labels.shape} do not fit predictions of shape {y_pred.shape}"
            f"{_shape_hint(labels.shape, y_pred.shape)}"
        )
    return labels


def match_classes(name: str, y_true: Any, y_pred: Any) -> np.ndarray:
    """Class numbers (N, …) for predictions (N, …, K); (N, …, 1) loses its last axis. Raises ShapeError."""
    labels = np.asarray(y_true)
    if labels.ndim == len(y_pred.shape) and labels.shape[-1:] == (1,):
        labels = labels[..., 0]
    if labels.shape != y_pred.shape[:-1]:
        one_hot = "; for one-hot labels use the categorical form of this, or labels.argmax(-1)"
        raise ShapeError(
            f"{name}: predictions of shape {y_pred.shape} need class numbers of shape {y_pred.shape[:-1]}, "
            f"got labels of shape {labels.shape}{one_hot if labels.shape == y_pred.shape else ''}"
        )
    return labels


def as_floats(loss: str, labels: np.ndarray, dtype: np.dtype) -> np.ndarray:
    """Labels in the predictions' dtype. Raises ValueError when one is NaN."""
    labels = np.asarray(labels, dtype)
    expect_no_nan(loss, labels)
    return labels


def expect_no_nan(loss: str, labels: np.ndarray) -> None:
    """Raise ValueError when a label is NaN."""
    if labels.dtype.kind == "f" and np.isnan(labels).any():
        place = np.unravel_index(np.isnan(labels).argmax(), labels.shape)
        raise ValueError(
            f"{loss}: {np.isnan(labels).sum()} of {labels.size} labels are NaN, the first at {_index(place)}; "
            "leave such samples out or give them sample_weight 0 and a number as label"
        )


def expect_probabilities(loss: str, labels: np.ndarray) -> None:
    """Raise ValueError unless all labels lie in 0 … 1."""
    wrong = labels[(labels < 0) | (labels > 1)]
    if wrong.size:
        hint = "; map labels −1 and 1 to 0 and 1" if set(np.unique(labels)) == {-1.0, 1.0} else ""
        raise ValueError(f"{loss}: labels must lie in 0 … 1, got {some(wrong)}{hint}")


def smooth(labels: np.ndarray, amount: float, classes: int) -> np.ndarray:
    """Labels mixed with the uniform distribution: t·(1 − s) + s / K.  Source: Szegedy et al. (2016).

    >>> smooth(np.array([[1.0, 0.0]]), 0.2, classes=2)
    array([[0.9, 0.1]])
    """
    return labels * (1.0 - amount) + amount / classes


def some(values: np.ndarray, most: int = 5) -> str:
    """Up to five different values, smallest first."""
    different = np.unique(values)
    return ", ".join(f"{value:g}" for value in different[:most]) + (", …" if different.size > most else "")


def _shape_hint(labels: tuple[int, ...], predictions: tuple[int, ...]) -> str:
    if labels[:1] != predictions[:1]:
        return f": they hold {labels[0] if labels else 'no'} and {predictions[0] if predictions else 'no'} samples"
    if labels == (*predictions, 1):
        return "; nothing broadcasts: drop the labels' last axis with labels[..., 0], or keep the predictions' own"
    if len(predictions) == 2 and labels in (predictions[:1], (predictions[0], 1)):
        return "; for class numbers use sparse_categorical_crossentropy or utils.to_categorical"
    if len(predictions) > 2 and len(labels) <= 2:
        return "; put layers.Flatten() or GlobalAveragePooling2D() before the last Dense layer"
    if len(labels) == len(predictions) == 2:
        return f"; {labels[1]} numbers a label need a last layer of {labels[1]} units, it has {predictions[1]}"
    return "; every prediction needs exactly one label"


def _index(place: tuple) -> str:
    return f"[{', '.join(str(i) for i in place)}]"
