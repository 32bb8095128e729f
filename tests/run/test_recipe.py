"""The recipe: balanced weights, rates that rise and fall, losses for every kind of output."""

import dataclasses

import numpy as np
import pytest

import minicnn as mc
from minicnn.run import recipe
from minicnn.run.sources import Digits


@pytest.fixture
def settings(settings_of):
    base = settings_of(Digits())
    return lambda **changes: dataclasses.replace(base, **changes)


def net(outputs, **compiled):
    model = mc.Sequential(
        [mc.Input((4,)), mc.layers.Dense(outputs, activation="softmax" if outputs > 1 else "sigmoid")]
    )
    if compiled:
        model.compile("sgd", **compiled)
    return model


def test_weighted_classes_count_equally_and_steps_keep_their_size(settings):
    counts = np.array([10, 30, 160])
    weights = np.array(list(recipe.class_weights(settings(class_weights=True), counts).values()))
    np.testing.assert_allclose(weights * counts, [200 / 3] * 3)
    assert recipe.class_weights(settings(class_weights=False), counts) is None


def test_the_rate_rises_falls_as_a_cosine_and_ends_at_0(settings):
    model = net(2)
    recipe.compile_model(model, settings(learning_rate=0.1), steps=200)
    rates = []
    for model.optimizer.iterations in range(201):
        rates.append(model.optimizer.learning_rate)
    assert rates[:11] == pytest.approx(np.linspace(0, 0.1, 11))
    assert rates[105] == pytest.approx(0.05)
    assert rates[200] == 0


def test_constant_rates_and_sgd(settings):
    model = net(2)
    recipe.compile_model(model, settings(schedule="constant", optimizer="sgd", learning_rate=0.1), steps=200)
    assert isinstance(model.optimizer, mc.optimizers.SGD)
    assert (model.optimizer.learning_rate, model.optimizer.momentum) == (0.1, 0.9)


@pytest.mark.parametrize(
    ("model", "mode"),
    [
        (net(3), "int"),
        (net(1), "binary"),
        (net(3, loss="sparse_categorical_crossentropy"), "int"),
        (net(3, loss="categorical_crossentropy"), "categorical"),
        (net(3, loss="mse"), "categorical"),
        (net(1, loss="mse"), "binary"),
    ],
)
def test_labels_are_as_the_loss_wants_them(settings, model, mode):
    assert recipe.label_mode(model, settings()) == mode
    recipe.compile_model(model, settings(), steps=9)
    labels = np.array([1, 0])
    y = {"int": labels, "binary": labels[:, None], "categorical": np.eye(3)[labels]}[mode].astype(np.float32)
    assert np.isfinite(model.train_on_batch(np.ones((2, 4), np.float32), y)).all()


@pytest.mark.parametrize(("outputs", "mode"), [(3, "categorical"), (1, "binary")])
def test_labels_are_smoothed(settings, outputs, mode):
    """Of a target 1 a part goes to all K classes: −Σ ((1 − s)·t + s/K)·log p, K = 2 for a single output."""
    model, smoothed = net(outputs), settings(label_smoothing=0.3)
    assert recipe.label_mode(model, smoothed) == mode
    recipe.compile_model(model, smoothed, steps=9)
    x, y = np.random.default_rng(0).standard_normal((5, 4)), np.eye(outputs)[np.arange(5) % outputs]
    p = model.predict(x, verbose=0).astype(np.float64)
    p, target = (p, y) if outputs > 1 else (np.hstack([p, 1 - p]), np.hstack([y, 1 - y]))
    expected = -np.sum((0.7 * target + 0.3 / p.shape[1]) * np.log(p), axis=1).mean()
    assert model.test_on_batch(x, y.astype(np.float32))[0] == pytest.approx(expected, rel=1e-5)


def test_weights_decay(settings):
    for optimizer, made in [("adam", mc.optimizers.AdamW), ("sgd", mc.optimizers.SGD)]:
        model = net(2)
        recipe.compile_model(model, settings(optimizer=optimizer, weight_decay=0.03), steps=9)
        assert isinstance(model.optimizer, made)
        assert model.optimizer.weight_decay == 0.03


def test_what_a_script_compiled_is_left_alone(settings):
    model = net(3, loss="mse")
    optimizer = model.optimizer
    recipe.compile_model(model, settings(), steps=9)
    assert model.optimizer is optimizer


def test_patience_stops_and_restores(settings):
    [stop] = recipe.early_stopping(settings(patience=4))
    assert (stop.monitor, stop.patience, stop.restore_best_weights) == ("val_loss", 4, True)
    assert recipe.early_stopping(settings(patience=0)) == []


def test_under_a_cosine_patience_begins_in_the_middle(settings):
    [under_cosine] = recipe.early_stopping(settings(patience=4, epochs=9))
    [constant] = recipe.early_stopping(settings(patience=4, epochs=9, schedule="constant"))
    assert (under_cosine.start_from_epoch, constant.start_from_epoch) == (4, 0)
