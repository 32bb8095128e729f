"""The losses as functions: the loss of each sample, not reduced."""

from typing import Any

from ..tensor import Tensor
from .binary_crossentropy import BinaryCrossentropy
from .categorical_crossentropy import CategoricalCrossentropy
from .mean_absolute_error import MeanAbsoluteError
from .mean_squared_error import MeanSquaredError
from .sparse_categorical_crossentropy import SparseCategoricalCrossentropy


def binary_crossentropy(
    y_true: Any, y_pred: Any, from_logits: bool = False, label_smoothing: float = 0.0, axis: int = -1
) -> Tensor:
    """BinaryCrossentropy of each sample."""
    return BinaryCrossentropy(from_logits, label_smoothing, axis, reduction=None)(y_true, y_pred)


def categorical_crossentropy(
    y_true: Any, y_pred: Any, from_logits: bool = False, label_smoothing: float = 0.0, axis: int = -1
) -> Tensor:
    """CategoricalCrossentropy of each sample."""
    return CategoricalCrossentropy(from_logits, label_smoothing, axis, reduction=None)(y_true, y_pred)


def sparse_categorical_crossentropy(y_true: Any, y_pred: Any, from_logits: bool = False, *, axis: int = -1) -> Tensor:
    """SparseCategoricalCrossentropy of each sample."""
    return SparseCategoricalCrossentropy(from_logits, reduction=None, axis=axis)(y_true, y_pred)


def mean_squared_error(y_true: Any, y_pred: Any) -> Tensor:
    """MeanSquaredError of each sample.

    >>> mean_squared_error([[1.0, 3.0], [0.0, 0.0]], [[0.0, 0.0], [2.0, 0.0]]).numpy()
    array([5., 2.], dtype=float32)
    """
    return MeanSquaredError(reduction=None)(y_true, y_pred)


def mean_absolute_error(y_true: Any, y_pred: Any) -> Tensor:
    """MeanAbsoluteError of each sample."""
    return MeanAbsoluteError(reduction=None)(y_true, y_pred)
