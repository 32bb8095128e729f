"""Bugs in metrics: the network is right, what is said about it is not."""

import numpy as np

import minicnn as mc
from minicnn import layers, metrics

from ..bug import Bug


def model() -> mc.Sequential:
    """One dense layer, with two metrics; try others too."""
    net = mc.Sequential([layers.Input((14, 14, 1)), layers.Flatten(), layers.Dense(10, activation="softmax")])
    best_two = metrics.SparseTopKCategoricalAccuracy(k=2, name="best_two")
    net.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy", best_two])
    return net


def at_the_threshold() -> None:
    np.testing.assert_array_equal(metrics.BinaryAccuracy()([[0.0], [1.0]], [[0.5], [0.6]]), 1.0)


def top_k() -> None:
    p = np.array([[0.1, 0.2, 0.3, 0.4]])
    np.testing.assert_array_equal([metrics.SparseTopKCategoricalAccuracy(k=2)([c], p) for c in range(4)], [0, 0, 1, 1])


def precision_and_recall() -> None:
    """Three called positive, two of them rightly, of four that are."""
    truth, called = [1, 1, 1, 1, 0, 0], [0.9, 0.8, 0.1, 0.2, 0.7, 0.3]
    np.testing.assert_allclose(metrics.Precision()(truth, called), 2 / 3)
    np.testing.assert_allclose(metrics.Recall()(truth, called), 2 / 4)


def means_of_unequal_batches() -> None:
    mean = metrics.Mean()
    mean.update_state([1.0, 1.0, 1.0])
    mean.update_state([5.0])
    np.testing.assert_allclose(mean.result(), 2.0)


def area_under_the_curve() -> None:
    """Of the four pairs of a 0 and a 1 three are in order."""
    np.testing.assert_allclose(metrics.AUC()([0, 0, 1, 1], [0.1, 0.4, 0.35, 0.8]), 0.75, atol=0.01)


BUGS = (
    Bug(
        name="threshold_counts_as_yes",
        place="minicnn.metrics.accuracy:binary_accuracy",
        old="y_pred > threshold",
        new="y_pred >= threshold",
        story="calls a prediction of exactly ½ a yes; an untrained network that always says ½ then looks good on ones",
        hint="What is a prediction of exactly ½?",
        level=3,
        check=at_the_threshold,
    ),
    Bug(
        name="top_k_is_top_k_plus_1",
        place="minicnn.metrics.top_k:sparse_top_k_categorical_accuracy",
        old="larger < k",
        new="larger <= k",
        story="allows k larger predictions, which makes the class number k + 1",
        hint="With k = 1 it must equal the accuracy.",
        level=3,
        check=top_k,
    ),
    Bug(
        name="precision_is_recall",
        place="minicnn.metrics.precision_recall:Precision.result",
        old="counts.true_positives + counts.false_positives",
        new="counts.true_positives + counts.false_negatives",
        story="divides by all that are positive instead of all that were called positive",
        hint="Count by hand: who is in the denominator?",
        level=3,
        check=precision_and_recall,
    ),
    Bug(
        name="mean_of_means",
        place="minicnn.metrics.mean:Mean.update_state",
        old="self.add(float(_by_sample(values * weights).sum()), float(_by_sample(weights).sum()))",
        new="self.add(float(_by_sample(values * weights).sum() / _by_sample(weights).sum()), 1.0)",
        story="averages the averages of the batches",
        hint="Cut the same numbers into unequal batches.",
        level=3,
        check=means_of_unequal_batches,
    ),
    Bug(
        name="roc_over_all_samples",
        place="minicnn.metrics.auc:AUC.result",
        old="ratio(fp, fp + tn)",
        new="ratio(fp, fp + tn + tp + fn)",
        story="divides the false positives by all samples instead of the negative ones: the curve ends too early",
        hint="Where must a ROC curve end?",
        level=3,
        check=area_under_the_curve,
    ),
)
