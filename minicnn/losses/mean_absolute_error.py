"""L[n] = (1/K) Σ_k |t − y|."""

from typing import Any

import numpy as np

from ..tensor import Tensor
from .labels import as_floats, match_shape
from .loss import Loss


class MeanAbsoluteError(Loss):
    """Mean of the sizes of the errors along the last axis: labels and predictions (N, …, K), losses (N, …).

    Labels (N,) go with predictions (N, 1). Raises ShapeError for labels of another shape.

    >>> round(MeanAbsoluteError()([1.0, 0.0, 1.0], [0.9, 0.1, 0.8]).item(), 4)
    0.1333
    """

    def __init__(self, reduction: str | None = "sum_over_batch_size", name: str = "mean_absolute_error"):
        super().__init__(name, reduction)

    def prepare(self, y_true: Any, y_pred: Tensor) -> np.ndarray:
        return as_floats(self.name, match_shape(self.name, y_true, y_pred), y_pred.dtype)

    def call(self, targets: Tensor, y_pred: Tensor) -> Tensor:
        return abs(targets - y_pred).mean(axis=-1)
