"""Answers and truth: the worst mistakes first, and numbers that JSON can hold."""

import json

import numpy as np
import pytest

from minicnn.run.evaluation import Evaluation


@pytest.fixture
def evaluation():
    p = np.array([[0.9, 0.1, 0.0], [0.3, 0.6, 0.1], [0.2, 0.8, 0.0], [0.5, 0.4, 0.1], [0.05, 0.9, 0.05]])
    return Evaluation(p, np.array([0, 0, 0, 1, 0]), list("abcde"), ["cat", "dog", "fox"])


def test_worst_are_those_that_gave_the_truth_least(evaluation):
    assert evaluation.worst(10).tolist() == [4, 2, 1, 3]
    assert evaluation.worst(2).tolist() == [4, 2]


def test_numbers_are_json_and_agree_with_the_report(evaluation):
    numbers = json.loads(json.dumps(evaluation.numbers(), allow_nan=False))
    assert (numbers["samples"], numbers["accuracy"]) == (5, 0.2)
    assert numbers["loss"] == pytest.approx(-np.log([0.9, 0.3, 0.2, 0.4, 0.05]).mean())
    assert numbers["classes"]["cat"] == {
        "samples": 4,
        "correct": 1,
        "precision": 0.5,
        "recall": 0.25,
        "specificity": 0.0,
    }
    assert numbers["classes"]["fox"]["precision"] is numbers["classes"]["fox"]["recall"] is None
    assert numbers["confusion_matrix"] == [[1, 3, 0], [1, 0, 0], [0, 0, 0]]
