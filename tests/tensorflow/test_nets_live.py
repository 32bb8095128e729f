"""Whole nets, those of the stored comparison and random ones, trained beside the installed Keras."""

import os

import numpy as np
import pytest

import minicnn
from minicnn import device

from .case import assert_close
from .nets import NETS, random_net, train

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
pytest.importorskip("tensorflow", reason="TensorFlow is not installed")

import keras

SEED = int(os.environ.get("MINICNN_TEST_SEED") or np.random.SeedSequence().entropy % 2**32)
HINT = f"(set MINICNN_TEST_SEED={SEED} to repeat)"


@pytest.mark.parametrize("name", NETS)
def test_training_agrees_with_keras(name):
    expected = train(NETS[name], keras, "float64", SEED)
    with device("portable"):
        assert_close(train(NETS[name], minicnn, "float64", SEED), expected, 1e-5, 1e-5, HINT)


@pytest.mark.parametrize("number", range(8))
def test_gradients_of_a_random_net_agree_with_keras(number):
    """One step of SGD with learning rate 1 takes the gradients from the weights.

    Keras keeps the slope 0.2 of leaky_relu in float32, whatever the dtype: an error of 1e-8.
    """
    seed = SEED + number
    net = random_net(seed, lambda keras: keras.optimizers.SGD(1.0))
    expected = train(net, keras, "float64", seed, steps=1)
    with device("portable"):
        assert_close(train(net, minicnn, "float64", seed, steps=1), expected, 1e-6, 1e-6, HINT)
    with device("cpu"):
        results = train(net, minicnn, "float32", seed, steps=1)
    before = "predictions before"
    np.testing.assert_allclose(results[before], expected[before], rtol=1e-4, atol=1e-5, err_msg=HINT)


@pytest.mark.parametrize("number", range(8))
def test_training_a_random_net_agrees_with_keras(number):
    seed = SEED + 100 + number
    net = random_net(seed)
    expected = train(net, keras, "float64", seed, steps=4)
    with device("portable"):
        assert_close(train(net, minicnn, "float64", seed, steps=4), expected, 1e-5, 1e-5, HINT)
