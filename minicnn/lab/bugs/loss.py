"""Bugs in losses."""

import numpy as np

import minicnn as mc
from minicnn import Tensor, gradcheck, layers, losses, ops

from ..bug import Bug


def model() -> mc.Sequential:
    """A dense network with a loss that mixes several."""

    def mixed(labels: Tensor, logits: Tensor) -> Tensor:
        numbers = labels.numpy().astype(int)
        one_hot = mc.utils.to_categorical(numbers, 10)
        smoothed = losses.CategoricalCrossentropy(True, label_smoothing=0.1, reduction=None)(one_hot, logits)
        sparse = ops.softmax_cross_entropy(logits, numbers, reduction="none")
        binary = losses.BinaryCrossentropy(True, reduction=None)(one_hot, logits)
        # shifting keeps the sigmoid's logits from the loss, which then works on probabilities
        bits = losses.BinaryCrossentropy(reduction=None)(one_hot, ops.sigmoid(logits) + 0.0)
        errors = losses.MeanSquaredError(reduction=None)(one_hot, ops.softmax(logits))
        return smoothed + sparse + binary + bits + errors

    net = mc.Sequential([layers.Input((14, 14, 1)), layers.Flatten(), layers.Dense(32, activation="tanh")])
    net.add(layers.Dense(10))
    net.compile("adam", mixed, metrics=["accuracy"])
    return net


def class_numbers() -> None:
    rng = np.random.default_rng(0)
    gradcheck(lambda z: ops.softmax_cross_entropy(z, [2, 0, 1], reduction="none"), rng.normal(size=(3, 4)))


def which_class() -> None:
    logits = Tensor(np.log([[0.7, 0.2, 0.1]]))
    np.testing.assert_allclose(ops.softmax_cross_entropy(logits, [1]).item(), -np.log(0.2), rtol=1e-6)


def weights_as_labels() -> None:
    rng = np.random.default_rng(0)
    targets = rng.uniform(size=(3, 4))  # rows that do not sum to 1
    gradcheck(lambda z: ops.softmax_cross_entropy(z, targets), rng.normal(size=(3, 4)))


def yes_or_no() -> None:
    rng = np.random.default_rng(0)
    targets = rng.uniform(size=(3, 4))
    gradcheck(lambda z: ops.sigmoid_cross_entropy(z, targets), rng.normal(size=(3, 4)))


def sure_of_it() -> None:
    with np.errstate(all="ignore"):
        assert_close(ops.sigmoid_cross_entropy(Tensor([[1000.0]]), [[1.0]]).item(), 0.0)


def binary_probabilities() -> None:
    assert_close(losses.BinaryCrossentropy()([[0.0, 1.0]], Tensor([[0.25, 0.5]])).item(), -np.log(0.75 * 0.5) / 2)


def label_smoothing() -> None:
    p = np.array([[0.5, 0.25, 0.25]])
    expected = -(np.array([0.8, 0.1, 0.1]) * np.log(p)).sum()
    assert_close(losses.CategoricalCrossentropy(label_smoothing=0.3)([[1, 0, 0]], Tensor(p)).item(), expected)


def mean_squared_error() -> None:
    assert_close(losses.MeanSquaredError()([[1.0, 2.0]], Tensor([[4.0, 2.0]])).item(), 4.5)


def sample_weights() -> None:
    """The mean divides by the number of samples, not by the sum of their weights."""
    loss = losses.MeanSquaredError()
    assert_close(loss([[0.0], [0.0]], Tensor([[1.0], [2.0]]), sample_weight=[3.0, 0.5]).item(), (3 + 2) / 2)


def assert_close(actual: float, expected: float) -> None:
    np.testing.assert_allclose(actual, expected, rtol=1e-5, atol=1e-7)


BUGS = (
    Bug(
        name="cross_entropy_ignores_upstream",
        place="minicnn.ops.softmax_cross_entropy:SparseSoftmaxCrossEntropy.backward",
        old="k.multiply(dlogits, k.reshape(dy, shape=(-1, 1)))",
        new="dlogits",
        story="returns p − t and loses what comes from above: the 1/N of the mean, and every sample weight",
        hint="A loss has an upstream gradient too: it need not be 1.",
        level=1,
        check=class_numbers,
    ),
    Bug(
        name="sigmoid_cross_entropy_ignores_upstream",
        place="minicnn.ops.sigmoid_cross_entropy:SigmoidCrossEntropy.backward",
        old="k.multiply(dlogits, dy)",
        new="dlogits",
        story="returns σ(z) − t and loses what comes from above, the mean's factor for one",
        hint="A loss has an upstream gradient too: it need not be 1.",
        level=1,
        check=yes_or_no,
    ),
    Bug(
        name="classes_count_from_one",
        place="minicnn.kernels.portable.loss:sparse_softmax_cross_entropy",
        old="np.arange(len(labels)), labels",
        new="np.arange(len(labels)), labels - 1",
        story="takes labels for 1 … K; class 0 silently becomes the last one, and the net learns shifted names",
        hint="Every gradient is right, the loss falls, and the accuracy does not rise.",
        level=3,
        check=which_class,
    ),
    Bug(
        name="cross_entropy_wants_distributions",
        place="minicnn.kernels.portable.loss:softmax_cross_entropy",
        old="    p *= targets.sum(axis=1, keepdims=True)\n",
        new="",
        story="knows that dz = p − t and forgets that this needs targets that sum to 1",
        hint="Soft or weighted labels.",
        level=2,
        check=weights_as_labels,
    ),
    Bug(
        name="sigmoid_is_differentiated_twice",
        place="minicnn.kernels.portable.loss:sigmoid_cross_entropy",
        old="np.asarray(sigmoid(logits) - targets)",
        new="(sigmoid(logits) - targets) * sigmoid(logits) * (1 - sigmoid(logits))",
        story="multiplies by σ′, which has cancelled already: wrong answers that are sure of themselves learn nothing",
        hint="One of the cross-entropies. The more certain the prediction, the worse.",
        level=1,
        check=yes_or_no,
    ),
    Bug(
        name="sigmoid_cross_entropy_overflows",
        place="minicnn.kernels.portable.loss:sigmoid_cross_entropy",
        old="np.maximum(logits, 0) - logits * targets + np.log1p(np.exp(-np.abs(logits)))",
        new="np.log1p(np.exp(logits)) - logits * targets",
        story="writes log(1 + e^z), which is right on paper and infinite above 709",
        hint="Every gradient is right for inputs of the order of 1.",
        level=3,
        check=sure_of_it,
    ),
    Bug(
        name="binary_cross_entropy_knows_only_yes",
        place="minicnn.losses.binary_crossentropy:BinaryCrossentropy.call",
        old="targets * ops.log(p) + (1.0 - targets) * ops.log(1.0 - p)",
        new="targets * ops.log(p)",
        story="leaves out the term of the zeros: calling everything 1 costs nothing",
        hint="The gradients belong to the function as it is written. Work the loss of one prediction out by hand.",
        level=3,
        check=binary_probabilities,
    ),
    Bug(
        name="smoothing_spares_the_right_class",
        place="minicnn.losses.labels:smooth",
        old="amount / classes",
        new="amount / (classes - 1)",
        story="spreads the smoothing over the other classes but gives the right one a share as well: too much in all",
        hint="Add up the smoothed labels of one sample.",
        level=3,
        check=label_smoothing,
    ),
    Bug(
        name="smoothing_is_off",
        place="minicnn.losses.categorical_crossentropy:CategoricalCrossentropy.prepare",
        old="smooth(labels, self.label_smoothing, classes=y_pred.shape[-1])",
        new="labels",
        story="takes the option, keeps it, and never uses it",
        hint="Does every option change something?",
        level=3,
        check=label_smoothing,
    ),
    Bug(
        name="mean_squared_error_is_halved",
        place="minicnn.losses.mean_squared_error:MeanSquaredError.call",
        old="(targets - y_pred) ** 2",
        new="0.5 * (targets - y_pred) ** 2",
        story="adds the ½ of the textbooks, which makes the gradient pretty and the number another one",
        hint="The gradients belong to the function as it is written. Work the loss of one prediction out by hand.",
        level=3,
        check=mean_squared_error,
    ),
    Bug(
        name="weights_divide_the_mean",
        place="minicnn.losses.loss:Loss.reduce",
        old="return losses.mean()",
        new="return losses.mean() if weights is None else losses.sum() / weights.sum()",
        story="divides by the sum of the weights, as a weighted mean does and this loss does not",
        hint="Weigh two samples differently and work the loss out by hand.",
        level=3,
        check=sample_weights,
    ),
)
