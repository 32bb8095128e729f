"""L[n] = −Σ_k t[n,k]·log p[n,k]."""

from typing import Any

import numpy as np

from .. import ops
from ..ops.softmax_cross_entropy import SoftmaxCrossEntropy
from ..tensor import Tensor
from .axis import expect_last_axis, expect_rows
from .labels import as_floats, expect_probabilities, match_shape, smooth
from .logits import clip_probabilities, find_logits
from .loss import Loss


class CategoricalCrossentropy(Loss):
    """Cross-entropy between one-hot labels or distributions (N, K) and predictions (N, K).

    from_logits       whether predictions are logits; probabilities otherwise
    label_smoothing   s: the labels become t·(1 − s) + s / K

    Probabilities that do not come straight from a softmax are divided by their sum and kept in 1e−7 … 1 − 1e−7.
    Raises ShapeError for labels of another shape, ValueError for labels outside 0 … 1.

    >>> loss = CategoricalCrossentropy()
    >>> round(loss([[0, 1, 0], [0, 0, 1]], [[0.05, 0.95, 0.0], [0.1, 0.8, 0.1]]).item(), 4)
    1.1769
    """

    def __init__(
        self,
        from_logits: bool = False,
        label_smoothing: float = 0.0,
        axis: int = -1,
        reduction: str | None = "sum_over_batch_size",
        name: str = "categorical_crossentropy",
    ):
        super().__init__(name, reduction)
        expect_last_axis(axis)
        self.from_logits = from_logits
        self.label_smoothing = label_smoothing

    def prepare(self, y_true: Any, y_pred: Tensor) -> np.ndarray:
        expect_rows(self.name, y_pred)
        labels = as_floats(self.name, match_shape(self.name, y_true, y_pred), y_pred.dtype)
        expect_probabilities(self.name, labels)
        return smooth(labels, self.label_smoothing, classes=y_pred.shape[-1])

    def call(self, targets: Tensor, y_pred: Tensor) -> Tensor:
        logits = find_logits(self.name, y_pred, self.from_logits)
        if logits is not None:
            return SoftmaxCrossEntropy()(logits, targets)
        p = clip_probabilities(y_pred / y_pred.sum(axis=-1, keepdims=True))
        return -(targets * ops.log(p)).sum(axis=-1)
