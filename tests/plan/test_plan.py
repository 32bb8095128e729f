"""A planned run gives what an eager one gives."""

import threading
import warnings

import numpy as np
import pytest

import minicnn as mc
from minicnn import layers, optimizers

from .models import MODELS, chain, conv, dense, planned

OPTIMIZERS = {
    "sgd": lambda: optimizers.SGD(0.05),
    "momentum": lambda: optimizers.SGD(0.02, momentum=0.9),
    "nesterov": lambda: optimizers.SGD(0.02, momentum=0.9, nesterov=True),
    "rmsprop": lambda: optimizers.RMSprop(0.01),
    "centered": lambda: optimizers.RMSprop(0.01, centered=True, momentum=0.5),
    "adam": lambda: optimizers.Adam(0.01),
    "amsgrad": lambda: optimizers.Adam(0.01, amsgrad=True),
    "adamw": lambda: optimizers.AdamW(0.01, weight_decay=0.1),
    "decay": lambda: optimizers.Adam(0.01, weight_decay=0.1),
    "schedule": lambda: optimizers.SGD(optimizers.schedules.ExponentialDecay(0.1, 2, 0.5)),
    "clipnorm": lambda: optimizers.SGD(0.5, clipnorm=0.01),
    "clipvalue": lambda: optimizers.SGD(0.5, clipvalue=0.003),
    "global_clipnorm": lambda: optimizers.SGD(0.5, global_clipnorm=0.02),
}


def assert_same_run(make, batch, name, tolerance=2e-5, samples=13, fit=None, **options):
    """Three epochs with a smaller last batch: the same losses, weights and predictions."""
    runs = {}
    for eagerly in (False, True):
        model = make(name, run_eagerly=eagerly, metrics=["accuracy"], **options)
        x, y = batch(model, samples)
        mc.utils.set_random_seed(5)
        history = model.fit(x, y, batch_size=5, epochs=3, verbose=0, **(fit or {})).history
        assert planned(model) != eagerly
        runs[eagerly] = [
            *history.values(),
            model.evaluate(x, y, batch_size=4, verbose=0),
            model.predict(x, batch_size=4, verbose=0),
            *model.get_weights(),
            *[np.asarray(state) for state in model.optimizer.state().values()],
        ]
    assert len(runs[False]) == len(runs[True])
    for found, expected in zip(runs[False], runs[True]):
        np.testing.assert_allclose(found, expected, rtol=0, atol=tolerance * max(1, np.abs(expected).max()))


@pytest.mark.parametrize("name", MODELS)
def test_every_kind_of_model_trains_as_it_does_eagerly(make, batch, name):
    assert_same_run(make, batch, name, optimizer=OPTIMIZERS["momentum"])


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_every_optimizer_updates_as_it_does_eagerly(make, batch, optimizer):
    # Adam's first steps are the signs of gradients: a tiny gradient's last bit is a whole step
    assert_same_run(make, batch, "pooled convolutions", optimizer=OPTIMIZERS[optimizer], tolerance=2e-3)


@pytest.mark.parametrize("loss", ["mse", "mae", "categorical_crossentropy", "binary_crossentropy"])
def test_every_loss(make, batch, loss):
    def labels(model, samples):
        x, y = batch(model, samples)
        return x, np.eye(4, dtype=np.float32)[y]

    assert_same_run(make, labels, "pooled convolutions", loss=loss)


def test_sample_weights_and_class_weights(make, batch):
    weights = np.random.default_rng(0).random(13).astype(np.float32)
    assert_same_run(make, batch, "dense layers", fit={"sample_weight": weights, "class_weight": {0: 3.0, 2: 0.0}})


def test_learning_rates_may_change_between_steps(make, batch):
    runs = []
    for eagerly in (False, True):
        model = make("dense layers", run_eagerly=eagerly)
        x, y = batch(model, 6)
        for rate in (0.1, 0.0, 0.5, 0.01):
            model.optimizer.learning_rate = rate
            model.train_on_batch(x, y)
        runs.append(model.get_weights())
    for found, expected in zip(*runs):
        np.testing.assert_allclose(found, expected, rtol=0, atol=1e-5)


def test_an_optimizer_may_change_its_ways(make, batch):
    """Decay is a call more: that step is eager, and then a new plan is made."""
    runs = []
    for eagerly in (False, True):
        model = make("dense layers", "adam", run_eagerly=eagerly)
        x, y = batch(model, 6)
        model.train_on_batch(x, y)
        model.optimizer.weight_decay = 0.5
        for _ in range(3):
            model.train_on_batch(x, y)
        assert model.optimizer.iterations == 4
        runs.append(model.get_weights())
    for found, expected in zip(*runs):
        np.testing.assert_allclose(found, expected, rtol=0, atol=1e-4)


def test_layers_may_be_frozen_and_changed_between_steps(make, batch):
    model = make("dropout")
    x, y = batch(model, 6)
    model.train_on_batch(x, y)
    model.layers[0].trainable = False
    kernel, last = model.layers[0].kernel.numpy().copy(), model.layers[-1].kernel.numpy().copy()
    model.train_on_batch(x, y)
    np.testing.assert_array_equal(model.layers[0].kernel.numpy(), kernel)
    assert (model.layers[-1].kernel.numpy() != last).any()
    model.layers[2].rate = 0.0
    model.layers[5].rate = 0.0
    loss = model.test_on_batch(x, y)
    assert abs(model.train_on_batch(x, y) - loss) < 1e-5


def test_assigned_weights_are_seen(make, batch):
    model = make("pooled convolutions")
    x, _ = batch(model, 4)
    before = model.predict_on_batch(x)
    weights = model.get_weights()
    model.set_weights([np.zeros_like(w) for w in weights])
    np.testing.assert_allclose(model.predict_on_batch(x), 0.25)
    model.set_weights(weights)
    np.testing.assert_array_equal(model.predict_on_batch(x), before)


def test_predictions_are_the_callers_own(make, batch):
    model = make("dense layers")
    x, _ = batch(model, 4)
    first = model.predict_on_batch(x)
    kept = first.copy()
    model.predict_on_batch(-x)
    np.testing.assert_array_equal(first, kept)


def test_an_infinite_weight_spoils_only_what_depends_on_it(make, batch):
    results = []
    for eagerly in (False, True):
        model = make("unpooled convolutions", run_eagerly=eagerly)
        x, y = batch(model, 4)
        model.train_on_batch(x, y)
        kernel = model.layers[1].kernel.numpy().copy()
        kernel[0, 0, 0, 0] = np.inf
        model.layers[1].kernel.assign(kernel)
        model.train_on_batch(x, y)
        results.append([np.isfinite(w) for w in model.get_weights()])
    for found, expected in zip(*results):
        np.testing.assert_array_equal(found, expected)


def test_a_weight_that_is_not_a_number_reaches_the_loss(make, batch):
    model = make("pooled convolutions")
    x, y = batch(model, 4)
    model.train_on_batch(x, y)
    model.layers[0].kernel.data[0, 0, 0, 0] = np.nan
    assert np.isnan(model.train_on_batch(x, y))


def test_wrong_labels_and_shapes_are_said_as_in_an_eager_step(make, batch):
    model = make("dense layers")
    x, y = batch(model, 4)
    model.train_on_batch(x, y)
    with pytest.raises(ValueError, match="labels must lie in 0 … 3"):
        model.train_on_batch(x, y + 4)
    with pytest.raises(mc.kernels.ShapeError, match="expects samples of shape"):
        model.train_on_batch(x[:, :3], y)


def test_a_layer_that_looks_at_numbers_runs_eagerly_and_says_so_once(make, batch):
    class Looks(layers.Layer):
        def call(self, inputs):
            return inputs * (2.0 if inputs.numpy().max() > 0 else 3.0)

        def compute_output_shape(self, input_shape):
            return input_shape

    model = make(chain(Looks, dense(4, "softmax"), shape=(6,)))
    x, y = batch(model, 4)
    model.train_on_batch(x, y)
    with pytest.warns(UserWarning, match="runs eagerly, which is slower"):
        model.train_on_batch(x, y)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        model.train_on_batch(x, y)


def test_a_layer_with_random_numbers_of_its_own_runs_eagerly(make, batch):
    class Noise(layers.Layer):
        def call(self, inputs):
            return inputs + np.random.default_rng().standard_normal(inputs.shape).astype(np.float32)

    model = make(chain(Noise, dense(4, "softmax"), shape=(6,)))
    x, _ = batch(model, 4)
    first = model.predict_on_batch(x)
    with pytest.warns(UserWarning, match="such as random ones"):
        second = model.predict_on_batch(x)
    assert (first != second).all()


def test_a_step_of_ones_own_is_left_alone(make, batch):
    class Silent(mc.Sequential):
        def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None, training=True):
            return super().compute_loss(x, y, y_pred, sample_weight, training) * 0.0

    model = make(lambda: Silent([mc.Input((6,)), layers.Dense(4, "softmax")]))
    x, y = batch(model, 4)
    before = model.get_weights()
    assert model.train_on_batch(x, y) == 0
    for found, expected in zip(model.get_weights(), before):
        np.testing.assert_array_equal(found, expected)


def test_the_memory_of_a_plan_is_not_that_of_every_array(make, batch):
    deep = chain(*[conv(8, padding="same", activation="relu")] * 12, layers.Flatten, dense(4), shape=(32, 32, 8))
    model = make(deep, loss=mc.losses.SparseCategoricalCrossentropy(from_logits=True))
    x, _ = batch(model, 8)
    model.predict_on_batch(x)
    (plan,) = model._planner._plans.values()
    assert plan.program.capture.arena.peak < 4 * x.nbytes


def test_threads_may_predict_at_once(make, batch):
    model = make("pooled convolutions")
    x, _ = batch(model, 6)
    expected = [model.predict_on_batch(x * k) for k in range(4)]
    wrong = []

    def predict(k):
        for _ in range(20):
            if not np.allclose(model.predict_on_batch(x * k), expected[k], atol=1e-6):
                wrong.append(k)

    threads = [threading.Thread(target=predict, args=(k,)) for k in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong
