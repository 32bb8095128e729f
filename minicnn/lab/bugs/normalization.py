"""Bugs in batch normalisation."""

import numpy as np

import minicnn as mc
from minicnn import gradcheck, layers, ops

from ..bug import Bug


def model() -> mc.Sequential:
    """A convolution and a dense layer, each followed by batch normalisation."""
    net = mc.Sequential([layers.Input((14, 14, 1)), layers.Conv2D(8, 3, strides=2)])
    net.add(layers.BatchNormalization(momentum=0.8))
    net.add(layers.ReLU())
    net.add(layers.Flatten())
    net.add(layers.Dense(16))
    net.add(layers.BatchNormalization(momentum=0.8))
    net.add(layers.ReLU())
    net.add(layers.Dense(10, activation="softmax"))
    net.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    return net


def batch_statistics() -> None:
    rng = np.random.default_rng(0)
    x, gamma, beta = rng.normal(size=(5, 3)), rng.normal(size=3), rng.normal(size=3)
    gradcheck(lambda x, gamma, beta: ops.batch_norm(x, gamma, beta)[0], x, gamma, beta)


def small_variances() -> None:
    """ε matters where the variance is of its size."""
    rng = np.random.default_rng(0)
    x, gamma, beta = rng.normal(size=(5, 3)), rng.normal(size=3), rng.normal(size=3)
    gradcheck(lambda x, gamma, beta: ops.batch_norm(x, gamma, beta, epsilon=1.0)[0], x, gamma, beta)


def given_statistics() -> None:
    rng = np.random.default_rng(0)
    x, gamma, beta, mean = rng.normal(size=(5, 3)), rng.normal(size=3), rng.normal(size=3), rng.normal(size=3)
    gradcheck(lambda x, gamma, beta: ops.batch_norm_inference(x, gamma, beta, mean, mean**2), x, gamma, beta)


def moving_averages() -> None:
    """After one batch: momentum · start + (1 − momentum) · the batch's mean and variance, which divides by n."""
    layer = layers.BatchNormalization(momentum=0.75)
    layer(np.array([[1.0], [2.0], [6.0]]), training=True)
    np.testing.assert_allclose(layer.moving_mean.numpy(), [0.25 * 3])
    np.testing.assert_allclose(layer.moving_variance.numpy(), [0.75 + 0.25 * 14 / 3])


def inference() -> None:
    layer = layers.BatchNormalization(epsilon=0.0)
    np.testing.assert_allclose(layer(np.array([[1.0], [3.0]]), training=False).numpy(), [[1.0], [3.0]])


BUGS = (
    Bug(
        name="batch_norm_variance_by_n_minus_1",
        place="minicnn.kernels.portable.normalization:batch_norm",
        old="_sum_per_channel(y * y) / count",
        new="_sum_per_channel(y * y) / (count - 1)",
        story="normalises with the unbiased variance of the statisticians; the gradient was derived for n",
        hint="Almost right, and better the larger the batch.",
        level=1,
        check=batch_statistics,
    ),
    Bug(
        name="batch_norm_epsilon_outside_the_root",
        place="minicnn.kernels.portable.normalization:batch_norm",
        old="np.sqrt(variance + float(epsilon))",
        new="(np.sqrt(variance) + float(epsilon))",
        story="adds ε to the standard deviation instead of the variance",
        hint="Almost right. What keeps the division from going wrong, and where does it stand?",
        level=2,
        check=small_variances,
    ),
    Bug(
        name="batch_norm_mean_is_a_constant",
        place="minicnn.kernels.portable.normalization:batch_norm_grad",
        old="    dx -= dbeta / count\n",
        new="",
        story="differentiates as if the mean did not depend on x",
        hint="Every output of a channel depends on every input of it, in two ways.",
        level=1,
        check=batch_statistics,
    ),
    Bug(
        name="batch_norm_variance_is_a_constant",
        place="minicnn.kernels.portable.normalization:batch_norm_grad",
        old="dx *= dgamma / -count",
        new="dx *= 0",
        story="differentiates as if the variance did not depend on x",
        hint="Every output of a channel depends on every input of it, in two ways.",
        level=1,
        check=batch_statistics,
    ),
    Bug(
        name="batch_norm_forgets_gamma",
        place="minicnn.kernels.portable.normalization:batch_norm_grad",
        old="dx *= gamma / deviation",
        new="dx /= deviation",
        story="leaves γ out of dx; γ starts at 1, so the first step is right",
        hint="What does a layer's start value hide?",
        level=1,
        check=batch_statistics,
    ),
    Bug(
        name="frozen_batch_norm_does_not_centre",
        place="minicnn.kernels.portable.normalization:batch_norm_inference_grad",
        old="(x - mean) / deviation",
        new="x / deviation",
        story="multiplies dy by x instead of x̂ for dγ, in the half of the code that only frozen layers come to",
        hint="The layer computes in two modes. Are both differentiated?",
        level=2,
        check=given_statistics,
    ),
    Bug(
        name="batch_norm_momentum_turned_round",
        place="minicnn.kernels.portable.normalization:update_moving_average",
        old="moving *= float(momentum)\n    moving += (1 - float(momentum)) * value",
        new="moving *= 1 - float(momentum)\n    moving += float(momentum) * value",
        story="momentum is the weight of the new value in some frameworks, of the old one in this",
        hint="The layer learns something that no gradient changes.",
        level=3,
        check=moving_averages,
    ),
    Bug(
        name="batch_norm_remembers_n_minus_1",
        place="minicnn.layers.batch_normalization:BatchNormalization._normalize",
        old="k.update_moving_average(self.moving_variance.data, variance, momentum=self.momentum)",
        new="n = x.data[..., 0].size\n"
        "        k.update_moving_average(\n"
        "            self.moving_variance.data, variance * x.dtype.type(n / max(n - 1, 1)), momentum=self.momentum\n"
        "        )",
        story="remembers the unbiased variance, n / (n − 1) larger, as some frameworks do",
        hint="The layer learns something that no gradient changes. Almost right, and better the larger the batch.",
        level=3,
        check=moving_averages,
    ),
    Bug(
        name="batch_norm_always_trains",
        place="minicnn.layers.batch_normalization:BatchNormalization._normalize",
        old="not (training and self.trainable)",
        new="not self.trainable",
        story="uses the batch's own statistics for predictions: they depend on who else is in the batch",
        hint="Predict one image alone, then among others.",
        level=3,
        check=inference,
    ),
)
