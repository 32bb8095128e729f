"""The training loop: what it feeds, in which order, what it reports, and that it gives the same bits every time."""

import os
import subprocess
import sys

import numpy as np
import pytest

import minicnn as mc
from minicnn import Input, Sequential, ShapeError, Tensor, callbacks, layers, losses, metrics, optimizers
from minicnn.layers import Conv2D, Dense, Dropout, Flatten
from minicnn.tensor import is_grad_enabled


@pytest.fixture(autouse=True)
def portable():
    mc.utils.set_random_seed(17)
    with mc.device("portable"):
        yield


X = np.arange(10, dtype=np.float32)[:, None]
Y = 3 * X + 1


class Recorder(Sequential):
    """A line y = w·x + b that writes down what each step is given."""

    def __init__(self, **compiled):
        super().__init__([Input((1,)), Dense(1)])
        self.trained, self.tested = [], []
        self.compile(**{"optimizer": optimizers.SGD(1e-3), "loss": "mse", **compiled})

    def train_step(self, x, y, sample_weight=None):
        self.trained.append((x, y, sample_weight))
        return super().train_step(x, y, sample_weight)

    def test_step(self, x, y, sample_weight=None):
        self.tested.append((x, y, sample_weight))
        return super().test_step(x, y, sample_weight)

    def values(self):
        return [x.ravel().tolist() for x, _, _ in self.trained]

    def fit(self, x=X, y=Y, **options):
        return super().fit(x, y, **{"verbose": 0, "shuffle": False, **options})


# ---------------------------------------------------------------------------------------------------------- one step


def test_one_step_is_the_formula():
    model = Recorder(optimizer=optimizers.SGD(0.01))
    w, b = (float(v.item()) for v in model.get_weights())
    model.fit(batch_size=10)
    miss = w * X.astype(float) + b - Y
    np.testing.assert_allclose(model.get_weights()[0].item(), w - 0.01 * np.mean(2 * miss * X), rtol=1e-5)
    np.testing.assert_allclose(model.get_weights()[1].item(), b - 0.01 * np.mean(2 * miss), rtol=1e-5)


def test_every_step_and_every_epoch_begin_anew():
    """L = w², dw = 2·w: each step of ⅛·dw leaves ¾ of the weight, and an epoch reports its own loss."""
    model = Sequential([Input((1,)), Dense(1, kernel_initializer="ones", use_bias=False)])
    model.compile(optimizers.SGD(1 / 8), "mse", metrics=["mae"])
    history = model.fit(np.ones((1, 1)), np.zeros((1, 1)), epochs=3, verbose=0).history
    assert history == {"loss": [1, 9 / 16, 81 / 256], "mae": [1, 3 / 4, 9 / 16]}


def test_it_learns():
    x = np.random.default_rng(0).normal(size=(200, 2)) + np.repeat([[-2, 0], [2, 0]], 100, axis=0)
    model = Sequential([Input((2,)), Dense(8, "relu"), Dense(2, "softmax")])
    model.compile(optimizers.Adam(0.05), "sparse_categorical_crossentropy", metrics=["accuracy"])
    history = model.fit(x, np.repeat([0, 1], 100), epochs=5, verbose=0).history
    assert history["accuracy"][-1] > 0.95
    assert history["loss"][-1] < history["loss"][0] / 2


def test_penalties_are_part_of_the_loss():
    layer = Dense(1, kernel_regularizer="l2", kernel_initializer="ones", use_bias=False)
    model = Sequential([Input((1,)), layer])
    model.compile(optimizers.SGD(1.0), "mse")
    assert model.evaluate(X, X, verbose=0) == pytest.approx(0.01)
    model.fit(X, X, verbose=0)
    assert layer.kernel.numpy().item() == pytest.approx(1 - 0.02)


def test_frozen_layers_stay():
    model = Sequential([Input((1,)), Dense(3, trainable=False), Dense(1)])
    model.compile("adam", "mse")
    before = model.get_weights()
    model.fit(X, Y, verbose=0)
    changed = [(one != other).any() for one, other in zip(before, model.get_weights())]
    assert changed == [False, False, True, True]


# ------------------------------------------------------------------------------------------------------ what is fed


def test_the_last_batch_may_be_smaller():
    model = Recorder()
    model.fit(batch_size=4)
    assert model.values() == [[0, 1, 2, 3], [4, 5, 6, 7], [8, 9]]


def test_the_usual_batch_holds_32():
    model = Recorder()
    model.fit(np.ones((70, 1)), np.ones((70, 1)))
    assert [len(x) for x, _, _ in model.trained] == [32, 32, 6]


def test_validation_takes_the_last_samples():
    model = Recorder()
    model.fit(validation_split=0.3, batch_size=5, shuffle=True, epochs=2)
    first, second, *_ = model.values()
    assert sorted(first + second) == list(range(7))
    assert [x.ravel().tolist() for x, _, _ in model.tested] == [[7, 8, 9]] * 2


def test_validation_split_takes_weights_along():
    model = Recorder()
    model.fit(validation_split=0.3, sample_weight=np.arange(10.0))
    assert model.trained[0][2].tolist() == list(range(7))
    assert model.tested[0][2].tolist() == [7, 8, 9]


def test_shuffling():
    def orders(seed):
        mc.utils.set_random_seed(seed)
        model = Recorder()
        model.fit(shuffle=True, epochs=2, batch_size=10)
        return model.values()

    first, second = orders(1)
    assert sorted(first) == sorted(second) == list(range(10))
    assert first != second
    assert orders(1) == [first, second]
    assert orders(2)[0] != first


def test_x_and_y_are_shuffled_together():
    model = Recorder()
    model.fit(shuffle=True, sample_weight=X.ravel() + 1)
    x, y, weight = model.trained[0]
    np.testing.assert_array_equal(y, 3 * x + 1)
    np.testing.assert_array_equal(weight, x.ravel() + 1)


def test_lists_are_arrays():
    model = Recorder()
    model.fit(X.tolist(), Y.tolist())
    assert model.values() == [list(range(10))]


def test_generators():
    model = Recorder()
    history = model.fit(((X[i : i + 2], Y[i : i + 2]) for i in (0, 4, 6)), None)
    assert model.values() == [[0, 1], [4, 5], [6, 7]]
    assert len(history.history["loss"]) == 1


def test_endless_generators():
    def endless():
        i = 0
        while True:
            yield X[i : i + 1], Y[i : i + 1]
            i = (i + 1) % 10

    model = Recorder()
    model.fit(endless(), None, steps_per_epoch=3, epochs=2, validation_data=endless(), validation_steps=2)
    assert model.values() == [[0], [1], [2], [3], [4], [5]]
    assert [x.item() for x, _, _ in model.tested] == [0, 1, 2, 3]


def test_batches_can_be_used_every_epoch():
    model = Recorder()
    model.fit(mc.data.Batches((X, Y), batch_size=5), None, epochs=2)
    assert model.values() == [[0, 1, 2, 3, 4], [5, 6, 7, 8, 9]] * 2


def test_generators_of_inputs_alone():
    model = Recorder()
    parts = (X[i : i + 5] for i in (0, 5))
    np.testing.assert_array_equal(model.predict(parts, verbose=0), model.predict(X, verbose=0))


# ----------------------------------------------------------------------------------------------------------- weights


def test_sample_weights():
    model = Recorder()
    weight = np.linspace(0, 2, 10)
    miss = (model.predict(X) - Y).ravel().astype(float) ** 2
    assert model.evaluate(X, Y, sample_weight=weight, verbose=0) == pytest.approx(np.mean(weight * miss), rel=1e-6)
    assert model.train_on_batch(X, Y, sample_weight=weight) == pytest.approx(np.mean(weight * miss), rel=1e-6)


@pytest.mark.parametrize("one_hot", [False, True])
def test_class_weights_are_sample_weights(one_hot):
    def trained(**options):
        mc.utils.set_random_seed(5)
        model = Sequential([Input((1,)), Dense(3, "softmax")])
        model.compile("sgd", "categorical_crossentropy" if one_hot else "sparse_categorical_crossentropy")
        model.fit(X, np.eye(3)[labels] if one_hot else labels, verbose=0, **options)
        return model.get_weights()

    labels = np.arange(10) % 3
    by_class = trained(class_weight={0: 2.0, 2: 0.5})
    by_sample = trained(sample_weight=np.array([2.0, 1.0, 0.5])[labels])
    for one, other in zip(by_class, by_sample):
        np.testing.assert_array_equal(one, other)
    assert (by_class[0] != trained()[0]).any()


# --------------------------------------------------------------------------------------------------- what is reported


def test_history():
    model = Recorder(metrics=["mae"])
    history = model.fit(epochs=3, validation_data=(X, Y))
    assert history is model.history
    assert list(history.history) == ["loss", "mae", "val_loss", "val_mae"]
    assert all(len(values) == 3 for values in history.history.values())
    assert history.epoch == [0, 1, 2]


def test_numbers_of_an_epoch_are_means_over_samples():
    model = Recorder(optimizer=optimizers.SGD(0.0), metrics=["mae"])
    epoch = {name: values[0] for name, values in model.fit(batch_size=4).history.items()}
    assert epoch == pytest.approx(model.evaluate(X, Y, batch_size=10, return_dict=True, verbose=0), rel=1e-6)


def test_logs_of_batches():
    heard = []
    listener = callbacks.LambdaCallback(on_train_batch_end=lambda batch, logs: heard.append((batch, dict(logs))))
    Recorder().fit(batch_size=4, epochs=2, callbacks=[listener])
    assert [batch for batch, _ in heard] == [0, 1, 2] * 2
    assert all(np.isfinite(logs["loss"]) for _, logs in heard)


def test_initial_epoch():
    assert Recorder().fit(initial_epoch=2, epochs=5).epoch == [2, 3, 4]


def test_validation_every_second_epoch():
    history = Recorder().fit(epochs=5, validation_data=(X, Y), validation_freq=2).history
    assert len(history["loss"]) == 5
    assert len(history["val_loss"]) == 2


def test_validation_does_not_train():
    model = Recorder(optimizer=optimizers.SGD(0.0))
    before = model.get_weights()
    model.fit(validation_data=(X, Y))
    model.evaluate(X, Y, verbose=0)
    for one, other in zip(before, model.get_weights()):
        np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize("moment", ["on_train_batch_end", "on_epoch_end"])
def test_stop_training(moment):
    model = Recorder()

    def stop(*_):
        model.stop_training = True

    history = model.fit(batch_size=5, epochs=4, callbacks=[callbacks.LambdaCallback(**{moment: stop})])
    assert history.epoch == [0]
    assert len(model.trained) == (1 if moment == "on_train_batch_end" else 2)
    assert model.fit(epochs=2).epoch == [0, 1], "training can begin again"


def test_metrics_go_by_their_names():
    model = Recorder(metrics=[metrics.MeanAbsoluteError(name="miss")])
    assert model.metrics_names == ["loss", "miss"]
    assert list(model.evaluate(X, Y, return_dict=True, verbose=0)) == ["loss", "miss"]


@pytest.mark.parametrize("method", ["evaluate", "train_on_batch", "test_on_batch"])
def test_forms_of_results(method):
    options = {"verbose": 0} if method == "evaluate" else {}
    alone, several = Recorder(), Recorder(metrics=["mae", "mse"])
    assert isinstance(getattr(alone, method)(X, Y, **options), float)
    result = getattr(several, method)(X, Y, **options)
    assert isinstance(result, list)
    assert len(result) == 3
    several.reset_metrics()
    named = getattr(several, method)(X, Y, return_dict=True, **options)
    assert list(named) == ["loss", "mae", "mse"]
    assert all(type(value) is float for value in named.values())


def test_predictions_are_arrays():
    model = Recorder()
    whole = model.predict(X, verbose=0)
    assert type(whole) is np.ndarray
    assert whole.shape == (10, 1)
    np.testing.assert_array_equal(model.predict(X, batch_size=3, verbose=0), whole)
    np.testing.assert_array_equal(model.predict_on_batch(X), whole)
    np.testing.assert_array_equal(model.predict(Tensor(X), verbose=0), whole)
    np.testing.assert_array_equal(model.predict(X, batch_size=3, steps=2, verbose=0), whole[:6])


def test_predicting_records_nothing_and_drops_nothing():
    model = Sequential([Input((50,)), Dropout(0.5)])
    ones = np.ones((3, 50), np.float32)
    np.testing.assert_array_equal(model.predict(ones, verbose=0), ones)


def test_evaluating_drops_nothing_and_leaves_moving_statistics():
    model = Sequential([Input((50,)), layers.BatchNormalization(), Dropout(0.5)])
    model.compile("sgd", "mae")
    before = model.get_weights()
    assert model.evaluate(np.ones((3, 50)), np.zeros((3, 50)), verbose=0) == pytest.approx((1 + 1e-3) ** -0.5)
    for one, other in zip(before, model.get_weights()):
        np.testing.assert_array_equal(one, other)


def test_train_on_batch_counts_steps():
    model = Recorder(optimizer="adam")
    for _ in range(3):
        model.train_on_batch(X, Y)
    assert model.optimizer.iterations == 3


def test_a_train_step_of_ones_own():
    class Constant(Recorder):
        def train_step(self, x, y, sample_weight=None):
            return {"loss": 0.25, "size_seen": float(len(x))}

    assert Constant().fit().history == {"loss": [0.25], "size_seen": [10.0]}


def test_nothing_is_trained_on_a_wrong_shape():
    model = Recorder()
    before = model.get_weights()
    with pytest.raises(ShapeError):
        model.fit(np.ones((10, 2)), Y)
    for one, other in zip(before, model.get_weights()):
        np.testing.assert_array_equal(one, other)


# -------------------------------------------------------------------------------------------------------- interruption


class Interrupt(callbacks.Callback):
    def on_train_batch_end(self, batch, logs=None):
        raise KeyboardInterrupt


def test_an_interrupted_model_can_be_used_and_trained_on():
    model, twin = Recorder(optimizer="adam"), Recorder(optimizer="adam")
    twin.set_weights(model.get_weights())
    with pytest.raises(KeyboardInterrupt):
        model.fit(batch_size=5, callbacks=[Interrupt()])
    twin.train_on_batch(X[:5], Y[:5])
    assert is_grad_enabled()
    model.fit(batch_size=5)
    twin.fit(batch_size=5)
    np.testing.assert_array_equal(model.predict(X), twin.predict(X))


def test_interrupted_between_gradient_and_update(monkeypatch):
    model, twin = Recorder(), Recorder()
    twin.set_weights(model.get_weights())

    def interrupted(*_):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(model.optimizer, "apply", interrupted)
        with pytest.raises(KeyboardInterrupt):
            model.fit()
    model.fit()
    twin.fit()
    np.testing.assert_array_equal(model.get_weights()[0], twin.get_weights()[0])


def test_interrupted_while_dropping_out():
    class Broken(layers.Layer):
        def call(self, inputs, training=False):
            if training:
                raise KeyboardInterrupt
            return inputs

    model = Sequential([Input((50,)), Dropout(0.5), Broken()])
    model.compile("sgd", "mse")
    with pytest.raises(KeyboardInterrupt):
        model.fit(np.ones((2, 50)), np.ones((2, 50)), verbose=0)
    np.testing.assert_array_equal(model(np.ones((1, 50))).numpy(), np.ones((1, 50)))


# ------------------------------------------------------------------------------------------------------- the same bits

PROGRAM = """
import hashlib
import numpy as np
import minicnn as mc
from minicnn.layers import *
from minicnn.data import Batches
mc.utils.set_random_seed(3)
model = mc.Sequential([
    mc.Input((12, 11, 2)), Conv2D(8, 3, padding="same"), BatchNormalization(scale=False), ReLU(), MaxPooling2D(),
    Conv2D(5, 3), AveragePooling2D(2, padding="same"), Dropout(0.3), Flatten(), Dense(20, "tanh"), Dense(4, "softmax"),
])
model.compile(mc.optimizers.Adam(global_clipnorm=1.0), "sparse_categorical_crossentropy", metrics=["accuracy"])
x = np.random.default_rng(0).normal(size=(70, 12, 11, 2)).astype(np.float32)
y = np.arange(70) % 4
model.fit(x, y, batch_size=32, verbose=0)
affine = RandomAffine(rotation=0.1, zoom=0.1, translation=0.1)
model.fit(Batches((x, y), 32, shuffle=True, augment=lambda x, _: affine(x, training=True).numpy()), epochs=2, verbose=0)
outputs = [*model.get_weights(), model.predict(x, verbose=0), np.array(model.history.history["loss"])]
print(hashlib.sha256(b"".join(a.tobytes() for a in outputs)).hexdigest())
"""


def digest(device, threads=None):
    environment = {**os.environ, "MINICNN_DEVICE": device}
    if threads:
        environment["MINICNN_NUM_THREADS"] = str(threads)
    run = subprocess.run([sys.executable, "-c", PROGRAM], env=environment, capture_output=True, text=True, check=True)
    return run.stdout


def test_the_same_bits_in_two_processes():
    assert digest("portable") == digest("portable")


def test_the_same_bits_at_any_number_of_threads():
    assert digest("cpu", threads=1) == digest("cpu", threads=2) == digest("cpu", threads=2)


def test_cpu_and_portable_agree():
    def losses_on(device):
        mc.utils.set_random_seed(3)
        with mc.device(device):
            model = Sequential([Input((8, 8, 1)), Conv2D(3, 3, activation="relu"), Flatten(), Dense(3, "softmax")])
            model.compile("adam", "sparse_categorical_crossentropy")
            x = np.random.default_rng(0).normal(size=(20, 8, 8, 1))
            return model.fit(x, np.arange(20) % 3, batch_size=8, epochs=3, verbose=0).history["loss"]

    np.testing.assert_allclose(losses_on("cpu"), losses_on("portable"), rtol=1e-4)


# ------------------------------------------------------------------------------------------------------- warnings


@pytest.mark.parametrize(
    ("loss", "activation"),
    [
        ("mse", None),
        ("binary_crossentropy", "sigmoid"),
        ("categorical_crossentropy", "softmax"),
        (losses.CategoricalCrossentropy(from_logits=True), None),
    ],
    ids=str,
)
def test_a_right_ending_is_not_warned_about(loss, activation, recwarn):
    model = Sequential([Input((1,)), Dense(2, activation)])
    model.compile("sgd", loss)
    model.fit(X / 10, np.eye(2)[np.arange(10) % 2], verbose=0)
    assert not recwarn.list


def test_a_wrong_ending_is_warned_about_once(recwarn):
    model = Sequential([Input((1,)), Dense(2)])
    model.compile("sgd", "categorical_crossentropy")
    model.fit(X / 10, np.eye(2)[np.arange(10) % 2], epochs=3, batch_size=2, verbose=0)
    assert len([w for w in recwarn.list if "expects probabilities" in str(w.message)]) == 1
