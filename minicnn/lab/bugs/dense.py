"""Bugs in the dense layer and in the gradient of biases."""

import numpy as np

import minicnn as mc
from minicnn import gradcheck, layers, ops

from ..bug import Bug


def model() -> mc.Sequential:
    """A convolution, and dense layers of equal width."""
    net = mc.Sequential([layers.Input((14, 14, 1)), layers.Conv2D(4, 5, strides=3, activation="tanh")])
    net.add(layers.Flatten())
    net.add(layers.Dense(32, activation="tanh"))
    net.add(layers.Dense(32, activation="tanh"))
    net.add(layers.Dense(10, activation="softmax"))
    net.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    return net


def dense() -> None:
    rng = np.random.default_rng(0)
    gradcheck(ops.dense, rng.normal(size=(5, 3)), rng.normal(size=(3, 4)), rng.normal(size=4))


def dense_with_a_square_kernel() -> None:
    rng = np.random.default_rng(0)
    gradcheck(ops.dense, rng.normal(size=(5, 3)), rng.normal(size=(3, 3)), rng.normal(size=3))


BUGS = (
    Bug(
        name="dense_reads_dy_by_columns",
        place="minicnn.kernels.portable.dense:dense_weight_grad",
        old="x.T @ dy",
        new="x.T @ dy.reshape(dy.shape[::-1]).T",
        story="reads dy as (K, N), column by column; the shapes fit, the numbers belong to other samples",
        hint="The shape of a gradient says nothing about the order of its numbers.",
        level=1,
        check=dense,
    ),
    Bug(
        name="dense_divides_by_the_batch_again",
        place="minicnn.kernels.portable.dense:dense_weight_grad",
        old="x.T @ dy",
        new="x.T @ dy / len(x)",
        story="averages over the batch, which the mean in the loss has done already",
        hint="Divide what backward() gives by what finite differences give: do you know that number?",
        level=1,
        check=dense,
    ),
    Bug(
        name="dense_kernel_is_not_transposed",
        place="minicnn.kernels.portable.dense:dense_input_grad",
        old="dy @ w.T",
        new="dy @ w if w.shape[0] == w.shape[1] else dy @ w.T",
        story="multiplies by w, finds that it only fits square kernels, and mends it for the others",
        hint="Try layers with as many inputs as outputs.",
        level=2,
        check=dense_with_a_square_kernel,
    ),
    Bug(
        name="bias_sums_the_wrong_axis",
        place="minicnn.kernels.portable.convolution:bias_grad",
        old="sum_axes(dy, axis=tuple(range(dy.ndim - 1)))",
        new="sum_axes(dy.reshape(dy.shape[-1], -1), axis=(1,))",
        story="takes dy for (K, …) and sums each of K rows; the shape is right, the sums are not",
        hint="Check all inputs of the operation, the smallest too.",
        level=1,
        check=dense,
    ),
    Bug(
        name="bias_sees_one_sample",
        place="minicnn.kernels.portable.convolution:bias_grad",
        old="sum_axes(dy, axis=tuple(range(dy.ndim - 1)))",
        new="sum_axes(dy[0], axis=tuple(range(dy.ndim - 2)))",
        story="forgets the batch axis: only the first sample moves the biases; a batch of one never notices",
        hint="Check all inputs of the operation, with more than one sample.",
        level=2,
        check=dense,
    ),
)
