"""Bugs in the training loop: every operation, loss and optimizer is right by itself."""

import numpy as np

import minicnn as mc
from minicnn import layers
from minicnn.data import Batches

from ..bug import Bug


def model() -> mc.Sequential:
    """A dense network with dropout and a penalty."""
    net = mc.Sequential([layers.Input((14, 14, 1)), layers.Flatten()])
    net.add(layers.Dense(48, activation="tanh", kernel_regularizer="l2"))
    net.add(layers.Dropout(0.4))
    net.add(layers.Dense(10, activation="softmax"))
    net.compile("sgd", "sparse_categorical_crossentropy", metrics=["accuracy"])
    return net


def one_weight(**options: object) -> mc.Sequential:
    """y = w·x with w = 1, trained with SGD of rate ¼ on the squared error."""
    net = mc.Sequential([layers.Input((1,))])
    net.add(layers.Dense(1, use_bias=False, kernel_initializer="ones", **options))
    net.compile(mc.optimizers.SGD(0.25), "mse")
    return net


def two_steps() -> None:
    """L = (w − 0)², dw = 2·w: each step of ¼·dw halves the weight."""
    net = one_weight()
    for _ in range(2):
        net.train_on_batch(np.ones((1, 1)), np.zeros((1, 1)))
    np.testing.assert_allclose(net.get_weights()[0], [[0.25]])


def penalties() -> None:
    """The error is 0, the penalty ½·w² is not."""
    net = one_weight(kernel_regularizer=mc.regularizers.L2(0.5))
    np.testing.assert_allclose(net.train_on_batch(np.ones((1, 1)), np.ones((1, 1))), 0.5)


def modes() -> None:
    """Dropout is for training only."""
    net = mc.Sequential([layers.Input((50,)), layers.Dropout(0.5)])
    net.compile("sgd", "mse")
    x = np.ones((4, 50))
    np.testing.assert_array_equal(net.predict(x, verbose=0), x)
    np.testing.assert_array_equal(net.evaluate(x, x, verbose=0), 0)


def unequal_batches() -> None:
    """The squared errors 1, 1, 4 have the mean 2, however they are cut into batches."""
    net = one_weight()
    loss = net.evaluate(np.array([[1.0], [1.0], [2.0]]), np.zeros((3, 1)), batch_size=2, verbose=0)
    np.testing.assert_allclose(loss, 2)


def epochs() -> None:
    """The loss of an epoch is that of this epoch: 1 and, with the weight halved, ¼."""
    history = one_weight().fit(np.ones((1, 1)), np.zeros((1, 1)), epochs=2, verbose=0).history
    np.testing.assert_allclose(history["loss"], [1, 0.25])


def batches() -> None:
    """All samples come, each with its own label."""
    x = np.arange(10)
    seen = [(a, b) for xs, ys in Batches((x, 2 * x), batch_size=4, shuffle=True) for a, b in zip(xs, ys)]
    np.testing.assert_array_equal(sorted(seen), [(a, 2 * a) for a in x])


def validation_data() -> None:
    """The last quarter of the samples is for validation, the rest for training: here the last label alone is 1."""
    history = (
        one_weight()
        .fit(np.zeros((4, 1)), np.array([[0.0], [0.0], [0.0], [1.0]]), validation_split=0.25, verbose=0)
        .history
    )
    np.testing.assert_array_equal([history["loss"], history["val_loss"]], [[0], [1]])


def class_weights() -> None:
    """A class with weight 0 teaches nothing."""
    net = one_weight()
    net.fit(np.ones((1, 1)), np.zeros((1, 1)), class_weight={0: 0.0}, verbose=0)
    np.testing.assert_array_equal(net.get_weights()[0], [[1]])


BUGS = (
    Bug(
        name="gradients_are_not_cleared",
        place="minicnn.training:Trainer.train_step",
        old="variable.grad = None",
        new="pass",
        story="forgets to clear the gradients: every step goes along the sum of all gradients so far",
        hint="Follow one weight through two steps.",
        level=3,
        check=two_steps,
    ),
    Bug(
        name="penalties_are_not_added",
        place="minicnn.training:Trainer.compute_loss",
        old="loss = loss + penalty",
        new="pass",
        story="collects the penalties and does nothing with them",
        hint="Train on an error of 0. What is left in the loss?",
        level=3,
        check=penalties,
    ),
    Bug(
        name="validation_in_training_mode",
        place="minicnn.training:Trainer.test_step",
        old="self(x, training=False)",
        new="self(x, training=True)",
        story="validates with dropout on and lets batch normalisation learn from the validation images",
        hint="Evaluate twice.",
        level=3,
        check=modes,
    ),
    Bug(
        name="prediction_in_training_mode",
        place="minicnn.training:Trainer.predict_on_batch",
        old="self(x, training=False)",
        new="self(x, training=True)",
        story="predicts with dropout on",
        hint="Predict twice.",
        level=3,
        check=modes,
    ),
    Bug(
        name="mean_of_unequal_batches",
        place="minicnn.training:Trainer._update_metrics",
        old="loss * len(predictions), len(predictions)",
        new="loss, 1",
        story="averages the losses of the batches, so that the samples of a small last batch count more",
        hint="Does the loss depend on the batch size when nothing is learnt?",
        level=3,
        check=unequal_batches,
    ),
    Bug(
        name="metrics_are_not_reset",
        place="minicnn.training:Trainer._train_epoch",
        old="self.reset_metrics()",
        new="pass",
        story="reports the mean over all epochs so far as that of the last one; validation alone resets it",
        hint="Train without validation data. What is the loss of the second epoch made of?",
        level=3,
        check=epochs,
    ),
    Bug(
        name="labels_are_not_shuffled",
        place="minicnn.data.batches:Batches._in_order",
        old="            if self.augment:\n",
        new="            rest = [_take(array, slice(start, start + self.batch_size)) for array in self.arrays[1:]]\n"
        "            if self.augment:\n",
        story="shuffles the images and leaves the labels where they were; the net still learns how frequent digits are",
        hint="Number the samples, give each its number as label, and look at a batch.",
        level=3,
        check=batches,
    ),
    Bug(
        name="last_batch_is_dropped",
        place="minicnn.data.batches:Batches._in_order",
        old="range(0, self.size, self.batch_size)",
        new="range(0, max(self.size - self.batch_size, 0) + 1, self.batch_size)",
        story="stops where a full batch no longer fits; up to a batch of samples is never seen",
        hint="Count the samples of an epoch.",
        level=3,
        check=batches,
    ),
    Bug(
        name="validation_images_are_trained_on",
        place="minicnn.data.feeding:split",
        old="part(slice(kept)), part(slice(kept, None))",
        new="part(slice(None)), part(slice(kept, None))",
        story="sets images aside for validation and trains on all of them: the validation loss is too good",
        hint="Count the samples of an epoch, with a validation split.",
        level=3,
        check=validation_data,
    ),
    Bug(
        name="class_weights_start_at_one",
        place="minicnn.data.feeding:with_class_weight",
        old="class_weight.get(int(c), 1.0)",
        new="class_weight.get(int(c) + 1, 1.0)",
        story="looks the weight of the next class up",
        hint="Give one class the weight 0.",
        level=3,
        check=class_weights,
    ),
)
