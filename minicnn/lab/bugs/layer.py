"""Bugs in layers that have no gradient of their own, and in how weights start."""

import numpy as np

import minicnn as mc
from minicnn import initializers, layers

from ..bug import Bug


def model() -> mc.Sequential:
    """Pixels from −1 to 1, a frame of zeros, and He's start values."""
    net = mc.Sequential([layers.Input((14, 14, 1)), layers.Rescaling(2.0, offset=-1.0)])
    net.add(layers.ZeroPadding2D(((1, 0), (2, 2))))
    net.add(layers.Conv2D(8, 3, strides=2, activation="relu", kernel_initializer="he_normal"))
    net.add(layers.Flatten())
    net.add(layers.Dense(10, activation="softmax"))
    net.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    return net


def rescaling() -> None:
    np.testing.assert_array_equal(layers.Rescaling(2.0, offset=-1.0)(np.array([[0.0, 1.0]])).numpy(), [[-1.0, 1.0]])


def zero_padding() -> None:
    y = layers.ZeroPadding2D((1, 0))(np.ones((1, 1, 1, 1))).numpy()
    np.testing.assert_array_equal(y[0, :, :, 0], [[0], [1], [0]])


def merging() -> None:
    a, b, c = np.array([[1.0]]), np.array([[2.0]]), np.array([[4.0]])
    np.testing.assert_array_equal(layers.Add()([a, b, c]).numpy(), [[7.0]])


def axes() -> None:
    x = np.array([[[0.0, 1.0], [0.0, 3.0], [0.0, 5.0]]])
    np.testing.assert_allclose(layers.Softmax(axis=1)(x).numpy().sum(axis=1), 1, rtol=1e-6)


def widths_of_start_values() -> None:
    """Glorot: uniform over ±√(6 / (fan_in + fan_out))."""
    w = initializers.GlorotUniform(seed=0)((200, 100))
    np.testing.assert_allclose(np.abs(w).max(), np.sqrt(6 / 300), rtol=0.01)


def variances_of_start_values() -> None:
    """He: variance 2 / fan_in, cut off or not."""
    w = initializers.HeNormal(seed=0)((200, 100))
    np.testing.assert_allclose(w.var(), 2 / 200, rtol=0.03)


def fans_of_convolutions() -> None:
    w = initializers.HeUniform(seed=0)((5, 5, 8, 16))
    np.testing.assert_allclose(np.abs(w).max(), np.sqrt(6 / 200), rtol=0.01)


BUGS = (
    Bug(
        name="rescaling_shifts_first",
        place="minicnn.layers.rescaling:Rescaling.call",
        old="inputs * np.asarray(self.scale, self.dtype) + np.asarray(self.offset, self.dtype)",
        new="(inputs + np.asarray(self.offset, self.dtype)) * np.asarray(self.scale, self.dtype)",
        story="adds the offset before it scales",
        hint="Two things happen to every pixel. In which order?",
        level=3,
        check=rescaling,
    ),
    Bug(
        name="zero_padding_turned",
        place="minicnn.layers.reshaping:ZeroPadding2D.call",
        old="*self.padding,",
        new="*self.padding[::-1],",
        story="takes (rows, columns) for (x, y): the frame is turned by a quarter",
        hint="Give every option two different numbers.",
        level=3,
        check=zero_padding,
    ),
    Bug(
        name="add_stops_at_two",
        place="minicnn.layers.merging:Add.call",
        old="functools.reduce(ops.add, inputs)",
        new="ops.add(inputs[0], inputs[1])",
        story="adds the first two inputs; with more of them the others are lost without a word",
        hint="How many branches can meet?",
        level=3,
        check=merging,
    ),
    Bug(
        name="softmax_forgets_to_turn_back",
        place="minicnn.layers.options:on_last_axis",
        old="ops.transpose(function(ops.transpose(x, swapped)), swapped)",
        new="ops.reshape(function(ops.transpose(x, swapped)), x.shape)",
        story="turns the axis to the end, and comes back with a reshape where a transpose belongs",
        hint="The shape of a result says nothing about the order of its numbers.",
        level=3,
        check=axes,
    ),
    Bug(
        name="glorot_takes_the_deviation_for_the_limit",
        place="minicnn.initializers:VarianceScaling._distribution",
        old="math.sqrt(3) * stddev",
        new="stddev",
        story="draws from ±σ, whose variance is σ²/3: signals fade from layer to layer",
        hint="How large are the weights before the first step?",
        level=3,
        check=widths_of_start_values,
    ),
    Bug(
        name="he_forgets_the_cut",
        place="minicnn.initializers:VarianceScaling._distribution",
        old="stddev / TRUNCATED_STDDEV",
        new="stddev",
        story="cuts the normal distribution off at 2σ and does not widen it again: 12% too narrow",
        hint="How large are the weights before the first step?",
        level=3,
        check=variances_of_start_values,
    ),
    Bug(
        name="fans_without_the_window",
        place="minicnn.initializers:compute_fans",
        old="math.prod(window) * c, math.prod(window) * k",
        new="c, k",
        story="counts channels and forgets that a kernel sees R·S pixels of each: weights start R·S times too wild",
        hint="How large are the weights before the first step?",
        level=3,
        check=fans_of_convolutions,
    ),
)
