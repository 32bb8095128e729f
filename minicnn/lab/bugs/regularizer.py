"""Bugs in penalties on weights."""

import numpy as np

import minicnn as mc
from minicnn import Tensor, gradcheck, layers, regularizers

from ..bug import Bug


def model() -> mc.Sequential:
    """A dense network with a penalty on each kernel."""
    net = mc.Sequential([layers.Input((14, 14, 1)), layers.Flatten()])
    net.add(layers.Dense(32, activation="tanh", kernel_regularizer=regularizers.L2(0.003)))
    net.add(layers.Dense(10, activation="softmax", kernel_regularizer=regularizers.L1(0.003)))
    net.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    return net


def slope_of_l2() -> None:
    rng = np.random.default_rng(0)
    gradcheck(regularizers.L2(0.1), rng.normal(size=(3, 4)))


def size_of_l2() -> None:
    np.testing.assert_allclose(regularizers.L2(0.1)(Tensor([1.0, -2.0])).item(), 0.5, rtol=1e-6)


def size_of_l1() -> None:
    np.testing.assert_allclose(regularizers.L1(0.1)(Tensor([1.0, -2.0])).item(), 0.3, rtol=1e-6)


def size_of_both() -> None:
    np.testing.assert_allclose(regularizers.L1L2(0.1, 1.0)(Tensor([1.0, -2.0])).item(), 5.3, rtol=1e-6)


def losses_of_a_layer() -> None:
    layer = layers.Dense(2, kernel_regularizer=regularizers.L2(1.0), bias_regularizer=regularizers.L2(1.0))
    layer(np.ones((1, 3)))
    np.testing.assert_equal(len(layer.losses), 2)


BUGS = (
    Bug(
        name="l2_has_no_gradient",
        place="minicnn.regularizers:L2.__call__",
        old="(w * w).sum()",
        new="(w.detach() * w.detach()).sum()",
        story="cuts the penalty off from the tape: the loss shows it, the weights never feel it",
        hint="A penalty is a function too.",
        level=1,
        check=slope_of_l2,
    ),
    Bug(
        name="l2_is_halved",
        place="minicnn.regularizers:L2.__call__",
        old="self.l2 * (w * w).sum()",
        new="0.5 * self.l2 * (w * w).sum()",
        story="adds the ½ of the textbooks, so that a strength taken from a Keras program does half of its work",
        hint="The gradients belong to the function as it is written. Work one penalty out by hand.",
        level=3,
        check=size_of_l2,
    ),
    Bug(
        name="l1_has_no_bars",
        place="minicnn.regularizers:L1.__call__",
        old="abs(w).sum()",
        new="w.sum()",
        story="sums the weights instead of their sizes: it pushes all of them to −∞",
        hint="The gradients belong to the function as it is written. Work one penalty out by hand.",
        level=3,
        check=size_of_l1,
    ),
    Bug(
        name="l1l2_forgets_l1",
        place="minicnn.regularizers:L1L2.__call__",
        old="self.l1 * abs(w).sum() + ",
        new="",
        story="has two strengths and uses one",
        hint="Does every option change something?",
        level=3,
        check=size_of_both,
    ),
    Bug(
        name="penalty_of_the_first_weight_only",
        place="minicnn.layers.layer:Layer.losses",
        old="if v.regularizer is not None]",
        new="if v.regularizer is not None][:1]",
        story="returns one penalty a layer, that of the kernel, and loses the bias's",
        hint="How many penalties has a layer with a regularized kernel and a regularized bias?",
        level=3,
        check=losses_of_a_layer,
    ),
)
