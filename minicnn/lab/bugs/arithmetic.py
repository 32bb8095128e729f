"""Bugs in the operations that expressions are made of."""

import numpy as np

import minicnn as mc
from minicnn import Tensor, gradcheck, layers, ops

from ..bug import Bug


def model() -> mc.Sequential:
    """A dense network whose activation and loss are written out in elementary operations."""

    def bend(x: Tensor) -> Tensor:  # −|x| where x < 0, softly: a ReLU without a corner
        padded = ops.pad(ops.power(x * x + 1.0, 0.5), ((0, 0), (2, 0)))
        return (x + padded[:, 2:]) / 2.0

    def cross_entropy(labels: Tensor, logits: Tensor) -> Tensor:
        e = ops.exp(logits - logits.mean(axis=1, keepdims=True))
        p = e / e.sum(axis=1, keepdims=True)
        return -ops.log(p[np.arange(len(p)), labels.numpy().astype(int)])

    net = mc.Sequential([layers.Input((14, 14, 1)), layers.Flatten(), layers.Dense(32, activation=bend)])
    net.add(layers.Dense(10))
    net.compile("adam", cross_entropy, metrics=["accuracy"])
    return net


def subtract() -> None:
    rng = np.random.default_rng(0)
    gradcheck(lambda a, b: a - b, rng.normal(size=(3, 4)), rng.normal(size=4))


def multiply() -> None:
    rng = np.random.default_rng(0)
    gradcheck(lambda a, b: a * b, rng.normal(size=(3, 4)), rng.normal(size=4))


def divide() -> None:
    rng = np.random.default_rng(0)
    gradcheck(lambda a, b: a / b, rng.normal(size=(3, 4)), rng.uniform(1, 2, size=(3, 4)))


def power() -> None:
    rng = np.random.default_rng(0)
    gradcheck(lambda a: a**2.5, rng.uniform(1, 2, size=(3, 4)))


def exp_and_log() -> None:
    rng = np.random.default_rng(0)
    gradcheck(ops.exp, rng.normal(size=(3, 4)))
    gradcheck(ops.log, rng.uniform(1, 2, size=(3, 4)))


def absolute() -> None:
    rng = np.random.default_rng(0)
    gradcheck(abs, rng.normal(size=(3, 4)))


def matmul() -> None:
    rng = np.random.default_rng(0)
    gradcheck(ops.matmul, rng.normal(size=(3, 3)), rng.normal(size=(3, 3)))


def mean() -> None:
    a = np.random.default_rng(0).normal(size=(3, 4, 5))
    np.testing.assert_allclose(Tensor(a).mean(axis=(0, 2)).numpy(), a.mean(axis=(0, 2)))


def indices_that_repeat() -> None:
    rng = np.random.default_rng(0)
    gradcheck(lambda a: a[[0, 2, 2, 2]], rng.normal(size=(3, 4)))


def concatenate() -> None:
    rng = np.random.default_rng(0)
    gradcheck(lambda a, b: ops.concatenate([a, b], axis=0), rng.normal(size=(3, 4)), rng.normal(size=(2, 4)))


def pad() -> None:
    rng = np.random.default_rng(0)
    gradcheck(lambda a: ops.pad(a, ((1, 2), (2, 0))), rng.normal(size=(3, 4)))


def transpose() -> None:
    rng = np.random.default_rng(0)
    gradcheck(lambda a: ops.transpose(a, (1, 2, 0)), rng.normal(size=(3, 3, 3)))


def reshape() -> None:
    a = np.arange(6.0).reshape(2, 3)
    np.testing.assert_array_equal(Tensor(a).reshape(3, 2).numpy(), a.reshape(3, 2))


def clip() -> None:
    rng = np.random.default_rng(0)
    gradcheck(lambda a: ops.clip(a, -0.5, 0.5), rng.normal(size=(3, 4)))


BUGS = (
    Bug(
        name="divide_forgets_a_denominator",
        place="minicnn.ops.divide:Divide.backward",
        old="k.multiply(quotient, k.divide(a, b))",
        new="k.multiply(dy, k.divide(a, b))",
        story="differentiates 1/b to −1/b instead of −1/b²",
        hint="A quotient has two gradients, and one of them has a square in it.",
        level=1,
        check=divide,
    ),
    Bug(
        name="power_keeps_its_exponent",
        place="minicnn.ops.power:Power.backward",
        old="self.exponent - 1 if self.exponent else 0",
        new="self.exponent",
        story="brings the exponent down as a factor but does not lower it",
        hint="(xᵉ)′ has two changes in it; are both there?",
        level=1,
        check=power,
    ),
    Bug(
        name="power_loses_its_factor",
        place="minicnn.ops.power:Power.backward",
        old="k.multiply(e, k.power(a, exponent=below))",
        new="k.power(a, exponent=below)",
        story="lowers the exponent but does not bring it down as a factor",
        hint="(xᵉ)′ has two changes in it; are both there? The ratio of the two numbers tells.",
        level=1,
        check=power,
    ),
    Bug(
        name="subtract_adds_back",
        place="minicnn.ops.subtract:Subtract.backward",
        old="reduce_to(k, k.negative(dy), b_shape)",
        new="reduce_to(k, dy, b_shape)",
        story="gives both operands dy, as the sum does, and forgets that b enters with a minus",
        hint="An operation with two operands: check the gradient of each.",
        level=1,
        check=subtract,
    ),
    Bug(
        name="multiply_by_itself",
        place="minicnn.ops.multiply:Multiply.backward",
        old="k.multiply(dy, b)",
        new="k.multiply(dy, a)",
        story="multiplies dy by the factor's own value instead of the other factor's; squares never notice",
        hint="Right for x·x, wrong for x·y.",
        level=1,
        check=multiply,
    ),
    Bug(
        name="absolute_has_no_sign",
        place="minicnn.ops.absolute:Absolute.backward",
        old="k.multiply(dy, k.sign(x))",
        new="dy",
        story="passes dy on, which is right for positive numbers only",
        hint="Try numbers of both signs.",
        level=1,
        check=absolute,
    ),
    Bug(
        name="exp_saves_its_input",
        place="minicnn.ops.exp:Exp.forward",
        old="self.save(y)",
        new="self.save(x)",
        story="saves x by habit; the backward pass multiplies by what it finds there and takes it for eˣ",
        hint="The derivative of one of the elementary functions is the function itself. Is it here?",
        level=1,
        check=exp_and_log,
    ),
    Bug(
        name="log_multiplies",
        place="minicnn.ops.log:Log.backward",
        old="k.divide(dy, x)",
        new="k.multiply(dy, x)",
        story="reads dx = dy / x as dy · x",
        hint="Check the elementary functions far from x = 1, where x and 1/x are the same.",
        level=1,
        check=exp_and_log,
    ),
    Bug(
        name="matmul_without_transpose",
        place="minicnn.ops.matmul:MatMul.backward",
        old="k.matmul(dy, k.transpose(b, axes=(1, 0)))",
        new="k.matmul(dy, b if b.shape[0] == b.shape[1] else k.transpose(b, axes=(1, 0)))",
        story="multiplies by b, finds that it only fits square matrices, and mends it for the others",
        hint="Square matrices fit in more ways than others.",
        level=2,
        check=matmul,
    ),
    Bug(
        name="mean_counts_one_axis",
        place="minicnn.ops.mean:mean",
        old="math.prod(x.shape[a] for a in normalize_axes(axis, x.ndim))",
        new="([x.shape[a] for a in normalize_axes(axis, x.ndim)] or [1])[0]",
        story="divides by the length of the first axis although several are summed",
        hint="The gradient is that of the function as it is written. Is the function what its name says?",
        level=3,
        check=mean,
    ),
    Bug(
        name="getitem_overwrites",
        place="minicnn.kernels.portable.arrays:getitem_grad",
        old="np.add.at(dx, key, dy)",
        new="dx[key] = dy",
        story="assigns where it must add: an element that was read twice keeps only the last gradient",
        hint="Something may be read more than once.",
        level=2,
        check=indices_that_repeat,
    ),
    Bug(
        name="concatenate_assumes_equal_parts",
        place="minicnn.ops.concatenate:Concatenate.backward",
        old="[sum(lengths[:i]) for i in range(len(lengths))]",
        new="[i * length for i, length in enumerate(lengths)]",
        story="finds the start of a part by multiplying, as if all parts were equally long",
        hint="Join a long and a short one.",
        level=2,
        check=concatenate,
    ),
    Bug(
        name="pad_crops_one_too_early",
        place="minicnn.ops.pad:Pad.backward",
        old="slice(before, before + size)",
        new="slice(max(before - 1, 0), max(before - 1, 0) + size)",
        story="counts pixels from 1 when it crops the frame away again",
        hint="Put a frame around an array and look at which elements are wrong.",
        level=1,
        check=pad,
    ),
    Bug(
        name="transpose_is_not_inverted",
        place="minicnn.ops.transpose:Transpose.backward",
        old="axes=inverse",
        new="axes=self.axes",
        story="goes back with the permutation itself, which undoes swaps but not rotations of three axes",
        hint="Two axes are not enough to see it.",
        level=2,
        check=transpose,
    ),
    Bug(
        name="reshape_reads_columns",
        place="minicnn.kernels.portable.arrays:reshape",
        old="a.reshape(shape)",
        new='a.reshape(shape, order="F")',
        story="lays the numbers out column by column, as Fortran and MATLAB do",
        hint="Forward and backward agree with each other. Do they agree with NumPy?",
        level=3,
        check=reshape,
    ),
    Bug(
        name="clip_is_open_above",
        place="minicnn.kernels.portable.activation:clip_grad",
        old="(x >= float(low)) & (x <= float(high))",
        new="x >= float(low)",
        story="closes the gradient below the lower bound and forgets the upper one",
        hint="A function with two corners.",
        level=1,
        check=clip,
    ),
)
