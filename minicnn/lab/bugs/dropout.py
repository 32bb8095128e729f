"""Bugs in dropout."""

import numpy as np

import minicnn as mc
from minicnn import Tensor, gradcheck, layers, ops

from ..bug import Bug


def model() -> mc.Sequential:
    """A dense network with dropout between its layers."""
    net = mc.Sequential([layers.Input((14, 14, 1)), layers.Flatten()])
    net.add(layers.Dense(48, activation="tanh"))
    net.add(layers.Dropout(0.3))
    net.add(layers.Dense(10, activation="softmax"))
    net.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    return net


def gradient() -> None:
    rng = np.random.default_rng(0)
    gradcheck(lambda x: ops.dropout(x, 0.3, np.random.default_rng(1)), rng.normal(size=(4, 5)))


def what_is_kept() -> None:
    """Of many ones about 1 − rate stay, each as 1 / (1 − rate), so that the mean stays 1."""
    y = ops.dropout(Tensor(np.ones(10_000)), 0.2, np.random.default_rng(1)).numpy()
    np.testing.assert_allclose(np.unique(y), [0, 1.25])
    np.testing.assert_allclose(y.mean(), 1, atol=0.05)


def inference() -> None:
    np.testing.assert_array_equal(layers.Dropout(0.5)(np.ones((1, 100)), training=False).numpy(), 1)


BUGS = (
    Bug(
        name="dropout_does_not_rescale",
        place="minicnn.kernels.portable.dropout:dropout_grad",
        old="np.asarray(dy / (1 - float(rate)))",
        new="np.asarray(dy)",
        story="drops, and does not make up for it: at inference every unit gets more than it was trained with",
        hint="Forward and backward agree with each other. What should become of the mean?",
        level=3,
        check=what_is_kept,
    ),
    Bug(
        name="dropout_keeps_what_it_should_drop",
        place="minicnn.kernels.portable.dropout:dropout",
        old=">= float(rate)",
        new="< float(rate)",
        story="takes the rate for the probability to keep; with the usual ½ nobody notices",
        hint="Forward and backward agree with each other. How many are dropped?",
        level=3,
        check=what_is_kept,
    ),
    Bug(
        name="dropout_passes_every_gradient",
        place="minicnn.ops.dropout:Dropout.backward",
        old="k.dropout_grad(dy, keep, rate=self.rate)",
        new="k.divide(dy, dy.dtype.type(1 - self.rate))",
        story="rescales the gradient and forgets the mask",
        hint="gradcheck wants the same function at each call: give it a generator seeded anew, as in the example.",
        level=1,
        check=gradient,
    ),
    Bug(
        name="dropout_draws_again",
        place="minicnn.ops.dropout:Dropout.backward",
        old="(keep,) = self.saved",
        new="_, keep = k.dropout(dy, rate=self.rate, rng=self.rng)",
        story="draws a second mask for the way back instead of keeping the first",
        hint="gradcheck wants the same function at each call: give it a generator seeded anew, as in the example.",
        level=1,
        check=gradient,
    ),
    Bug(
        name="dropout_never_stops",
        place="minicnn.layers.dropout:Dropout.call",
        old="if not training or self.rate == 0:",
        new="if self.rate == 0:",
        story="drops at inference too: two predictions for one image differ",
        hint="Predict twice.",
        level=3,
        check=inference,
    ),
)
