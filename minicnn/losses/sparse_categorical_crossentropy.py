"""L[n] = −log p[n, label[n]]."""

from typing import Any

import numpy as np

from .. import ops
from ..ops.softmax_cross_entropy import SparseSoftmaxCrossEntropy
from ..tensor import Tensor
from .axis import expect_last_axis, expect_rows
from .labels import expect_no_nan, match_classes, some
from .logits import clip_probabilities, find_logits
from .loss import Loss


class SparseCategoricalCrossentropy(Loss):
    """Cross-entropy between class numbers (N,) or (N, 1) and predictions (N, K).

    from_logits     whether predictions are logits; probabilities otherwise

    Probabilities that do not come straight from a softmax are kept in 1e−7 … 1 − 1e−7 and divided by their sum.
    Raises ShapeError for labels of another shape, ValueError for labels outside 0 … K−1 or not whole.

    >>> loss = SparseCategoricalCrossentropy()
    >>> round(loss([1, 2], [[0.05, 0.95, 0.0], [0.1, 0.8, 0.1]]).item(), 4)
    1.1769
    """

    def __init__(
        self,
        from_logits: bool = False,
        *,
        reduction: str | None = "sum_over_batch_size",
        axis: int = -1,
        name: str = "sparse_categorical_crossentropy",
    ):
        super().__init__(name, reduction)
        expect_last_axis(axis)
        self.from_logits = from_logits

    def prepare(self, y_true: Any, y_pred: Tensor) -> np.ndarray:
        expect_rows(self.name, y_pred)
        labels = match_classes(self.name, y_true, y_pred)
        expect_no_nan(self.name, labels)
        return self._as_class_numbers(labels, classes=y_pred.shape[-1])

    def call(self, targets: Tensor, y_pred: Tensor) -> Tensor:
        logits = find_logits(self.name, y_pred, self.from_logits)
        if logits is None:
            logits = ops.log(clip_probabilities(y_pred))
        return SparseSoftmaxCrossEntropy()(logits, targets)

    def _as_class_numbers(self, labels: np.ndarray, classes: int) -> np.ndarray:
        numbers = labels.astype(np.int64)
        if (fractions := labels[numbers != labels]).size:
            raise ValueError(
                f"{self.name}: class numbers must be whole, got {some(fractions)}; for measured numbers use mse"
            )
        if (wrong := numbers[(numbers < 0) | (numbers >= classes)]).size:
            fix = (
                "for a single output use binary_crossentropy"
                if classes == 1
                else "number the classes from 0, or give the last layer more units"
            )
            if classes > 1 and numbers.min() > 0 and wrong.max() == classes:
                fix = "number the classes from 0 with labels - 1"
            raise ValueError(
                f"{self.name}: labels must lie in 0 … {classes - 1} because there are {classes} outputs, "
                f"got {some(wrong)}; {fix}"
            )
        return numbers
