"""A model's answers on pictures that it did not learn from, and what follows from them."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from ..classify import cross_entropy, probabilities
from ..plots import Mistake
from ..report import ClassificationReport
from .pictures import Pictures


@dataclass(frozen=True)
class Evaluation:
    """Answers and truth.

    probabilities   (N, K)
    labels          (N,) class numbers
    names           of the N files
    class_names     K names

    >>> p = np.array([[0.9, 0.1], [0.8, 0.2], [0.4, 0.6]])
    >>> evaluation = Evaluation(p, np.array([0, 1, 1]), ["a.png", "b.png", "c.png"], ["cat", "dog"])
    >>> evaluation.report.accuracy.__round__(3), evaluation.worst(5).tolist()
    (0.667, [1])
    """

    probabilities: np.ndarray
    labels: np.ndarray
    names: Sequence[str]
    class_names: list[str]

    @cached_property
    def predicted(self) -> np.ndarray:
        """(N,) class numbers."""
        return self.probabilities.argmax(axis=1)

    @cached_property
    def report(self) -> ClassificationReport:
        return ClassificationReport.of(self.labels, self.predicted, self.class_names)

    @property
    def loss(self) -> float:
        """The cross-entropy."""
        return cross_entropy(self.probabilities, self.labels)

    def worst(self, most: int) -> np.ndarray:
        """Indices of the wrong answers, those first that gave the true class the least probability."""
        wrong = np.flatnonzero(self.predicted != self.labels)
        of_truth = self.probabilities[wrong, self.labels[wrong]]
        return wrong[of_truth.argsort(kind="stable")][:most]

    def numbers(self) -> dict[str, Any]:
        """All of it in terms of JSON, where null stands for a ratio that has no samples."""
        report = self.report
        return {
            "samples": len(self.labels),
            "loss": self.loss,
            "accuracy": report.accuracy,
            "classes": {
                name: {
                    "samples": int(report.support[k]),
                    "correct": int(report.correct[k]),
                    "precision": _or_none(report.precision[k]),
                    "recall": _or_none(report.recall[k]),
                    "specificity": _or_none(report.specificity[k]),
                }
                for k, name in enumerate(self.class_names)
            },
            "confusion_matrix": report.confusion.tolist(),
        }


def _or_none(number: float) -> float | None:
    return None if math.isnan(number) else float(number)


def evaluate(model: Any, pictures: Pictures) -> Evaluation:
    """A model's answers on all pictures that can be read. Raises ValueError where they do not fit each other."""
    p = np.concatenate([probabilities(model, x) for x, _ in pictures.data])
    if p.shape[1] != len(pictures.class_names):
        raise ValueError(f"the pictures are of {len(pictures.class_names)} classes, but the model knows {p.shape[1]}")
    return Evaluation(p, pictures.labels, pictures.names, pictures.class_names)


def worst_mistakes(evaluation: Evaluation, pictures: Pictures, most: int = 24) -> list[Mistake]:
    """The pictures of `Evaluation.worst`."""
    return [
        Mistake(
            evaluation.names[index],
            pictures.picture(index),
            evaluation.class_names[evaluation.labels[index]],
            evaluation.class_names[evaluation.predicted[index]],
            float(evaluation.probabilities[index].max()),
        )
        for index in evaluation.worst(most)
    ]
