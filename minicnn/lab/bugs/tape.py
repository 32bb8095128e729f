"""Bugs in the tape: what becomes of gradients between the operations."""

import numpy as np

import minicnn as mc
from minicnn import Tensor, gradcheck, layers, ops

from ..bug import Bug


def model() -> mc.Model:
    """Two branches that meet again, and one layer that is used twice."""
    inputs = layers.Input((14, 14, 1))
    x = layers.Dense(24, activation="tanh")(layers.Flatten()(inputs))
    shared = layers.Dense(24, activation="tanh")
    y = layers.Add()([x, shared(x), shared(layers.Activation("tanh")(shared(x)))])
    net = mc.Model(inputs, layers.Dense(10, activation="softmax")(y))
    net.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    return net


def values_used_twice() -> None:
    rng = np.random.default_rng(0)

    def f(x: Tensor) -> Tensor:
        y = ops.tanh(x)
        return y * ops.exp(y)

    gradcheck(f, rng.normal(size=(3, 4)))


def inputs_used_twice() -> None:
    rng = np.random.default_rng(0)
    gradcheck(lambda x: ops.tanh(x) + ops.exp(x), rng.normal(size=(3, 4)))


def short_and_long_ways() -> None:
    rng = np.random.default_rng(0)

    def f(x: Tensor) -> Tensor:
        y = ops.exp(x)
        return ops.add(ops.sigmoid(ops.tanh(y)), y)

    def g(x: Tensor) -> Tensor:
        y = ops.exp(x)
        return ops.add(y, ops.sigmoid(ops.tanh(y)))

    gradcheck(f, rng.normal(size=(3, 4)))
    gradcheck(g, rng.normal(size=(3, 4)))


def broadcasting() -> None:
    rng = np.random.default_rng(0)
    gradcheck(lambda a, b: a + b, rng.normal(size=(3, 4)), rng.normal(size=4))


def the_same_operation_twice() -> None:
    rng = np.random.default_rng(0)
    gradcheck(lambda x: ops.tanh(2.0 * ops.tanh(x)), rng.normal(size=(3, 4)))


def upstream() -> None:
    rng = np.random.default_rng(0)
    gradcheck(ops.negative, rng.normal(size=(3, 4)))


BUGS = (
    Bug(
        name="tape_overwrites",
        place="minicnn.tensor:_pull_back",
        old="flowing[id(tensor)] = op.kernels.add(flowing[id(tensor)], gradient)",
        new="flowing[id(tensor)] = gradient",
        story="a value that is used twice keeps the gradient of one use; the two must be added",
        hint="Every operation is right by itself. Let two of them use one result.",
        level=3,
        check=values_used_twice,
    ),
    Bug(
        name="parameters_overwrite",
        place="minicnn.tensor:_accumulate",
        old="gradient if tensor.grad is None else kernels_for((gradient,)).add(tensor.grad, gradient)",
        new="gradient",
        story="a parameter that is used twice keeps the gradient of one use; nets without sharing never notice",
        hint="Every operation is right by itself. Use one input in two places.",
        level=3,
        check=inputs_used_twice,
    ),
    Bug(
        name="tape_in_the_order_found",
        place="minicnn.tensor:_tape_behind",
        old="sorted(found.values(), key=lambda t: t.op.order, reverse=True)",
        new="list(found.values())",
        story="walks back in the order of discovery: a value may be passed before all its gradients have come",
        hint="A chain is fine. Try a short cut past a long way.",
        level=3,
        check=short_and_long_ways,
    ),
    Bug(
        name="broadcasting_keeps_one_row",
        place="minicnn.ops.broadcasting:reduce_to",
        old="k.sum(dy, axis=repeated, keepdims=False)",
        new="k.getitem(dy, key=tuple(0 if i in repeated else slice(None) for i in range(len(dy.shape))))",
        story="makes the shapes fit again by taking the first row instead of the sum of the rows",
        hint="Give the two operands different shapes.",
        level=2,
        check=broadcasting,
    ),
    Bug(
        name="saved_on_the_class",
        place="minicnn.ops.tanh:Tanh.forward",
        old="self.save(y)",
        new="Tanh._saved = (y,)",
        story="keeps y where all nodes of the tape share it: the second tanh overwrites what the first one saved",
        hint="Once is fine. Twice?",
        level=3,
        check=the_same_operation_twice,
    ),
    Bug(
        name="upstream_is_all_ones",
        place="minicnn.tensor:Tensor._upstream",
        old="gradient = np.array(on_host(gradient), self.dtype)",
        new="gradient = np.ones(np.shape(gradient), self.dtype)",
        story="tests with all-ones upstream gradients, as many tests do, and builds them in",
        hint="A scalar loss never notices. What does backward(gradient) do with its argument?",
        level=1,
        check=upstream,
    ),
)
