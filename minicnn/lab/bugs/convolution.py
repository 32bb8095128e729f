"""Bugs in convolution."""

import numpy as np

import minicnn as mc
from minicnn import Tensor, gradcheck, layers, ops

from ..bug import Bug


def model() -> mc.Sequential:
    """Convolutions with unequal strides, "same" padding, dilation and groups."""
    net = mc.Sequential([layers.Input((14, 14, 1)), layers.Conv2D(8, 3, activation="tanh")])
    net.add(layers.Conv2D(8, 3, strides=2, padding="same", activation="tanh"))
    net.add(layers.Conv2D(8, 3, padding="same", dilation_rate=2, groups=2, activation="tanh"))
    net.add(layers.Conv2D(8, (3, 2), strides=(1, 2), activation="tanh"))
    net.add(layers.Flatten())
    net.add(layers.Dense(10, activation="softmax"))
    net.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    return net


def plain() -> None:
    rng = np.random.default_rng(0)
    gradcheck(ops.conv2d, rng.normal(size=(2, 5, 5, 2)), rng.normal(size=(3, 3, 2, 3)), rng.normal(size=3))


def unequal_strides() -> None:
    rng = np.random.default_rng(0)
    x, w = rng.normal(size=(2, 6, 6, 2)), rng.normal(size=(2, 2, 2, 3))
    gradcheck(lambda x, w: ops.conv2d(x, w, strides=(1, 2)), x, w)


def padding() -> None:
    rng = np.random.default_rng(0)
    x, w = rng.normal(size=(2, 5, 5, 2)), rng.normal(size=(3, 3, 2, 3))
    gradcheck(lambda x, w: ops.conv2d(x, w, padding="same"), x, w)


def padding_of_strided_convolutions() -> None:
    rng = np.random.default_rng(0)
    x, w = rng.normal(size=(2, 6, 6, 2)), rng.normal(size=(3, 3, 2, 3))
    gradcheck(lambda x, w: ops.conv2d(x, w, strides=2, padding="same"), x, w)


def dilation() -> None:
    rng = np.random.default_rng(0)
    x, w = rng.normal(size=(2, 6, 6, 2)), rng.normal(size=(2, 2, 2, 3))
    gradcheck(lambda x, w: ops.conv2d(x, w, dilation_rate=2), x, w)


def groups() -> None:
    rng = np.random.default_rng(0)
    x, w = rng.normal(size=(2, 5, 5, 4)), rng.normal(size=(3, 3, 2, 6))
    gradcheck(lambda x, w: ops.conv2d(x, w, groups=2), x, w)


def large_batches() -> None:
    """The gradient of a batch is the sum of those of its images; this batch has 12 MB of windows."""
    rng = np.random.default_rng(0)
    images, w = rng.normal(size=(3, 72, 72, 16)), rng.normal(size=(3, 3, 16, 2))

    def weight_gradient(x: np.ndarray) -> np.ndarray:
        kernel = Tensor(w, requires_grad=True)
        ops.conv2d(Tensor(x), kernel).sum().backward()
        return np.asarray(kernel.grad)

    np.testing.assert_allclose(weight_gradient(images), sum(weight_gradient(x[None]) for x in images))


def where_same_padding_goes() -> None:
    """An even width with stride 2 needs one column of padding, and TensorFlow puts it on the right."""
    x, w = Tensor(np.arange(1.0, 5).reshape(1, 1, 4, 1)), Tensor(np.ones((1, 3, 1, 1)))
    np.testing.assert_array_equal(ops.conv2d(x, w, strides=2, padding="same").numpy().ravel(), [1 + 2 + 3, 3 + 4])


BUGS = (
    Bug(
        name="conv2d_dy_transposed",
        place="minicnn.kernels.portable.convolution:conv2d_weight_grad",
        old="_split_channels(dy[images], groups)",
        new="_split_channels(dy[images].swapaxes(1, 2), groups)",
        story="reads dy as (N, Q, P, K): rows and columns of the image changed places, and on squares the shapes agree",
        hint="One of the three gradients of a convolution. Which elements of it are right?",
        level=1,
        check=plain,
    ),
    Bug(
        name="conv2d_flips_once_too_often",
        place="minicnn.kernels.portable.convolution:conv2d_input_grad",
        old="_split_channels(w, groups)",
        new="_split_channels(w[::-1, ::-1], groups)",
        story="has read that the kernel is flipped on the way back; adding windows back to their pixels does that",
        hint="One of the three gradients of a convolution. Try a kernel that is 1 in a corner and 0 elsewhere.",
        level=1,
        check=plain,
    ),
    Bug(
        name="conv2d_flips_forward",
        place="minicnn.kernels.portable.convolution:conv2d",
        old="_split_channels(w, groups)",
        new="_split_channels(w[::-1, ::-1], groups)",
        story="computes the mathematicians' convolution, with a flipped kernel, where every framework correlates",
        hint="Two of the three gradients disagree with the function. Perhaps it is the function.",
        level=1,
        check=plain,
    ),
    Bug(
        name="conv2d_windows_overwrite",
        place="minicnn.kernels.portable.convolution:conv2d_input_grad",
        old="image_grads[pixels] +=",
        new="image_grads[pixels] =",
        story="assigns where windows overlap; with stride equal to the kernel size it would be right",
        hint="How many windows see the pixel in the corner, and how many the one in the middle?",
        level=1,
        check=plain,
    ),
    Bug(
        name="conv2d_padding_crop_off_by_one",
        place="minicnn.kernels.portable.convolution:conv2d_input_grad",
        old="strides, pads, dilation):",
        new="strides, tuple((a + (a > 0), b) for a, b in pads), dilation):",
        story="crops one row and one column too many of the padding away; without padding nothing is cropped",
        hint="Does the padding make a difference?",
        level=2,
        check=padding,
    ),
    Bug(
        name="conv2d_pads_swapped",
        place="minicnn.kernels.portable.convolution:conv2d_input_grad",
        old="strides, pads, dilation):",
        new="strides, tuple((b, a) for a, b in pads), dilation):",
        story="takes the padding of the bottom for that of the top; they differ only where a pixel is left over",
        hint='"same" padding is not always the same on both sides.',
        level=2,
        check=padding_of_strided_convolutions,
    ),
    Bug(
        name="conv2d_strides_swapped",
        place="minicnn.kernels.portable.convolution:conv2d_input_grad",
        old="kernel_size, strides, pads, dilation):",
        new="kernel_size, strides[::-1], pads, dilation):",
        story="takes the step down for the step to the right; most networks have equal strides",
        hint="Give every option two different numbers.",
        level=2,
        check=unequal_strides,
    ),
    Bug(
        name="conv2d_dilation_forgotten",
        place="minicnn.kernels.portable.convolution:conv2d_input_grad",
        old="strides, pads, dilation):",
        new="strides, pads):",
        story="goes back as if the kernel had no holes",
        hint="Which options does a convolution have, and does the way back know them all?",
        level=2,
        check=dilation,
    ),
    Bug(
        name="conv2d_groups_interleaved",
        place="minicnn.kernels.portable.convolution:conv2d_weight_grad",
        old="np.moveaxis(dw, 0, 1).reshape(",
        new="dw.reshape(",
        story="reshapes (g, …, K/g) to (…, K) without moving the axis of the groups first",
        hint="Which options does a convolution have? The numbers are all there, in other places.",
        level=2,
        check=groups,
    ),
    Bug(
        name="conv2d_keeps_the_last_block",
        place="minicnn.kernels.portable.convolution:conv2d_weight_grad",
        old="dw += columns",
        new="dw = columns",
        story="works through large batches in blocks and forgets to add them up; small tests have one block",
        hint="The portable convolution works on 4 MB at a time.",
        level=3,
        check=large_batches,
    ),
    Bug(
        name="same_padding_on_the_left",
        place="minicnn.kernels.geometry:same_pad",
        old="total // 2, total - total // 2",
        new="total - total // 2, total // 2",
        story="puts the odd pixel of padding first, as some frameworks do; weights from the others then fit badly",
        hint="Every gradient is right. Compare the numbers with Keras, or work out one row by hand.",
        level=3,
        check=where_same_padding_goes,
    ),
)
