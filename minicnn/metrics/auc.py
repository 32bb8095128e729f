"""Area under the ROC or the precision-recall curve, from counts at many thresholds."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from .confusion import confusion, no_confusion, ratio
from .metric import Metric

EPSILON = 1e-7  # the outermost thresholds lie this far outside 0 … 1, so that 0 and 1 fall between them


class AUC(Metric):
    """Area under a curve drawn through `num_thresholds` points.

    num_thresholds     how many thresholds, evenly spaced
    curve              "ROC": true over false positive rate; "PR": precision over recall
    summation_method   height of a strip: "interpolation" between its sides, "minoring" or "majoring" the lower
                       or higher side
    thresholds         thresholds of your own between 0 and 1, instead of num_thresholds
    from_logits        whether predictions are logits; probabilities otherwise

    Source: Davis & Goadrich, "The relationship between precision-recall and ROC curves" (2006).

    >>> AUC(num_thresholds=3)([0, 0, 1, 1], [0.0, 0.5, 0.3, 0.9])
    0.75
    """

    direction = "up"

    def __init__(
        self,
        num_thresholds: int = 200,
        curve: str = "ROC",
        summation_method: str = "interpolation",
        name: str = "auc",
        *,
        thresholds: Sequence[float] | None = None,
        from_logits: bool = False,
    ):
        super().__init__(name)
        if curve not in ("ROC", "PR"):
            raise ValueError(f'curve must be "ROC" or "PR", got {curve!r}')
        if summation_method not in ("interpolation", "minoring", "majoring"):
            raise ValueError(
                f'summation_method must be "interpolation", "minoring" or "majoring", got {summation_method!r}'
            )
        if thresholds is None and num_thresholds < 2:
            raise ValueError(f"num_thresholds must be at least 2, got {num_thresholds}")
        inner = np.linspace(0, 1, num_thresholds)[1:-1] if thresholds is None else np.sort(thresholds)
        self.thresholds = np.array([-EPSILON, *inner, 1 + EPSILON], np.float32)
        self.curve = curve
        self.summation_method = summation_method
        self.from_logits = from_logits
        self.reset_state()

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        y_pred = np.asarray(y_pred, np.float32)
        if self.from_logits:
            y_pred = (1 + np.tanh(y_pred / 2)) / 2  # the sigmoid, without overflow
        self.counts += confusion(self.name, y_true, np.clip(y_pred, 0, 1), self.thresholds, sample_weight)

    def result(self) -> float:
        tp, fp, tn, fn = self.counts
        recall = ratio(tp, tp + fn)
        if self.curve == "ROC":
            return self._area(x=ratio(fp, fp + tn), y=recall)
        if self.summation_method == "interpolation":
            return self._interpolated_precision_recall_area()
        return self._area(x=recall, y=ratio(tp, tp + fp))

    def reset_state(self) -> None:
        self.counts = no_confusion(self.thresholds)

    def _area(self, x: np.ndarray, y: np.ndarray) -> float:
        """Σ strips of the curve (x, y), both falling as the threshold rises."""
        left, right = y[1:], y[:-1]
        heights = {
            "interpolation": (left + right) / 2,
            "minoring": np.minimum(left, right),
            "majoring": np.maximum(left, right),
        }[self.summation_method]
        return float(((x[:-1] - x[1:]) * heights).sum())

    def _interpolated_precision_recall_area(self) -> float:
        """Between two thresholds TP and P = TP + FP change in proportion, so precision TP/P follows a hyperbola:

        ∫ (TP / P) dTP = s·(ΔTP + c·ln(P_left / P_right)),   s = ΔTP / ΔP,   c = TP − s·P.
        """
        tp, fn = self.counts.true_positives, self.counts.false_negatives
        p = tp + self.counts.false_positives
        dtp = tp[:-1] - tp[1:]
        slope = ratio(dtp, p[:-1] - p[1:])
        intercept = tp[1:] - slope * p[1:]
        growth = np.where((p[:-1] > 0) & (p[1:] > 0), ratio(p[:-1], p[1:]), 1.0)
        areas = slope * (dtp + intercept * np.log(growth))
        return float(ratio(areas, tp[1:] + fn[1:]).sum())
