"""The arithmetic of the confusion matrix and of what follows from it."""

import numpy as np
import pytest

from minicnn.report import ClassificationReport

NAMES = ["a", "b", "c"]


def test_counts_stand_at_true_row_and_predicted_column():
    report = ClassificationReport.of([0, 0, 0, 1, 2, 2], [0, 1, 1, 1, 0, 2], NAMES)
    assert report.confusion.tolist() == [[1, 2, 0], [0, 1, 0], [1, 0, 1]]
    assert report.support.tolist() == [3, 1, 2]
    assert report.correct.tolist() == [1, 1, 1]


def test_recall_is_the_recognised_part_of_each_class_and_accuracy_that_of_all():
    report = ClassificationReport.of([0, 0, 0, 1, 2, 2], [0, 1, 1, 1, 0, 2], NAMES)
    np.testing.assert_allclose(report.recall, [1 / 3, 1, 1 / 2])
    assert report.accuracy == 0.5


def test_precision_and_specificity_count_each_class_against_all_others():
    rng = np.random.default_rng(5)
    y_true, y_pred = rng.integers(0, 3, (2, 60))
    report = ClassificationReport.of(y_true, y_pred, NAMES)
    for k in range(3):
        is_k, said_k = y_true == k, y_pred == k
        assert report.precision[k] == np.sum(is_k & said_k) / np.sum(said_k)
        assert report.specificity[k] == np.sum(~is_k & ~said_k) / np.sum(~is_k)


def test_random_answers_agree_with_counting_one_by_one():
    rng = np.random.default_rng(2)
    y_true, y_pred = rng.integers(0, 3, (2, 200))
    report = ClassificationReport.of(y_true, y_pred, NAMES)
    for i in range(3):
        for j in range(3):
            assert report.confusion[i, j] == sum(t == i and p == j for t, p in zip(y_true, y_pred))
    assert report.accuracy == np.mean(y_true == y_pred)


def test_bytes_do_not_overflow():
    labels = np.full(300, 200, np.uint8)
    report = ClassificationReport.of(labels, labels, [str(i) for i in range(201)])
    assert report.confusion[200, 200] == 300


def test_a_class_without_samples_has_no_recall_and_no_samples_no_accuracy():
    assert np.isnan(ClassificationReport.of([0], [0], NAMES).recall).tolist() == [False, True, True]
    assert np.isnan(ClassificationReport.of([], [], NAMES).accuracy)


def test_an_answer_never_given_has_no_precision_and_a_lonely_class_no_specificity():
    report = ClassificationReport.of([0, 0], [0, 1], NAMES)
    assert np.isnan(report.precision).tolist() == [False, False, True]
    assert np.isnan(report.specificity).tolist() == [True, False, False]
    assert report.specificity.tolist()[1:] == [0.5, 1.0]


def test_most_confused_is_the_first_of_the_most_frequent_errors():
    assert ClassificationReport.of([0, 1, 1, 2, 2, 2], [1, 2, 2, 0, 0, 2], NAMES).most_confused() == ("b", "c", 2)
    assert ClassificationReport.of([0, 1], [0, 1], NAMES).most_confused() is None


@pytest.mark.parametrize(("y_true", "y_pred"), [([3], [0]), ([0], [3]), ([0], [-1]), ([0, 1], [0]), ([[0]], [[0]])])
def test_other_numbers_and_lengths_are_refused(y_true, y_pred):
    with pytest.raises(ValueError, match="class numbers"):
        ClassificationReport.of(y_true, y_pred, NAMES)
