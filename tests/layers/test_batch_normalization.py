"""BatchNormalization: which statistics it uses and what happens to the moving ones."""

import numpy as np
import pytest

from minicnn import Sequential, ShapeError, layers


@pytest.fixture
def x(rng):
    return (3 + 2 * rng.standard_normal((4, 3, 2, 5))).astype(np.float32)


def test_training_normalises_the_batch(x):
    y = layers.BatchNormalization(epsilon=1e-6)(x, training=True).numpy()
    np.testing.assert_allclose(y.mean(axis=(0, 1, 2)), 0, atol=1e-5)
    np.testing.assert_allclose(y.std(axis=(0, 1, 2)), 1, rtol=1e-4)


def test_moving_statistics_follow_the_batches(x):
    layer = layers.BatchNormalization(momentum=0.75)
    layer(x, training=True)
    layer(2 * x, training=True)
    mean, variance = x.mean(axis=(0, 1, 2)), x.var(axis=(0, 1, 2))  # the variance divides by N·H·W
    np.testing.assert_allclose(layer.moving_mean.numpy(), 0.75 * 0.25 * mean + 0.25 * 2 * mean, rtol=1e-5)
    expected = 0.75 * (0.75 + 0.25 * variance) + 0.25 * 4 * variance
    np.testing.assert_allclose(layer.moving_variance.numpy(), expected, rtol=1e-5)


def test_inference_uses_the_moving_statistics_and_leaves_them(x):
    layer = layers.BatchNormalization()
    layer.build(x.shape)
    gamma, beta, mean, variance = (np.float32([i, 2, 3, 4, 5]) for i in range(1, 5))
    layer.set_weights([gamma, beta, mean, variance])
    for y in (layer(x), layer(x, training=False)):
        np.testing.assert_allclose(
            y.numpy(), gamma * (x - mean) / np.sqrt(variance + 1e-3) + beta, rtol=1e-4, atol=1e-5
        )
    assert [w.tolist() for w in layer.get_weights()[2:]] == [mean.tolist(), variance.tolist()]


def test_frozen_layers_stay_in_inference_even_in_training(x):
    layer = layers.BatchNormalization()
    layer.build(x.shape)
    layer.trainable = False
    assert np.array_equal(layer(x, training=True).numpy(), layer(x, training=False).numpy())
    assert not layer.moving_mean.numpy().any()
    layer.trainable = True
    layer(x, training=True)
    assert layer.moving_mean.numpy().all()


def test_moving_statistics_are_never_trained():
    layer = layers.BatchNormalization()
    layer.build((None, 3))
    assert [w.name for w in layer.weights] == ["gamma", "beta", "moving_mean", "moving_variance"]
    assert [w.name for w in layer.trainable_weights] == ["gamma", "beta"]
    layer.trainable = False
    layer.trainable = True
    assert [w.name for w in layer.trainable_weights] == ["gamma", "beta"]


@pytest.mark.parametrize(
    ("options", "names"),
    [
        ({"center": False}, ["gamma", "moving_mean", "moving_variance"]),
        ({"scale": False}, ["beta", "moving_mean", "moving_variance"]),
        ({"center": False, "scale": False}, ["moving_mean", "moving_variance"]),
    ],
)
def test_without_center_or_scale(x, options, names):
    layer = layers.BatchNormalization(**options)
    layer(x)
    assert [w.name for w in layer.weights] == names


@pytest.mark.parametrize("axis", [1, 2, -2])
def test_another_axis_is_the_last_one_moved_there(x, axis):
    layer, last = layers.BatchNormalization(axis=axis), layers.BatchNormalization()
    moved = np.moveaxis(last(np.moveaxis(x, axis, -1), training=True).numpy(), -1, axis)
    np.testing.assert_allclose(layer(x, training=True).numpy(), moved, rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(layer.moving_mean.numpy(), last.moving_mean.numpy(), rtol=1e-6)


def test_a_batch_of_one_row_becomes_beta():
    layer = layers.BatchNormalization(beta_initializer="ones")
    assert layer(np.array([[7.0, -2.0]]), training=True).numpy().tolist() == [[1.0, 1.0]]


def test_nan_stays_in_its_channel(x):
    x[0, 0, 0, 1] = np.nan
    y = layers.BatchNormalization()(x, training=True).numpy()
    assert np.isnan(y[..., 1]).all()
    assert np.isfinite(np.delete(y, 1, axis=-1)).all()


def test_evaluation_does_not_move_the_statistics(x):
    model = Sequential([layers.Input(x.shape[1:]), layers.BatchNormalization(), layers.Flatten(), layers.Dense(2)])
    model.compile("sgd", "mse")
    before = model.layers[0].get_weights()
    model.evaluate(x, np.zeros((4, 2)), verbose=0)
    model.predict(x, verbose=0)
    assert all(np.array_equal(a, b) for a, b in zip(before, model.layers[0].get_weights()))
    model.train_on_batch(x, np.zeros((4, 2)))
    assert not np.array_equal(before[2], model.layers[0].get_weights()[2])


def test_refuses_an_axis_of_unknown_size():
    with pytest.raises(ShapeError, match="axis"):
        layers.BatchNormalization(axis=0)(np.ones((2, 3)))
