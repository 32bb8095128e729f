"""Loss functions under Keras's names."""

from typing import Any

from ..configurable import find_by_name
from .binary_crossentropy import BinaryCrossentropy
from .categorical_crossentropy import CategoricalCrossentropy
from .functions import (
    binary_crossentropy,
    categorical_crossentropy,
    mean_absolute_error,
    mean_squared_error,
    sparse_categorical_crossentropy,
)
from .loss import FunctionLoss, Loss
from .mean_absolute_error import MeanAbsoluteError
from .mean_squared_error import MeanSquaredError
from .sparse_categorical_crossentropy import SparseCategoricalCrossentropy

_BY_FUNCTION: dict[Any, type[Loss]] = {
    binary_crossentropy: BinaryCrossentropy,
    categorical_crossentropy: CategoricalCrossentropy,
    sparse_categorical_crossentropy: SparseCategoricalCrossentropy,
    mean_absolute_error: MeanAbsoluteError,
    mean_squared_error: MeanSquaredError,
}

#: every loss by the names of its function and its class, and the short ones
LOSSES: dict[str, type[Loss]] = {
    **{function.__name__: loss for function, loss in _BY_FUNCTION.items()},
    **{loss.__name__: loss for loss in _BY_FUNCTION.values()},
    **dict.fromkeys(("bce", "BCE"), BinaryCrossentropy),
    **dict.fromkeys(("mae", "MAE"), MeanAbsoluteError),
    **dict.fromkeys(("mse", "MSE"), MeanSquaredError),
}


def get(identifier: Any) -> Loss:
    """A loss for a name, a class, a loss, or a function (y_true, y_pred) of tensors.

    Raises ValueError for an unknown name.

    >>> get("mse").name
    'mean_squared_error'
    """
    if isinstance(identifier, (str, type, Loss)) or not callable(identifier):
        return find_by_name("loss", identifier, Loss, LOSSES)
    return _BY_FUNCTION[identifier]() if identifier in _BY_FUNCTION else FunctionLoss(identifier)


__all__ = [
    "BinaryCrossentropy",
    "CategoricalCrossentropy",
    "FunctionLoss",
    "Loss",
    "MeanAbsoluteError",
    "MeanSquaredError",
    "SparseCategoricalCrossentropy",
    "binary_crossentropy",
    "categorical_crossentropy",
    "get",
    "mean_absolute_error",
    "mean_squared_error",
    "sparse_categorical_crossentropy",
]
