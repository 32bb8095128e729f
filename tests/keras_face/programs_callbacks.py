"""Callbacks: when they are called, with what, and what they do."""

import contextlib
import io
import tempfile
from pathlib import Path

import numpy as np

from .program import classifier, program, samples, transplant

MOMENTS = [
    f"on_{place}{event}"
    for place in ("train_", "epoch_", "train_batch_", "test_", "test_batch_", "predict_", "predict_batch_")
    for event in ("begin", "end")
]


def recorder(keras, calls, tag=""):
    """A callback that notes every call, its number and the keys of its logs."""

    def note(moment):
        def numbered(self, number, logs=None):
            calls.append(f"{tag}{moment} {number} {sorted(set(logs) - {'size'})}")

        def unnumbered(self, logs=None):
            calls.append(f"{tag}{moment} {sorted(logs)}")

        return numbered if "batch" in moment or "epoch" in moment else unnumbered

    return type("Recorder", (keras.callbacks.Callback,), {moment: note(moment) for moment in MOMENTS})()


def scripted(keras, **curves):
    """A callback that puts these values into the logs of each epoch, and the epoch into the model's last bias."""

    class Scripted(keras.callbacks.Callback):
        def on_epoch_end(self, epoch, logs=None):
            logs.update({name: values[epoch] for name, values in curves.items()})
            weights = self.model.get_weights()
            self.model.set_weights([*weights[:-1], np.full_like(weights[-1], epoch)])

    return Scripted()


def train(keras, rng, *callbacks, epochs=8, **options):
    """History of a short training with these callbacks."""
    return train_again(classifier(keras, rng, **options), rng, *callbacks, epochs=epochs)


def train_again(model, rng, *callbacks, epochs=8):
    """The same with the same model and new weights, which is quicker than making one."""
    x, y = samples(rng, 8)
    return transplant(model, rng).fit(x, y, 4, epochs, 0, list(callbacks), shuffle=False), model


@program
def order_of_calls(keras, rng):
    calls = []
    x, y = samples(rng, 8)
    model = classifier(keras, rng, metrics=["accuracy"])
    model.fit(x, y, 4, 2, 0, [recorder(keras, calls)], validation_data=(x, y), shuffle=False)
    fitted, evaluated, predicted = list(calls), [], []
    model.evaluate(x, y, 4, 0, callbacks=[recorder(keras, evaluated)])
    model.predict(x, 4, 0, callbacks=[recorder(keras, predicted)])
    return {"fit": fitted, "evaluate": evaluated, "predict": predicted}


@program
def two_callbacks(keras, rng):
    calls = []
    train(keras, rng, recorder(keras, calls, "a "), recorder(keras, calls, "b "), epochs=1)
    return {"calls": calls}


@program
def lambda_callback(keras, rng):
    calls = []
    callback = keras.callbacks.LambdaCallback(
        on_epoch_begin=lambda epoch, logs: calls.append(f"begin {epoch}"),
        on_epoch_end=lambda epoch, logs: calls.append(f"end {epoch} {sorted(logs)}"),
        on_train_begin=lambda logs: calls.append("train begin"),
        on_train_end=lambda logs: calls.append("train end"),
        on_train_batch_begin=lambda batch, logs: calls.append(f"batch begin {batch}"),
        on_train_batch_end=lambda batch, logs: calls.append(f"batch end {batch}"),
    )
    train(keras, rng, callback, epochs=2)
    return {"calls": calls}


@program
def model_and_params(keras, rng):
    seen = []

    class Look(keras.callbacks.Callback):
        def on_train_begin(self, logs=None):
            seen.append([self.params["epochs"], self.params["steps"], self.params["verbose"], self.model.name])

        def on_batch_end(self, batch, logs=None):
            seen.append(batch)

    train(keras, rng, Look(), epochs=2)
    return {"seen": seen}


@program
def stopped_within_an_epoch(keras, rng):
    class Stop(keras.callbacks.Callback):
        def on_train_batch_end(self, batch, logs=None):
            self.model.stop_training = True

    history, model = train(keras, rng, Stop(), metrics=["accuracy"])
    return {"history": history.history, "steps": int(np.asarray(model.optimizer.iterations))}


@program
def early_stopping(keras, rng):
    net = classifier(keras, rng)
    up_and_down = [1.0, 0.8, 0.7, 0.75, 0.72, 0.71, 0.69, 0.9]
    results = {}
    for name, options in {
        "defaults": {},
        "patience": {"patience": 2},
        "more patience": {"patience": 5},
        "min_delta": {"min_delta": 0.15, "patience": 1},
        "baseline": {"baseline": 0.65, "patience": 3},
        "baseline reached": {"baseline": 0.9, "patience": 1},
        "start_from_epoch": {"start_from_epoch": 4, "patience": 1},
        "best weights": {"patience": 2, "restore_best_weights": True},
        "best weights at the end": {"patience": 50, "restore_best_weights": True},
        "max": {"mode": "max", "patience": 1, "restore_best_weights": True},
        "loss": {"monitor": "loss", "patience": 3},
    }.items():
        callback = keras.callbacks.EarlyStopping(**({"monitor": "val_loss"} | options))
        history, model = train_again(net, np.random.default_rng(1), scripted(keras, val_loss=up_and_down), callback)
        bias = float(model.get_weights()[-1][0])
        results[name] = [history.epoch, bias, callback.stopped_epoch, callback.best_epoch, callback.wait]
    return results


@program
def early_stopping_on_accuracy(keras, rng):
    """mode="auto" knows that more accuracy is better."""
    callback = keras.callbacks.EarlyStopping("accuracy", patience=1, restore_best_weights=True)
    curve = scripted(keras, accuracy=[0.1, 0.2, 0.5, 0.4, 0.3, 0.9, 0.9, 0.9])
    history, model = train(keras, rng, curve, callback, metrics=["accuracy"])
    return {"epochs": history.epoch, "bias": model.get_weights()[-1][0], "best": callback.best}


@program
def model_checkpoint(keras, rng):
    """Suffixes aside: the formats of the files differ."""
    whole, alone = (".safetensors", ".safetensors") if keras.__name__ == "minicnn" else (".keras", ".weights.h5")
    net = classifier(keras, rng)
    curve = [1.0, 0.8, 0.9, 0.7]
    results = {}
    for name, (pattern, options) in {
        "every epoch": ("e{epoch:02d}-{val_loss:.2f}" + whole, {}),
        "best only": ("best-{epoch}" + whole, {"save_best_only": True}),
        "best of max": ("best-{epoch}" + whole, {"save_best_only": True, "mode": "max"}),
        "threshold": ("t-{epoch}" + whole, {"save_best_only": True, "initial_value_threshold": 0.85}),
        "weights": ("w-{epoch:03d}-{loss:.1f}" + alone, {"save_weights_only": True}),
        "batches": ("b-{epoch}-{batch}" + whole, {"save_freq": 3}),
        "overwritten": ("same" + whole, {"monitor": "loss"}),
    }.items():
        with tempfile.TemporaryDirectory() as folder:
            checkpoint = keras.callbacks.ModelCheckpoint(str(Path(folder, pattern)), **options)
            train_again(net, np.random.default_rng(2), scripted(keras, val_loss=curve), checkpoint, epochs=4)
            suffix = alone if options.get("save_weights_only") else whole
            results[name] = sorted(path.name.removesuffix(suffix) for path in Path(folder).iterdir())
    return results


@program
def learning_rate_scheduler(keras, rng):
    scheduler = keras.callbacks.LearningRateScheduler
    halved, _ = train(keras, rng, scheduler(lambda epoch, rate: rate / 2), epochs=3)
    by_epoch, model = train(keras, rng, scheduler(lambda epoch: 0.1 / (epoch + 1)), epochs=3)
    return {
        "halved": halved.history,
        "by epoch": by_epoch.history,
        "rate": float(np.asarray(model.optimizer.learning_rate)),
    }


@program
def reduce_lr_on_plateau(keras, rng):
    net = classifier(keras, rng, optimizer=keras.optimizers.SGD(0.25))
    flat = [1.0, 0.9, 0.9, 0.9, 0.9, 0.9, 0.5, 0.5]
    results = {}
    for name, options in {
        "patience": {"patience": 1},
        "factor": {"patience": 2, "factor": 0.5},
        "cooldown": {"patience": 1, "factor": 0.5, "cooldown": 2},
        "min_lr": {"patience": 1, "factor": 0.5, "min_lr": 0.1},
        "min_delta": {"patience": 1, "factor": 0.5, "min_delta": 0.3},
        "max": {"patience": 2, "factor": 0.5, "mode": "max"},
    }.items():
        callback = keras.callbacks.ReduceLROnPlateau(**options)
        net.optimizer.learning_rate = 0.25
        history, model = train_again(net, np.random.default_rng(3), scripted(keras, val_loss=flat), callback)
        results[name] = [history.history["learning_rate"], float(np.asarray(model.optimizer.learning_rate))]
    return results


@program
def csv_logger(keras, rng):
    """Names and numbers; digits are up to the library."""

    def table(text, separator=","):
        rows = [line.split(separator) for line in text.splitlines()]
        return [rows[0], *([float(value) for value in row] for row in rows[1:])]

    with tempfile.TemporaryDirectory() as folder:
        plain, other = Path(folder, "plain.csv"), Path(folder, "other.csv")
        logger, x_y = keras.callbacks.CSVLogger, samples(rng, 8)
        model = classifier(keras, rng, metrics=["accuracy"])
        options = {"epochs": 2, "verbose": 0, "shuffle": False, "validation_data": x_y}
        model.fit(*x_y, callbacks=[logger(str(plain)), logger(str(other), separator=";")], **options)
        once, separated = plain.read_text(), other.read_text()
        model.fit(*x_y, callbacks=[logger(str(plain), append=True), logger(str(other))], **options)
        return {
            "once": table(once),
            "separated": table(separated, ";"),
            "appended": table(plain.read_text()),
            "overwritten": table(other.read_text()),
        }


@program
def terminate_on_nan(keras, rng):
    x, y = samples(rng, 8)

    def infinite(y_true, y_pred):
        return (y_true - y_pred[:, 0]) * np.float32(np.inf)

    model = classifier(keras, rng, loss=infinite)
    with contextlib.redirect_stdout(io.StringIO()):
        history = model.fit(x, y.astype(np.float32), 4, 5, 0, [keras.callbacks.TerminateOnNaN()], shuffle=False)
    return {"epochs": history.epoch, "steps": int(np.asarray(model.optimizer.iterations))}


@program
def history_callback(keras, rng):
    mine = keras.callbacks.History()
    history, _ = train(keras, rng, mine, epochs=3, metrics=["accuracy"])
    return {"mine": mine.history, "returned": history.history, "epoch": mine.epoch}
