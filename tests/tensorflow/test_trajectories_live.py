"""Hundreds of training steps beside the installed Keras, each step within a bound that Keras itself sets.

Two nets on the built-in digits at half their size: LeNet's plan with tanh and averages, smooth all over, in float32
and in float64; and one with kinks (ReLU, maximum) and batch normalization, in float64 only: in float32 rounding soon
reaches across a kink, in Keras as well (benchmarks/results/trajectories.md).
"""

import functools
import os

import numpy as np
import pytest

import minicnn
from minicnn import device, lab
from minicnn.verify.trajectories import Distance, Trajectory, bound, distance, judge, new_task, parity, train

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
pytest.importorskip("tensorflow", reason="TensorFlow is not installed")

import keras

SEED = int(os.environ.get("MINICNN_TEST_SEED") or np.random.SeedSequence().entropy % 2**32)
STEPS = 200


def smooth(keras):
    layers = keras.layers
    return keras.Sequential(
        [
            keras.Input((14, 14, 1)),
            layers.Conv2D(4, 5, padding="same", activation="tanh"),
            layers.AveragePooling2D(2),
            layers.Conv2D(8, 3, activation="tanh"),
            layers.AveragePooling2D(2),
            layers.Flatten(),
            layers.Dense(24, activation="tanh"),
            layers.Dense(10),
        ]
    )


def kinked(keras):
    """No bias before a normalization: its gradient is rounding noise around 0, which Adam would blow up."""
    layers = keras.layers
    return keras.Sequential(
        [
            keras.Input((14, 14, 1)),
            layers.Conv2D(4, 5, padding="same", use_bias=False),
            layers.BatchNormalization(momentum=0.875),
            layers.ReLU(),
            layers.MaxPooling2D(),
            layers.Conv2D(8, 3, use_bias=False),
            layers.BatchNormalization(momentum=0.875),
            layers.ReLU(),
            layers.MaxPooling2D(),
            layers.Flatten(),
            layers.Dense(10),
        ]
    )


def sgd(keras):
    return keras.optimizers.SGD(2**-3)


def momentum(keras):
    return keras.optimizers.SGD(2**-5, momentum=0.875)


def rmsprop(keras):
    return keras.optimizers.RMSprop(2**-9, rho=0.875, epsilon=2**-23)


def adam(keras):
    return keras.optimizers.Adam(2**-9, beta_1=0.875, beta_2=1 - 2**-10, epsilon=2**-23)


each_optimizer = pytest.mark.parametrize("optimizer", [sgd, momentum, rmsprop, adam])


def task(build, optimizer):
    images, labels = minicnn.datasets.digits.load_data()[0]
    return new_task(build, optimizer, np.float32(images[:, ::2, ::2, None]) / 256, labels, STEPS, batch=16, seed=SEED)


@functools.cache
def in_keras(build, optimizer) -> tuple[dict[str, Trajectory], Distance]:
    """How training goes there in either dtype, and how far float32 is from float64."""
    runs = {dtype: train(task(build, optimizer), keras, dtype) for dtype in ("float32", "float64")}
    return runs, distance(runs["float32"], runs["float64"])


def verdict(build, optimizer, dtype, kernels):
    runs, control = in_keras(build, optimizer)
    with device(kernels):
        ours = train(task(build, optimizer), minicnn, dtype)
    return judge(distance(ours, runs[dtype]), bound(control, dtype))


def check(verdict):
    assert not verdict.problem, f"{verdict} (set MINICNN_TEST_SEED={SEED} to repeat)"


@each_optimizer
def test_float64(optimizer):
    check(verdict(smooth, optimizer, "float64", "portable"))


@each_optimizer
def test_float32(optimizer):
    check(verdict(smooth, optimizer, "float32", "cpu"))


def test_float64_with_kinks():
    with device("portable"):
        check(parity(task(kinked, adam))["float64"])


@each_optimizer
def test_the_net_learns_and_the_bound_stays_small(optimizer):
    """Weights that stay where they are would agree as well, and so would anything within a large bound."""
    runs, control = in_keras(smooth, optimizer)
    losses = runs["float64"].losses
    assert losses.shape == (STEPS,)
    assert losses[-20:].mean() < 0.6 * losses[:20].mean()
    assert bound(control, "float64").weights.max() < 1e-12
    assert bound(control, "float64").losses.max() < 1e-12


@pytest.mark.parametrize(
    ("optimizer", "bug"),
    [
        (momentum, "momentum_is_dampened"),
        (rmsprop, "rmsprop_does_not_square"),
        (adam, "adam_corrects_one_step_late"),
        (adam, "adam_epsilon_inside_the_root"),
    ],
)
def test_a_wrong_optimizer_is_far_beyond_the_bound(optimizer, bug):
    with lab.find(bug).planted():
        assert verdict(smooth, optimizer, "float64", "portable").worst > 1e6
