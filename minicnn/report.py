"""How well a classifier did, class by class: counts and what follows from them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class ClassificationReport:
    """What became of the samples of each class.

    confusion       (K, K) counts: row = true class, column = predicted class
    class_names     K names

    >>> report = ClassificationReport.of([0, 0, 1, 1], [0, 1, 1, 1], ["cat", "dog"])
    >>> report.confusion.tolist(), report.accuracy, report.recall.tolist()
    ([[1, 1], [0, 2]], 0.75, [0.5, 1.0])
    """

    confusion: np.ndarray
    class_names: list[str]

    @classmethod
    def of(
        cls, y_true: np.ndarray | list[int], y_pred: np.ndarray | list[int], class_names: list[str]
    ) -> ClassificationReport:
        """Count pairs of class numbers (N,), (N,). Raises ValueError for numbers outside 0 … K − 1."""
        y_true, y_pred = np.asarray(y_true, np.int64), np.asarray(y_pred, np.int64)
        classes = len(class_names)
        if y_true.shape != y_pred.shape or y_true.ndim != 1:
            raise ValueError(f"expected two lists of class numbers of one length, got {y_true.shape}, {y_pred.shape}")
        for numbers in (y_true, y_pred):
            if numbers.size and not (numbers.min() >= 0 and numbers.max() < classes):
                raise ValueError(f"class numbers must lie in 0 … {classes - 1}, got {numbers.min()} … {numbers.max()}")
        counts = np.bincount(y_true * classes + y_pred, minlength=classes**2)
        return cls(counts.reshape(classes, classes), class_names)

    @property
    def support(self) -> np.ndarray:
        """(K,) how many samples each class has."""
        return self.confusion.sum(axis=1)

    @property
    def correct(self) -> np.ndarray:
        """(K,) how many of them were recognised."""
        return self.confusion.diagonal()

    @property
    def accuracy(self) -> float:
        """Right answers / all answers; NaN when there are none."""
        return float(_ratio(self.correct.sum(), self.support.sum()))

    @property
    def recall(self) -> np.ndarray:
        """(K,) TP / (TP + FN): the recognised part of each class; NaN for a class without samples."""
        return _ratio(self.correct, self.support)

    @property
    def precision(self) -> np.ndarray:
        """(K,) TP / (TP + FP): how often the answer "this class" is right; NaN for an answer never given."""
        return _ratio(self.correct, self.confusion.sum(axis=0))

    @property
    def specificity(self) -> np.ndarray:
        """(K,) TN / (TN + FP): the part of all other samples that is not taken for this class; NaN without others."""
        others = self.support.sum() - self.support
        return _ratio(others - (self.confusion.sum(axis=0) - self.correct), others)

    def most_confused(self) -> tuple[str, str, int] | None:
        """(true class, what it was taken for, how often) of the most frequent error, the first in case of a tie."""
        errors = self.confusion - np.diag(self.correct)
        true, predicted = np.unravel_index(errors.argmax(), errors.shape)
        count = int(errors[true, predicted])
        return (self.class_names[true], self.class_names[predicted], count) if count else None


def _ratio(part: np.ndarray, whole: np.ndarray) -> np.ndarray:
    return np.divide(part, whole, out=np.full(np.shape(part), np.nan), where=np.asarray(whole) != 0)
