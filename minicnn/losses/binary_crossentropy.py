"""L[n] = −(1/K) Σ_k t·log p + (1 − t)·log(1 − p)."""

from typing import Any

import numpy as np

from .. import ops
from ..ops.sigmoid_cross_entropy import SigmoidCrossEntropy
from ..tensor import Tensor
from .axis import expect_last_axis
from .labels import as_floats, expect_probabilities, match_shape, smooth
from .logits import clip_probabilities, find_logits
from .loss import Loss


class BinaryCrossentropy(Loss):
    """Cross-entropy of K yes-or-no answers a sample: labels in 0 … 1 and predictions, both (N, K).

    Labels (N,) go with predictions (N, 1).

    from_logits       whether predictions are logits; probabilities otherwise
    label_smoothing   s: the labels become t·(1 − s) + s / 2

    Probabilities that do not come straight from a sigmoid are kept in 1e−7 … 1 − 1e−7.
    Raises ShapeError for labels of another shape, ValueError for labels outside 0 … 1.

    >>> loss = BinaryCrossentropy()
    >>> round(loss([[0, 1], [0, 0]], [[0.6, 0.4], [0.4, 0.6]]).item(), 4)
    0.8149
    """

    def __init__(
        self,
        from_logits: bool = False,
        label_smoothing: float = 0.0,
        axis: int = -1,
        reduction: str | None = "sum_over_batch_size",
        name: str = "binary_crossentropy",
    ):
        super().__init__(name, reduction)
        expect_last_axis(axis)
        self.from_logits = from_logits
        self.label_smoothing = label_smoothing

    def prepare(self, y_true: Any, y_pred: Tensor) -> np.ndarray:
        labels = as_floats(self.name, match_shape(self.name, y_true, y_pred), y_pred.dtype)
        expect_probabilities(self.name, labels)
        return smooth(labels, self.label_smoothing, classes=2)

    def call(self, targets: Tensor, y_pred: Tensor) -> Tensor:
        logits = find_logits(self.name, y_pred, self.from_logits)
        if logits is not None:
            return SigmoidCrossEntropy()(logits, targets).mean(axis=-1)
        p = clip_probabilities(y_pred)
        return -(targets * ops.log(p) + (1.0 - targets) * ops.log(1.0 - p)).mean(axis=-1)
