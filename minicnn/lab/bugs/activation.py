"""Bugs in activation functions."""

import numpy as np

import minicnn as mc
from minicnn import Tensor, gradcheck, layers, ops

from ..bug import Bug


def model() -> mc.Sequential:
    """A dense network with a different activation after each layer."""
    net = mc.Sequential([layers.Input((14, 14, 1)), layers.Flatten()])
    net.add(layers.Dense(32, activation="tanh"))
    net.add(layers.Dense(32, activation="sigmoid"))
    net.add(layers.Dense(32, activation="relu"))
    net.add(layers.Dense(32))
    net.add(layers.ReLU(negative_slope=0.2, threshold=0.1))
    net.add(layers.Dense(10, activation="softmax"))
    net.add(layers.Activation(lambda p: ops.log_softmax(4.0 * p)))
    net.compile("adam", mc.losses.SparseCategoricalCrossentropy(from_logits=True), metrics=["accuracy"])
    return net


def relu() -> None:
    rng = np.random.default_rng(0)
    gradcheck(ops.relu, rng.normal(size=(3, 4)))


def leaky_relu() -> None:
    rng = np.random.default_rng(0)
    gradcheck(lambda x: ops.leaky_relu(x, 0.2), rng.normal(size=(3, 4)))


def leaky_relu_with_a_threshold() -> None:
    x = np.array([-1.0, 0.25, 0.75, 2.0])  # one between 0 and the threshold
    gradcheck(lambda x: ops.leaky_relu(x, 0.2, threshold=0.5), x)


def sigmoid() -> None:
    rng = np.random.default_rng(0)
    gradcheck(ops.sigmoid, rng.normal(size=(3, 4)))


def tanh() -> None:
    rng = np.random.default_rng(0)
    gradcheck(ops.tanh, rng.normal(size=(3, 4)))


def softmax() -> None:
    rng = np.random.default_rng(0)
    gradcheck(ops.softmax, rng.normal(size=(3, 4)))


def softmax_of_large_numbers() -> None:
    with np.errstate(all="ignore"):
        np.testing.assert_array_equal(ops.softmax(Tensor([[1000.0, 0.0]])).numpy(), [[1.0, 0.0]])


def log_softmax() -> None:
    rng = np.random.default_rng(0)
    gradcheck(ops.log_softmax, rng.normal(size=(3, 4)))


BUGS = (
    Bug(
        name="relu_masks_by_the_gradient",
        place="minicnn.kernels.portable.activation:relu_grad",
        old="select(y > 0, dy)",
        new="select(dy > 0, dy)",
        story="lets positive gradients through instead of the gradients of positive outputs",
        hint="Which array decides who gets a gradient?",
        level=1,
        check=relu,
    ),
    Bug(
        name="relu_corner_is_open",
        place="minicnn.kernels.portable.activation:relu_grad",
        old="select(y > 0, dy)",
        new="select(y >= 0, dy)",
        story="wants the corner to pass its gradient; but an output is never below 0, so everything passes",
        hint="Look at the elements where the input is negative.",
        level=1,
        check=relu,
    ),
    Bug(
        name="leaky_relu_does_not_leak_back",
        place="minicnn.kernels.portable.activation:leaky_relu_grad",
        old="float(negative_slope) * dy",
        new="0 * dy",
        story="copies the gradient of the plain ReLU",
        hint="Look at the elements where the input is negative.",
        level=1,
        check=leaky_relu,
    ),
    Bug(
        name="leaky_relu_ignores_its_threshold",
        place="minicnn.kernels.portable.activation:leaky_relu_grad",
        old="x > float(threshold)",
        new="x > 0",
        story="puts the corner at 0 on the way back, wherever it was on the way there",
        hint="One of the activations has an option that moves its corner.",
        level=2,
        check=leaky_relu_with_a_threshold,
    ),
    Bug(
        name="sigmoid_saves_its_input",
        place="minicnn.ops.sigmoid:Sigmoid.forward",
        old="self.save(y)",
        new="self.save(x)",
        story="saves x where y·(1 − y) needs y",
        hint="Some gradients are written with the output. Did they get the output?",
        level=1,
        check=sigmoid,
    ),
    Bug(
        name="tanh_is_not_squared",
        place="minicnn.kernels.portable.activation:tanh_grad",
        old="1 - y * y",
        new="1 - y",
        story="writes 1 − y for 1 − y²",
        hint="Work out one derivative at x = 0 and one at x = 1; only one of them is wrong.",
        level=1,
        check=tanh,
    ),
    Bug(
        name="softmax_keeps_only_the_diagonal",
        place="minicnn.kernels.portable.activation:softmax_grad",
        old="np.subtract(dy, dx.sum(axis=-1, keepdims=True), out=dx)",
        new="np.subtract(dy, dx, out=dx)",
        story="differentiates each probability by its own logit only: y·(1 − y), as for a sigmoid",
        hint="If one probability rises, the others must fall.",
        level=1,
        check=softmax,
    ),
    Bug(
        name="softmax_normalizes_the_batch",
        place="minicnn.kernels.portable.activation:softmax",
        old="y /= y.sum(axis=-1, keepdims=True)",
        new="y /= y.sum(axis=0, keepdims=True)",
        story="divides by the sum of each column: probabilities over the batch instead of over the classes",
        hint="Here the gradient is right and the function is wrong; gradcheck cannot know which of the two it is.",
        level=1,
        check=softmax,
    ),
    Bug(
        name="softmax_overflows",
        place="minicnn.kernels.portable.activation:softmax",
        old="x - x.max(axis=-1, keepdims=True)",
        new="np.array(x)",
        story="takes e^x of the logits as they are, which is right on paper and infinite above 709",
        hint="Every gradient is right for inputs of the order of 1.",
        level=3,
        check=softmax_of_large_numbers,
    ),
    Bug(
        name="log_softmax_forgets_its_row",
        place="minicnn.kernels.portable.activation:log_softmax_grad",
        old="dx *= dy.sum(axis=-1, keepdims=True)",
        new="dx *= dy",
        story="multiplies by its own gradient where the sum over the row belongs",
        hint="Every output of a row depends on every input of it.",
        level=1,
        check=log_softmax,
    ),
)
