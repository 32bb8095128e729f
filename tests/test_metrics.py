"""Metrics: counts by hand over several batches, names, weights, and shapes that must be refused."""

import numpy as np
import pytest

from minicnn import ShapeError, metrics
from minicnn.metrics import (
    AUC,
    Accuracy,
    BinaryAccuracy,
    CategoricalAccuracy,
    Mean,
    MeanAbsoluteError,
    MeanMetricWrapper,
    MeanSquaredError,
    Precision,
    Recall,
    SparseCategoricalAccuracy,
    SparseTopKCategoricalAccuracy,
    TopKCategoricalAccuracy,
)

P = np.array([[0.1, 0.6, 0.3], [0.5, 0.2, 0.3], [0.2, 0.2, 0.6], [0.4, 0.4, 0.2]])
NUMBERS = np.array([1, 2, 2, 1])
ONE_HOT = np.eye(3)[NUMBERS]


@pytest.fixture
def rng():
    return np.random.default_rng(5)


class TestMean:
    def test_before_the_first_value(self):
        assert Mean().result() == 0

    def test_over_batches_of_different_sizes(self):
        mean = Mean()
        mean.update_state([1, 2])
        mean.update_state([9])
        assert mean.result() == 4
        mean.reset_state()
        assert mean(5) == 5

    def test_a_batch_mean_weighted_by_its_size(self):
        mean = Mean()
        mean.update_state(1.0, sample_weight=3)
        mean.update_state(5.0, sample_weight=1)
        assert mean.result() == 2

    def test_each_samples_values_are_averaged(self, rng):
        values, weights = rng.normal(size=(4, 2, 3)), rng.uniform(size=4)
        expected = (values.mean((1, 2)) * weights).sum() / weights.sum()
        assert Mean()(values, weights) == pytest.approx(expected)
        assert Mean()(values.mean((1, 2)), weights[:, None]) == pytest.approx(expected)

    def test_weights_for_parts_of_samples(self, rng):
        values, weights = rng.normal(size=(4, 3)), rng.uniform(size=(4, 3))
        assert Mean()(values, weights) == pytest.approx((values * weights).sum() / weights.sum())

    def test_weights_never_broadcast(self):
        with pytest.raises(ShapeError, match=r"sample_weight of shape \(2,\) does not fit values of shape \(4,\)"):
            Mean()(np.ones(4), np.ones(2))

    def test_nan_is_not_lost(self):
        assert np.isnan(Mean()([1.0, np.nan]))


class TestAccuracy:
    def test_sparse(self):
        metric = SparseCategoricalAccuracy()
        assert metric(NUMBERS, P) == 0.5  # the tie in the last row goes to class 0
        assert metric([0], P[:1]) == 0.4
        assert SparseCategoricalAccuracy()(NUMBERS[:, None], P) == 0.5

    def test_categorical(self):
        assert CategoricalAccuracy()(ONE_HOT, P) == 0.5
        assert CategoricalAccuracy()(ONE_HOT, P, sample_weight=[1, 0, 0, 3]) == 0.25

    def test_binary(self):
        assert BinaryAccuracy()([1, 0, 1, 0], [[0.5], [0.5], [0.51], [0.4]]) == 0.75
        assert BinaryAccuracy(threshold=0.6)([[1, 0]], [[0.6, 0.7]]) == 0

    def test_equality(self):
        assert Accuracy()([[1], [2], [3]], [[1], [2], [4]]) == pytest.approx(2 / 3)

    @pytest.mark.parametrize("metric", [Accuracy, BinaryAccuracy, CategoricalAccuracy, MeanSquaredError])
    def test_a_column_never_meets_a_vector(self, metric):
        with pytest.raises(ShapeError, match="nothing broadcasts"):
            metric()(np.ones((4, 1)), np.ones(4))

    def test_one_hot_for_the_sparse_metric(self):
        with pytest.raises(ShapeError, match="for one-hot labels use the categorical form"):
            SparseCategoricalAccuracy()(ONE_HOT, P)


class TestAccuracyByShape:
    @pytest.mark.parametrize(
        ("y_true", "y_pred", "kind"),
        [
            (NUMBERS, P, SparseCategoricalAccuracy),
            (NUMBERS[:, None], P, SparseCategoricalAccuracy),
            (ONE_HOT, P, CategoricalAccuracy),
            ([1, 0, 1, 1], P[:, 1:2], BinaryAccuracy),
            ([[1], [0], [1], [1]], P[:, 1:2], BinaryAccuracy),
        ],
    )
    @pytest.mark.parametrize("name", ["accuracy", "acc"])
    def test_chooses_and_keeps_its_name(self, y_true, y_pred, kind, name):
        metric = metrics.get(name)
        assert metric.name == name
        metric.update_state(y_true, y_pred)
        assert metric.result() == kind()(y_true, y_pred)

    def test_counts_anew_after_a_reset(self):
        metric = metrics.get("accuracy")
        assert metric.result() == 0
        metric.reset_state()
        metric.update_state(NUMBERS, P)
        metric.reset_state()
        assert metric([0], P[:1]) == 0
        assert metric([1], P[:1], sample_weight=[3]) == 0.75


class TestTopK:
    @pytest.mark.parametrize(("k", "expected"), [(1, 0.75), (2, 1.0), (3, 1.0)])
    def test_ties_for_the_last_place_all_count(self, k, expected):
        assert SparseTopKCategoricalAccuracy(k)(NUMBERS, P) == expected
        assert TopKCategoricalAccuracy(k)(ONE_HOT, P) == expected

    def test_against_sorting(self, rng):
        p, labels = rng.normal(size=(50, 9)), rng.integers(0, 9, 50)
        expected = np.mean([label in np.argsort(-row)[:4] for row, label in zip(p, labels)])
        assert SparseTopKCategoricalAccuracy(k=4)(labels, p) == expected

    @pytest.mark.parametrize("bad", [np.nan, np.inf])
    def test_rows_that_are_not_finite_are_wrong(self, bad):
        assert SparseTopKCategoricalAccuracy(k=3)([0, 0], [[1.0, bad, 0.0], [1.0, 0.5, 0.0]]) == 0.5


class TestPrecisionRecall:
    LABELS = np.array([1, 0, 1, 1, 0, 0])
    SCORES = np.array([0.9, 0.8, 0.4, 0.6, 0.5, 0.1])

    def test_at_one_half(self):
        assert Precision()(self.LABELS, self.SCORES) == pytest.approx(2 / 3)
        assert Recall()(self.LABELS, self.SCORES) == pytest.approx(2 / 3)

    def test_several_thresholds_in_any_order(self):
        np.testing.assert_allclose(Precision([0.85, 0.0, 0.5])(self.LABELS, self.SCORES), [1, 0.5, 2 / 3])
        np.testing.assert_allclose(Recall([0.85, 0.0, 0.5])(self.LABELS, self.SCORES), [1 / 3, 1, 2 / 3])

    def test_nothing_found_and_nothing_to_find(self):
        assert Precision()([1, 1], [0.1, 0.2]) == 0
        assert Recall()([0, 0], [0.9, 0.9]) == 0

    def test_weights(self):
        assert Precision()(self.LABELS, self.SCORES, [3, 1, 1, 1, 1, 1]) == pytest.approx(4 / 5)

    def test_batches_add_up(self):
        metric = Recall()
        metric.update_state(self.LABELS[:2], self.SCORES[:2])
        metric.update_state(self.LABELS[2:], self.SCORES[2:])
        assert metric.result() == Recall()(self.LABELS, self.SCORES)
        metric.reset_state()
        assert metric.result() == 0

    def test_top_k_and_class(self):
        labels, scores = np.array([[1, 1, 0], [0, 0, 1]]), np.array([[0.3, 0.1, 0.2], [0.4, 0.3, 0.3]])
        assert Precision(top_k=2)(labels, scores) == 0.25
        assert Recall(top_k=2)(labels, scores) == pytest.approx(1 / 3)
        assert Precision(top_k=1, class_id=0)(labels, scores) == 0.5

    def test_nan_is_no_find(self):
        assert Recall()([1, 1], [np.nan, 0.9]) == 0.5

    def test_threshold_outside(self):
        with pytest.raises(ValueError, match=r"thresholds must lie in 0 … 1, got 1.5"):
            Precision(thresholds=1.5)


class TestAUC:
    def test_is_the_chance_of_the_right_order(self, rng):
        labels, scores = rng.integers(0, 2, 300), rng.integers(0, 1001, 300) / 1000
        positive, negative = scores[labels == 1], scores[labels == 0]
        order = np.sign(positive[:, None] - negative[None, :])
        expected = (order + 1).mean() / 2  # ties count half
        thresholds = np.arange(1000) / 1000 + 0.0005
        assert AUC(thresholds=thresholds)(labels, scores) == pytest.approx(expected, abs=1e-9)

    @pytest.mark.parametrize("curve", ["ROC", "PR"])
    def test_perfect_and_reversed(self, curve):
        labels, scores = np.repeat([0, 1], 50), np.linspace(0, 1, 100)
        assert AUC(curve=curve)(labels, scores) == pytest.approx(1, abs=1e-6)
        assert AUC()(labels, 1 - scores) == pytest.approx(0, abs=1e-6)

    @pytest.mark.parametrize("curve", ["ROC", "PR"])
    def test_minoring_and_majoring_enclose_it(self, curve, rng):
        labels, scores = rng.integers(0, 2, 100), rng.uniform(size=100)
        low, middle, high = (AUC(20, curve, m)(labels, scores) for m in ("minoring", "interpolation", "majoring"))
        assert low < middle < high

    def test_logits(self, rng):
        labels, logits = rng.integers(0, 2, 100), rng.normal(size=100)
        assert AUC(from_logits=True)(labels, logits) == pytest.approx(AUC()(labels, 1 / (1 + np.exp(-logits))))

    @pytest.mark.parametrize(
        ("arguments", "match"),
        [({"curve": "pr"}, "curve must"), ({"summation_method": "x"}, "summation"), ({"num_thresholds": 1}, "least 2")],
    )
    def test_wrong_arguments(self, arguments, match):
        with pytest.raises(ValueError, match=match):
            AUC(**arguments)


class TestErrors:
    def test_values(self, rng):
        t, y = rng.normal(size=(2, 5, 3))
        assert MeanSquaredError()(t, y) == pytest.approx(((t - y) ** 2).mean())
        assert MeanAbsoluteError()(t, y, [0, 0, 2, 0, 0]) == pytest.approx(np.abs(t - y)[2].mean())

    def test_small_unsigned_integers_do_not_wrap(self):
        assert MeanAbsoluteError()(np.uint8([[1]]), np.uint8([[3]])) == 2


class TestByName:
    @pytest.mark.parametrize(
        ("name", "kind"),
        [
            ("mse", MeanSquaredError),
            ("mean_absolute_error", MeanAbsoluteError),
            ("SparseCategoricalAccuracy", SparseCategoricalAccuracy),
            ("top_k_categorical_accuracy", TopKCategoricalAccuracy),
            ("AUC", AUC),
        ],
    )
    def test_reported_as_it_was_asked_for(self, name, kind):
        metric = metrics.get(name)
        assert type(metric) is kind
        assert metric.name == name

    def test_objects_and_classes(self):
        metric = Recall(name="found")
        assert metrics.get(metric) is metric
        assert metrics.get(Recall).name == "recall"

    def test_a_function_is_averaged(self):
        def worst(y_true, y_pred):
            return np.abs(y_true - y_pred).max(-1)

        metric = metrics.get(worst)
        assert isinstance(metric, MeanMetricWrapper)
        assert metric.name == "worst"
        assert metric([[0, 0], [0, 0]], [[1, 2], [4, 3]]) == 3

    def test_unknown(self):
        with pytest.raises(ValueError, match="no metric 'f1'"):
            metrics.get("f1")

    @pytest.mark.parametrize("metric", [BinaryAccuracy(threshold=0.3), Precision(0.2, name="p"), AUC(7, "PR")])
    def test_config_rebuilds(self, metric):
        again = type(metric).from_config(metric.get_config())
        labels, scores = [1, 0, 1, 0], [0.25, 0.1, 0.6, 0.4]
        assert again(labels, scores) == metric(labels, scores)

    def test_directions_for_callbacks(self):
        assert metrics.get("accuracy").direction == "up"
        assert metrics.get("mse").direction == "down"


class TestGoingOn:
    """A metric that takes over what another has counted."""

    @pytest.mark.parametrize(
        "make",
        [
            lambda: metrics.get("accuracy"),
            BinaryAccuracy,
            MeanSquaredError,
            lambda: Precision([0.2, 0.5]),
            lambda: Recall(top_k=2),
            lambda: AUC(7),
            lambda: TopKCategoricalAccuracy(2),
        ],
    )
    def test_counts_on(self, make):
        one, other = make(), make()
        one(ONE_HOT[:3], P[:3])
        other.load_state({name: list(v) if isinstance(v, tuple) else v for name, v in one.state().items()})
        np.testing.assert_array_equal(other.result(), one.result())
        np.testing.assert_array_equal(other(ONE_HOT[2:], P[2:]), one(ONE_HOT[2:], P[2:]))

    def test_before_the_first_batch(self):
        one, other = metrics.get("accuracy"), metrics.get("accuracy")
        other.load_state(one.state())
        assert other(ONE_HOT, P) == one(ONE_HOT, P)

    @pytest.mark.parametrize(
        ("metric", "state"),
        [
            (Mean(), {"total": [1.0, 2.0]}),
            (Mean(), {"name": "x"}),
            (Mean(), {"total": "x"}),
            (AUC(7), {"counts": [1, 2, 3, 4]}),
            (metrics.get("accuracy"), {"chosen": "Mean"}),
            (metrics.get("accuracy"), {"total": 1.0}),
        ],
    )
    def test_what_is_no_state(self, metric, state):
        with pytest.raises((ValueError, KeyError)):
            metric.load_state(state)
