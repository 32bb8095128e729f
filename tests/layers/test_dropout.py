"""Dropout: how much it drops, how it scales, and where its random numbers come from."""

import numpy as np
import pytest

from minicnn import Tensor, layers, utils

ONES = np.ones((100, 200), np.float32)


def dropped(layer):
    return layer(ONES, training=True).numpy()


@pytest.mark.parametrize("rate", [0.1, 0.5, 0.75])
def test_kept_values_are_scaled_up(rate):
    y = dropped(layers.Dropout(rate, seed=1))
    np.testing.assert_allclose(np.unique(y), [0, 1 / (1 - rate)], rtol=1e-6)
    assert abs((y == 0).mean() - rate) < 0.02
    assert abs(y.mean() - 1) < 0.05


@pytest.mark.parametrize("training", [False, None])
def test_inference_changes_nothing(training):
    x = Tensor(ONES)
    assert layers.Dropout(0.9)(x, training=training) is x


def test_extreme_rates():
    assert np.array_equal(dropped(layers.Dropout(0.0)), ONES)
    assert not dropped(layers.Dropout(1.0)).any()


def test_the_projects_seed_repeats_the_masks():
    def masks():
        utils.set_random_seed(5)
        layer = layers.Dropout(0.5)
        return [dropped(layer), dropped(layer)]

    first, again = masks(), masks()
    assert np.array_equal(first, again)
    assert not np.array_equal(*first)


def test_a_seed_of_its_own_does_not_depend_on_the_projects():
    utils.set_random_seed(1)
    first = dropped(layers.Dropout(0.5, seed=7))
    utils.set_random_seed(2)
    assert np.array_equal(first, dropped(layers.Dropout(0.5, seed=7)))
    assert not np.array_equal(first, dropped(layers.Dropout(0.5, seed=8)))


def test_the_gradient_takes_the_same_mask():
    x = Tensor(ONES, requires_grad=True)
    y = layers.Dropout(0.5, seed=1)(x, training=True)
    dy = np.random.default_rng(1).standard_normal(y.shape).astype(np.float32)
    y.backward(dy)
    np.testing.assert_allclose(x.grad, dy * y.numpy(), rtol=1e-6)


@pytest.mark.parametrize("rate", [-0.1, 1.5, float("nan")])
def test_refuses_rates(rate):
    with pytest.raises(ValueError, match="rate"):
        layers.Dropout(rate)
