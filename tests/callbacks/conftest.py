"""A model that has nothing but what callbacks touch, and a training that reports given numbers."""

from types import SimpleNamespace

import pytest

from minicnn.callbacks import CallbackList
from minicnn.metrics import CategoricalAccuracy, MeanSquaredError


class Optimizer:
    learning_rate = 1.0


class Model:
    """Its weights are the number of epochs that it was trained for; its metrics are "accuracy" and "mse"."""

    def __init__(self):
        self.optimizer = Optimizer()
        self.metrics = [CategoricalAccuracy(name="accuracy"), MeanSquaredError(name="mse")]
        self.stop_training = False
        self.weights = [0]
        self.saved = []

    def get_weights(self):
        return list(self.weights)

    def set_weights(self, weights):
        self.weights = list(weights)

    def save(self, path):
        self.saved.append(("model", path))

    def save_weights(self, path):
        self.saved.append(("weights", path))


def fit(model, callbacks, epoch_logs, batches=2, **params):
    """Train with the logs given for every epoch, as the training loop calls its callbacks."""
    params = {"epochs": len(epoch_logs), "steps": batches, "verbose": 1, "batch_size": 4} | params
    with CallbackList(callbacks, model, params) as listeners:
        model.stop_training = False
        listeners.on_train_begin()
        for epoch, logs in enumerate(epoch_logs):
            listeners.on_epoch_begin(epoch)
            for batch in range(batches):
                listeners.on_train_batch_begin(batch)
                listeners.on_train_batch_end(batch, {**logs, "size": 4})
            model.weights = [epoch + 1]
            listeners.on_test_begin()
            listeners.on_test_end()
            listeners.on_epoch_end(epoch, logs)
            if model.stop_training:
                break
        listeners.on_train_end()


@pytest.fixture
def model():
    return Model()


@pytest.fixture
def training(model):
    """model, and fit(callbacks, losses) or fit(callbacks, logs)."""

    def run(callbacks, epochs, **options):
        logs = [{"val_loss": value} if isinstance(value, (int, float)) else dict(value) for value in epochs]
        fit(model, callbacks if isinstance(callbacks, list) else [callbacks], logs, **options)

    return SimpleNamespace(model=model, fit=run)
