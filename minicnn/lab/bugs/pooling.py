"""Bugs in pooling."""

import numpy as np

import minicnn as mc
from minicnn import Tensor, gradcheck, layers, ops

from ..bug import Bug


def model() -> mc.Model:
    """Overlapping, padded and oblong windows, and a global maximum and mean at the end."""
    inputs = layers.Input((14, 14, 1))
    x = layers.Conv2D(8, 3, activation="relu")(inputs)
    x = layers.MaxPooling2D((2, 3), strides=(2, 2))(x)
    x = layers.Conv2D(16, 2, activation="relu")(x)
    x = layers.MaxPooling2D(2, strides=1)(x)
    x = layers.AveragePooling2D(3, strides=2, padding="same")(x)
    x = layers.Concatenate()([layers.GlobalMaxPooling2D()(x), layers.GlobalAveragePooling2D()(x)])
    net = mc.Model(inputs, layers.Dense(10, activation="softmax")(x))
    net.compile(mc.optimizers.Adam(0.01), "sparse_categorical_crossentropy", metrics=["accuracy"])
    return net


def ties() -> None:
    """Of equal pixels the first one gets the gradient."""
    x = Tensor(np.zeros((1, 2, 2, 1)), requires_grad=True)
    ops.max_pool2d(x).sum().backward()
    np.testing.assert_array_equal(np.asarray(x.grad).ravel(), [1, 0, 0, 0])


def ties_of_the_whole_image() -> None:
    """Of equal pixels the first one gets the gradient."""
    x = Tensor(np.zeros((1, 2, 2, 1)), requires_grad=True)
    ops.global_max_pool2d(x).sum().backward()
    np.testing.assert_array_equal(np.asarray(x.grad).ravel(), [1, 0, 0, 0])


def oblong_windows() -> None:
    rng = np.random.default_rng(0)
    gradcheck(lambda x: ops.max_pool2d(x, (2, 3)), rng.normal(size=(2, 4, 6, 2)))


def overlapping_maxima() -> None:
    rng = np.random.default_rng(0)
    gradcheck(lambda x: ops.max_pool2d(x, 2, strides=1), rng.normal(size=(2, 5, 5, 2)))


def averages() -> None:
    rng = np.random.default_rng(0)
    gradcheck(lambda x: ops.avg_pool2d(x, 2), rng.normal(size=(2, 4, 4, 2)))


def averages_over_padding() -> None:
    rng = np.random.default_rng(0)
    gradcheck(lambda x: ops.avg_pool2d(x, 3, strides=2, padding="same"), rng.normal(size=(2, 6, 6, 2)))


def overlapping_averages() -> None:
    rng = np.random.default_rng(0)
    gradcheck(lambda x: ops.avg_pool2d(x, 3, strides=1), rng.normal(size=(2, 5, 5, 2)))


def global_averages() -> None:
    rng = np.random.default_rng(0)
    gradcheck(ops.global_avg_pool2d, rng.normal(size=(2, 3, 4, 2)))


BUGS = (
    Bug(
        name="max_pool_last_tie_wins",
        place="minicnn.kernels.portable.pooling:max_pool2d",
        old="~(challenger <= best)",
        new="~(challenger < best)",
        story="lets an equal pixel take over: after a ReLU, where zeros tie all the time, other pixels learn",
        hint="gradcheck skips kinks. What happens where all pixels of a window are equal?",
        level=3,
        check=ties,
    ),
    Bug(
        name="max_pool_counts_with_the_wrong_side",
        place="minicnn.kernels.portable.pooling:max_pool2d_grad",
        old="r * pool_size[1] + s",
        new="r * pool_size[0] + s",
        story="numbers the places of a window by its height instead of its width; square windows never notice",
        hint="Give every option two different numbers.",
        level=2,
        check=oblong_windows,
    ),
    Bug(
        name="max_pool_windows_overwrite",
        place="minicnn.kernels.portable.pooling:max_pool2d_grad",
        old="dx[pixels] +=",
        new="dx[pixels] =",
        story="assigns where windows overlap; the usual 2×2 windows with stride 2 do not",
        hint="What if a pixel lies in two windows?",
        level=2,
        check=overlapping_maxima,
    ),
    Bug(
        name="avg_pool_counts_the_padding",
        place="minicnn.kernels.portable.pooling:avg_pool2d",
        old="y /= _inside_counts(x.shape[1:3], size, pool_size, strides, pads, x.dtype)",
        new="y /= pool_size[0] * pool_size[1]",
        story="divides by the size of the window, padding included, where only pixels count",
        hint="Which elements are wrong: those in the middle, or those at the border?",
        level=2,
        check=averages_over_padding,
    ),
    Bug(
        name="avg_pool_shares_are_whole",
        place="minicnn.kernels.portable.pooling:avg_pool2d_grad",
        old="dy / _inside_counts(input_size, size, pool_size, strides, pads, dy.dtype)",
        new="dy",
        story="gives every pixel of a window all of dy, as for a sum",
        hint="Divide what backward() gives by what finite differences give: do you know that number?",
        level=1,
        check=averages,
    ),
    Bug(
        name="avg_pool_windows_overwrite",
        place="minicnn.kernels.portable.pooling:avg_pool2d_grad",
        old="dx[pixels] +=",
        new="dx[pixels] =",
        story="assigns where windows overlap; the usual 2×2 windows with stride 2 do not",
        hint="What if a pixel lies in two windows?",
        level=2,
        check=overlapping_averages,
    ),
    Bug(
        name="global_average_forgets_the_width",
        place="minicnn.kernels.portable.pooling:global_avg_pool2d_grad",
        old="dy / (input_size[0] * input_size[1])",
        new="dy / input_size[0]",
        story="divides by the height, as if the image were one column",
        hint="Divide what backward() gives by what finite differences give: do you know that number?",
        level=1,
        check=global_averages,
    ),
    Bug(
        name="global_max_last_tie_wins",
        place="minicnn.kernels.portable.pooling:global_max_pool2d",
        old="pixels.argmax(axis=1)",
        new="pixels.shape[1] - 1 - pixels[:, ::-1].argmax(axis=1)",
        story="searches from the end, so that the last of equal maxima is found",
        hint="gradcheck skips kinks. What happens where all pixels are equal?",
        level=3,
        check=ties_of_the_whole_image,
    ),
)
