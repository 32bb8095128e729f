"""Losses: values by hand, slopes by finite differences, and labels that must be refused."""

import warnings

import numpy as np
import pytest

import minicnn
from minicnn import ShapeError, Tensor, device, losses, no_grad, ops
from minicnn.losses import (
    BinaryCrossentropy,
    CategoricalCrossentropy,
    FunctionLoss,
    Loss,
    MeanAbsoluteError,
    MeanSquaredError,
    SparseCategoricalCrossentropy,
)
from minicnn.losses.labels import match_classes

EPSILON = 1e-7
ONE_HOT = np.eye(3)[[2, 0, 1, 1]]


@pytest.fixture(autouse=True)
def portable():
    with device("portable"):
        yield


@pytest.fixture
def rng():
    return np.random.default_rng(0)


def softmax(z):
    e = np.exp(z - z.max(-1, keepdims=True))
    return e / e.sum(-1, keepdims=True)


def sigmoid(z):
    return 1 / (1 + np.exp(-z))


#: name → the loss, labels and predictions (N = 4), and the losses of the samples by the definition
def _cases():
    rng = np.random.default_rng(1)
    z = rng.normal(size=(4, 3))
    p, q = rng.uniform(0.05, 0.95, (4, 3)), sigmoid(z)
    soft = softmax(rng.normal(size=(4, 3)))
    binary = rng.integers(0, 2, (4, 3)).astype(float)
    numbers = ONE_HOT.argmax(-1)
    rows = np.arange(4)
    log_softmax = np.log(softmax(z))
    normal = p / p.sum(-1, keepdims=True)
    smooth3, smooth2 = 0.8 * soft + 0.2 / 3, 0.8 * binary + 0.1
    target = rng.normal(size=(4, 3))

    def bce(t, q):
        return -(t * np.log(q) + (1 - t) * np.log(1 - q)).mean(-1)

    return {
        "sparse": (SparseCategoricalCrossentropy(), numbers, p, -np.log(normal[rows, numbers])),
        "sparse column": (SparseCategoricalCrossentropy(), numbers[:, None], p, -np.log(normal[rows, numbers])),
        "sparse logits": (SparseCategoricalCrossentropy(True), numbers, z, -log_softmax[rows, numbers]),
        "categorical": (CategoricalCrossentropy(), soft, p, -(soft * np.log(normal)).sum(-1)),
        "categorical logits": (CategoricalCrossentropy(True), soft, z, -(soft * log_softmax).sum(-1)),
        "categorical smooth": (
            CategoricalCrossentropy(label_smoothing=0.2),
            soft,
            p,
            -(smooth3 * np.log(normal)).sum(-1),
        ),
        "categorical logits smooth": (
            CategoricalCrossentropy(True, 0.2),
            soft,
            z,
            -(smooth3 * log_softmax).sum(-1),
        ),
        "binary": (BinaryCrossentropy(), binary, p, bce(binary, p)),
        "binary logits": (BinaryCrossentropy(True), binary, z, bce(binary, q)),
        "binary smooth": (BinaryCrossentropy(label_smoothing=0.2), binary, p, bce(smooth2, p)),
        "binary logits smooth": (BinaryCrossentropy(True, 0.2), binary, z, bce(smooth2, q)),
        "binary, one output": (BinaryCrossentropy(), binary[:, 0], p[:, :1], bce(binary[:, :1], p[:, :1])),
        "squared": (MeanSquaredError(), target, z, ((target - z) ** 2).mean(-1)),
        "squared, one output": (MeanSquaredError(), target[:, 0], z[:, :1], (target[:, 0] - z[:, 0]) ** 2),
        "absolute": (MeanAbsoluteError(), target, z, np.abs(target - z).mean(-1)),
    }


CASES = _cases()
every_case = pytest.mark.parametrize("case", CASES.values(), ids=CASES)


def per_sample(loss, y_true, y_pred):
    return loss.call(Tensor(loss.prepare(y_true, Tensor(y_pred))), Tensor(y_pred)).numpy()


class TestValues:
    @every_case
    def test_of_each_sample(self, case):
        loss, y_true, y_pred, expected = case
        np.testing.assert_allclose(per_sample(loss, y_true, y_pred), expected, rtol=1e-12)

    @every_case
    def test_mean_over_the_batch(self, case):
        loss, y_true, y_pred, expected = case
        assert loss(y_true, y_pred).item() == pytest.approx(expected.mean(), rel=1e-12)

    @every_case
    def test_batch_of_one(self, case):
        loss, y_true, y_pred, expected = case
        assert loss(y_true[:1], y_pred[:1]).item() == pytest.approx(expected[0], rel=1e-12)

    @every_case
    def test_float32_stays_float32(self, case):
        loss, y_true, y_pred, expected = case
        result = loss(y_true, y_pred.astype(np.float32))
        assert result.dtype == np.float32
        assert result.item() == pytest.approx(expected.mean(), rel=1e-5)

    def test_images_as_targets(self, rng):
        t, y = rng.uniform(0.1, 0.9, size=(2, 2, 5, 4, 3))
        cross_entropy = -(t * np.log(y) + (1 - t) * np.log(1 - y)).mean(-1)
        logits = np.log(y / (1 - y))
        for loss, predicted, expected in [
            (MeanSquaredError(None), y, ((t - y) ** 2).mean(-1)),
            (MeanAbsoluteError(None), y, abs(t - y).mean(-1)),
            (BinaryCrossentropy(reduction=None), y, cross_entropy),
            (BinaryCrossentropy(from_logits=True, reduction=None), logits, cross_entropy),
        ]:
            np.testing.assert_allclose(loss(t, predicted).numpy(), expected, rtol=1e-12)

    def test_images_of_one_channel_need_no_channel_axis_in_the_labels(self, rng):
        t, y = rng.normal(size=(2, 2, 5, 4))
        np.testing.assert_allclose(MeanSquaredError(None)(t, y[..., None]).numpy(), (t - y) ** 2, rtol=1e-12)
        numbers = np.zeros((2, 5, 4), int)
        for labels in (numbers, numbers[..., None]):
            assert match_classes("loss", labels, np.ones((2, 5, 4, 3))).shape == (2, 5, 4)

    def test_vectors_are_one_sample_as_in_keras(self):
        assert MeanSquaredError()([1.0, 0.0, 1.0], [0.9, 0.1, 0.8]).shape == ()


class TestGradients:
    @every_case
    @pytest.mark.parametrize("weighted", [False, True])
    def test_slopes(self, case, weighted, rng):
        loss, y_true, y_pred, _ = case
        weights = rng.uniform(0.1, 2, 4) if weighted else None
        tensor = Tensor(y_pred, requires_grad=True)
        upstream = 1.7
        loss(y_true, tensor, weights).backward(upstream)
        h = 1e-6
        slopes = np.empty_like(y_pred)
        for place in np.ndindex(*y_pred.shape):
            step = np.zeros_like(y_pred)
            step[place] = h
            ahead, behind = (loss(y_true, y_pred + s, weights).item() for s in (step, -step))
            slopes[place] = upstream * (ahead - behind) / (2 * h)
        np.testing.assert_allclose(tensor.grad, slopes, rtol=1e-6, atol=1e-8)


class TestReduction:
    LOSSES = np.array([0.5, 2.0, 4.5])
    PREDICTED = np.array([[1.0], [2.0], [3.0]])
    LABELS = PREDICTED + np.sqrt(LOSSES)[:, None]

    def reduced(self, reduction, weights=None):
        return MeanSquaredError(reduction)(self.LABELS, self.PREDICTED, weights).numpy()

    @pytest.mark.parametrize(
        ("reduction", "expected"), [("sum_over_batch_size", 7 / 3), ("sum", 7.0), ("none", LOSSES), (None, LOSSES)]
    )
    def test_without_weights(self, reduction, expected):
        np.testing.assert_allclose(self.reduced(reduction), expected)

    @pytest.mark.parametrize("shape", [(3,), (3, 1)])
    def test_mean_divides_by_samples_not_weights(self, shape):
        weights = np.reshape([1.0, 0.0, 4.0], shape)
        np.testing.assert_allclose(self.reduced("sum_over_batch_size", weights), 18.5 / 3)
        np.testing.assert_allclose(self.reduced("sum", weights), 18.5)
        np.testing.assert_allclose(self.reduced(None, weights), [0.5, 0, 18])

    def test_one_weight_for_all(self):
        np.testing.assert_allclose(self.reduced("sum", 2.0), 14.0)

    @pytest.mark.parametrize("dtype", [int, np.float64])
    def test_weights_of_another_dtype(self, dtype):
        weighted = MeanSquaredError("sum")(self.LABELS, self.PREDICTED.astype(np.float32), np.array([1, 0, 4], dtype))
        assert weighted.dtype == np.float32
        assert weighted.item() == pytest.approx(18.5)

    @pytest.mark.parametrize("shape", [(2,), (1,), (1, 3), (3, 3)])
    def test_weights_never_broadcast(self, shape):
        with pytest.raises(ShapeError, match=r"sample_weight must have one number for each"):
            self.reduced("sum", np.ones(shape))

    def test_unknown(self):
        with pytest.raises(ValueError, match="reduction must be 'sum_over_batch_size'"):
            MeanSquaredError("average")


class TestExtremes:
    @pytest.mark.parametrize("make", [SparseCategoricalCrossentropy, CategoricalCrossentropy])
    @pytest.mark.parametrize(("label", "expected"), [(0, 0.0), (1, 2000.0)])
    def test_saturated_logits_are_exact(self, make, label, expected):
        y_true = [label] if make is SparseCategoricalCrossentropy else np.eye(2)[[label]]
        z = Tensor(np.array([[1000.0, -1000.0]], np.float32), requires_grad=True)
        loss = make(from_logits=True)(y_true, z)
        loss.backward()
        assert loss.item() == expected
        np.testing.assert_array_equal(z.grad, [[0, 0]] if label == 0 else [[1, -1]])

    @pytest.mark.parametrize(("logit", "label", "expected"), [(1000, 1, 0), (1000, 0, 1000), (-1000, 1, 1000)])
    def test_saturated_sigmoid(self, logit, label, expected):
        assert BinaryCrossentropy(from_logits=True)([[label]], [[float(logit)]]).item() == expected

    @pytest.mark.parametrize("wrong", [0.0, 1.0])
    def test_certain_and_wrong_costs_the_logarithm_of_epsilon(self, wrong):
        p = np.array([[wrong, 1 - wrong]])
        label = 0 if wrong == 0 else 1
        expected = -np.log(EPSILON)
        assert CategoricalCrossentropy()(np.eye(2)[[label]], p).item() == pytest.approx(expected, rel=1e-9)
        assert SparseCategoricalCrossentropy()([label], p).item() == pytest.approx(expected, rel=1e-6)
        assert BinaryCrossentropy()([[1 - wrong]], np.array([[wrong]])).item() == pytest.approx(expected, rel=1e-9)

    def test_no_gradient_through_clipped_probabilities(self):
        p = Tensor(np.array([[0.0, 1.0]]), requires_grad=True)
        BinaryCrossentropy()([[1.0, 1.0]], p).backward()
        np.testing.assert_array_equal(p.grad, [[0, 0]])

    @every_case
    def test_nan_prediction_gives_nan(self, case):
        loss, y_true, y_pred, _ = case
        y_pred = y_pred.copy()
        y_pred[1, 0] = np.nan
        losses_ = per_sample(loss, y_true, y_pred)
        assert np.isnan(losses_[1])
        assert np.isfinite(losses_[[0, 2, 3]]).all()


class TestLogitsBehindActivations:
    """A model that ends in softmax or sigmoid is computed from its logits: exact even where p underflows."""

    @pytest.mark.parametrize(
        ("activation", "loss", "label"),
        [
            (ops.softmax, SparseCategoricalCrossentropy, [1]),
            (ops.softmax, CategoricalCrossentropy, [[0.0, 1.0]]),
            (ops.sigmoid, BinaryCrossentropy, [[0.0, 1.0]]),
        ],
    )
    @pytest.mark.parametrize("recorded", [True, False])
    def test_exact(self, activation, loss, label, recorded):
        z = Tensor(np.array([[300.0, -300.0]], np.float32), requires_grad=recorded)
        exact = loss(from_logits=True)(label, z).item()
        assert exact >= 300
        assert loss()(label, activation(z)).item() == exact

    def test_gradient_reaches_the_logits(self):
        z = Tensor(np.array([[300.0, -300.0]]), requires_grad=True)
        SparseCategoricalCrossentropy()([1], ops.softmax(z)).backward()
        np.testing.assert_array_equal(z.grad, [[1, -1]])

    def test_without_a_tape(self):
        with no_grad():
            p = ops.softmax(Tensor([[300.0, -300.0]]))
            assert SparseCategoricalCrossentropy()([1], p).item() == 600

    @pytest.mark.parametrize(
        ("activation", "kind", "label"),
        [
            (ops.softmax, SparseCategoricalCrossentropy, [1]),
            (ops.softmax, CategoricalCrossentropy, [[0.0, 1.0]]),
            (ops.sigmoid, BinaryCrossentropy, [[0.0, 1.0]]),
        ],
    )
    def test_both_logits_and_softmax_warns_and_uses_the_logits(self, activation, kind, label):
        z, loss = Tensor([[1.0, 2.0]]), kind(from_logits=True)
        with pytest.warns(UserWarning, match=f"^{loss.name} was told from_logits=True, but the model ends") as warned:
            both = loss(label, activation(z))
        assert warned[0].filename == __file__
        assert both.item() == loss(label, z).item()

    def test_no_warning_otherwise(self):
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            SparseCategoricalCrossentropy()([1], ops.softmax(Tensor([[1.0, 2.0]])))


def refused(loss, y_true, y_pred, error, match):
    """The loss says its name and what is wrong."""
    with pytest.raises(error, match=f"^{loss.name}: .*{match}"):
        loss(y_true, np.asarray(y_pred, np.float32))


class TestRefusedLabels:
    P = np.full((4, 3), 1 / 3)

    @pytest.mark.parametrize(
        ("labels", "found"), [([0, 1, 2, 3], "got 3;"), ([-1, 0, 1, 2], "got -1;"), ([9, 8, 7, 0], "got 7, 8, 9;")]
    )
    def test_class_numbers_out_of_range(self, labels, found):
        match = rf"labels must lie in 0 … 2 because there are 3 outputs, {found} number the classes from 0, or give"
        refused(SparseCategoricalCrossentropy(), labels, self.P, ValueError, match)

    @pytest.mark.parametrize(("count", "found"), [(5, "got 10, 11, 12, 13, 14;"), (6, "got 10, 11, 12, 13, 14, …;")])
    def test_many_wrong_numbers_are_cut_short(self, count, found):
        refused(SparseCategoricalCrossentropy(), 10 + np.arange(count), np.ones((count, 3)), ValueError, found)

    @pytest.mark.parametrize("labels", [[0, 1, 0, 1], [1, 1, 1, 1]])
    def test_two_classes_for_one_output(self, labels):
        match = "for a single output use binary_crossentropy"
        refused(SparseCategoricalCrossentropy(), labels, self.P[:, :1], ValueError, match)

    def test_classes_numbered_from_one(self):
        match = "got 2; number the classes from 0 with labels - 1"
        refused(SparseCategoricalCrossentropy(), [1, 2, 2, 1], self.P[:, :2], ValueError, match)

    def test_fractions_as_class_numbers(self):
        match = r"class numbers must be whole, got 0.5, 1.5"
        refused(SparseCategoricalCrossentropy(), [0.5, 1, 1.5, 2], self.P, ValueError, match)

    def test_whole_floats_are_class_numbers(self):
        assert SparseCategoricalCrossentropy().prepare([0.0, 2.0], Tensor(self.P[:2])).dtype == np.int64

    def test_one_hot_where_numbers_are_wanted(self):
        match = r"need class numbers of shape \(4,\), got labels of shape \(4, 3\); for one-hot labels use"
        refused(SparseCategoricalCrossentropy(), ONE_HOT, self.P, ShapeError, match)

    @pytest.mark.parametrize("loss", [CategoricalCrossentropy(), BinaryCrossentropy(), MeanSquaredError()])
    @pytest.mark.parametrize("shape", [(4,), (4, 1)])
    def test_numbers_where_one_hot_is_wanted(self, loss, shape):
        match = r"for class numbers use sparse_categorical_crossentropy or utils.to_categorical"
        refused(loss, np.reshape([0, 1, 2, 0], shape), self.P, ShapeError, match)

    @pytest.mark.parametrize("loss", [BinaryCrossentropy(), MeanSquaredError(), MeanAbsoluteError()])
    def test_a_column_never_meets_a_vector(self, loss):
        refused(loss, np.ones((4, 1)), np.full(4, 0.5), ShapeError, r"nothing broadcasts: drop the labels' last axis")

    def test_number_of_samples(self):
        match = "they hold 5 and 4 samples"
        refused(MeanSquaredError(), np.ones((5, 3)), self.P, ShapeError, match)
        refused(CategoricalCrossentropy(), np.ones((5, 3)), self.P, ShapeError, match)
        refused(SparseCategoricalCrossentropy(), [0, 1], self.P, ShapeError, r"got labels of shape \(2,\)")

    @pytest.mark.parametrize(
        ("labels", "predictions", "hint"),
        [
            ((4, 5), (4, 3), "5 numbers a label need a last layer of 5 units, it has 3"),
            ((4,), (4, 2, 3), r"put layers.Flatten\(\) or"),
            ((4, 3), (4, 2, 3), r"put layers.Flatten\(\) or"),
            ((4, 2, 5), (4, 2, 3), "every prediction needs exactly one label"),
            ((4, 2, 3), (4, 2, 2, 3), "every prediction needs exactly one label"),
        ],
    )
    def test_shapes_that_do_not_fit(self, labels, predictions, hint):
        refused(MeanSquaredError(), np.ones(labels), np.ones(predictions), ShapeError, f"; {hint}")

    @pytest.mark.parametrize("loss", [BinaryCrossentropy(), CategoricalCrossentropy()])
    def test_outside_zero_to_one(self, loss):
        refused(loss, ONE_HOT * 2, self.P, ValueError, "labels must lie in 0 … 1, got 2$")

    def test_signs_as_labels(self):
        match = "got -1; map labels −1 and 1 to 0 and 1"
        refused(BinaryCrossentropy(), [[-1], [1], [1], [-1]], self.P[:, :1], ValueError, match)

    @every_case
    def test_nan(self, case):
        loss, y_true, y_pred, _ = case
        y_true = y_true.astype(float)
        y_true[2] = np.nan
        refused(loss, y_true, y_pred, ValueError, r"labels are NaN, the first at \[2")

    @pytest.mark.parametrize("loss", [CategoricalCrossentropy(), SparseCategoricalCrossentropy()])
    def test_predictions_that_are_no_rows(self, loss):
        refused(loss, [0, 1, 2], np.ones(3), ShapeError, r"must have shape \(N, K\), got \(3,\); add the batch axis")
        refused(loss, np.ones((2, 4, 4)), np.ones((2, 4, 4, 3)), ShapeError, "end the model in a Dense layer")

    def test_classes_on_another_axis(self):
        with pytest.raises(ValueError, match="axis=-1, got axis=1"):
            CategoricalCrossentropy(axis=1)


class TestByName:
    @pytest.mark.parametrize(
        ("name", "kind"),
        [
            ("sparse_categorical_crossentropy", SparseCategoricalCrossentropy),
            ("CategoricalCrossentropy", CategoricalCrossentropy),
            ("bce", BinaryCrossentropy),
            ("MAE", MeanAbsoluteError),
            (MeanSquaredError, MeanSquaredError),
            (losses.mean_squared_error, MeanSquaredError),
        ],
    )
    def test_get(self, name, kind):
        assert type(losses.get(name)) is kind

    @pytest.mark.parametrize(
        ("kind", "name"),
        [
            (BinaryCrossentropy, "binary_crossentropy"),
            (CategoricalCrossentropy, "categorical_crossentropy"),
            (MeanAbsoluteError, "mean_absolute_error"),
            (MeanSquaredError, "mean_squared_error"),
            (SparseCategoricalCrossentropy, "sparse_categorical_crossentropy"),
        ],
    )
    def test_names(self, kind, name):
        assert kind().name == kind().get_config()["name"] == name
        assert kind(name="mine").name == "mine"

    def test_a_loss_is_itself(self):
        loss = MeanSquaredError()
        assert losses.get(loss) is loss

    def test_unknown(self):
        with pytest.raises(ValueError, match=r"no loss 'hinge'; there are:.*mean_squared_error"):
            losses.get("hinge")

    def test_functions_are_the_losses_of_samples(self):
        for loss, y_true, y_pred, expected in CASES.values():
            config = loss.get_config()
            options = {name: config[name] for name in ("from_logits", "label_smoothing", "axis") if name in config}
            function = getattr(losses, loss.name)
            np.testing.assert_allclose(function(y_true, y_pred, **options).numpy(), expected, rtol=1e-12)

    @pytest.mark.parametrize("name", ["binary", "categorical", "sparse_categorical"])
    def test_functions_refuse_classes_on_another_axis(self, name):
        with pytest.raises(ValueError, match="axis=-1, got axis=0"):
            getattr(losses, f"{name}_crossentropy")([[1.0]], [[0.5]], axis=0)

    def test_a_function_of_tensors_is_a_loss(self):
        def cubed(y_true, y_pred):
            return (abs(y_true - y_pred) ** 3).mean(axis=-1)

        loss = losses.get(cubed)
        assert isinstance(loss, FunctionLoss)
        assert loss.name == "cubed"
        assert loss([[2.0]], [[0.0]]).item() == 8
        assert FunctionLoss(cubed, "sum")([[2.0], [1.0]], [[0.0], [0.0]]).item() == 9

    def test_a_loss_of_your_own(self):
        class City(Loss):
            def call(self, targets, y_pred):
                return abs(targets - y_pred).sum(axis=-1)

        assert City()([[1, 2], [3, 4]], [[0.0, 0.0], [0.0, 0.0]]).item() == 5
        assert City().name == "City"

    def test_a_loss_of_your_own_takes_labels_of_any_shape(self):
        class Hinge(Loss):
            def call(self, targets, y_pred):
                return ops.relu(1.0 - targets * y_pred[:, 0])

        assert Hinge()([1, -1, 1], [[3.0, 9.0], [0.5, 9.0], [0.5, 9.0]]).item() == pytest.approx(2 / 3)

    def test_a_loss_without_its_formula(self):
        with pytest.raises(NotImplementedError):
            Loss()([1.0], [1.0])

    @every_case
    def test_config_rebuilds(self, case):
        loss, y_true, y_pred, _ = case
        again = type(loss).from_config(loss.get_config())
        assert again.get_config() == loss.get_config()
        assert again(y_true, y_pred).item() == loss(y_true, y_pred).item()


def test_prepare_reads_only_shape_and_dtype():
    spec = Tensor(minicnn.kernels.contract.ArraySpec((4, 3), np.dtype("float32")))
    for loss, y_true, y_pred, _ in CASES.values():
        if y_pred.shape == (4, 3):
            loss.call(Tensor(loss.prepare(y_true, spec)), spec)  # shapes flow through `call` too
