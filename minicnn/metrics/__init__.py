"""Metrics under Keras's names: what training reports, on plain arrays."""

from typing import Any

from ..configurable import find_by_name
from .accuracy import (
    Accuracy,
    BinaryAccuracy,
    CategoricalAccuracy,
    ShapedAccuracy,
    SparseCategoricalAccuracy,
    accuracy,
    binary_accuracy,
    categorical_accuracy,
    sparse_categorical_accuracy,
)
from .auc import AUC
from .mean import Mean, MeanMetricWrapper
from .metric import Metric
from .precision_recall import Precision, Recall
from .regression import MeanAbsoluteError, MeanSquaredError, mean_absolute_error, mean_squared_error
from .top_k import (
    SparseTopKCategoricalAccuracy,
    TopKCategoricalAccuracy,
    sparse_top_k_categorical_accuracy,
    top_k_categorical_accuracy,
)

_CLASSES: dict[str, type[Metric]] = {
    "accuracy": ShapedAccuracy,
    "binary_accuracy": BinaryAccuracy,
    "categorical_accuracy": CategoricalAccuracy,
    "sparse_categorical_accuracy": SparseCategoricalAccuracy,
    "top_k_categorical_accuracy": TopKCategoricalAccuracy,
    "sparse_top_k_categorical_accuracy": SparseTopKCategoricalAccuracy,
    "precision": Precision,
    "recall": Recall,
    "auc": AUC,
    "mean": Mean,
    "mean_absolute_error": MeanAbsoluteError,
    "mean_squared_error": MeanSquaredError,
}

METRICS: dict[str, type[Metric]] = {
    **_CLASSES,
    **{metric.__name__: metric for metric in _CLASSES.values()},
    "acc": ShapedAccuracy,
    "Accuracy": ShapedAccuracy,
    **dict.fromkeys(("mae", "MAE"), MeanAbsoluteError),
    **dict.fromkeys(("mse", "MSE"), MeanSquaredError),
}


def get(identifier: Any) -> Metric:
    """A metric for a name, a class, a metric, or a function (y_true, y_pred) of arrays.

    A metric asked for by name is reported under that name. "accuracy" and "acc" choose between binary,
    categorical and sparse categorical accuracy when they see the first batch. Raises ValueError for an
    unknown name.

    >>> get("mse").name
    'mse'
    """
    if callable(identifier) and not isinstance(identifier, (type, Metric)):
        return MeanMetricWrapper(identifier)
    if isinstance(identifier, str) and identifier in METRICS:
        return METRICS[identifier](name=identifier)
    return find_by_name("metric", identifier, Metric, METRICS)


__all__ = [
    "AUC",
    "Accuracy",
    "BinaryAccuracy",
    "CategoricalAccuracy",
    "Mean",
    "MeanAbsoluteError",
    "MeanMetricWrapper",
    "MeanSquaredError",
    "Metric",
    "Precision",
    "Recall",
    "SparseCategoricalAccuracy",
    "SparseTopKCategoricalAccuracy",
    "TopKCategoricalAccuracy",
    "accuracy",
    "binary_accuracy",
    "categorical_accuracy",
    "get",
    "mean_absolute_error",
    "mean_squared_error",
    "sparse_categorical_accuracy",
    "sparse_top_k_categorical_accuracy",
    "top_k_categorical_accuracy",
]
