"""A training that tests interrupt: it writes model.safetensors, log.csv and history.json, and a line for every step.

The program forks for every line "FOLDER SAVE_FREQ DATA" that it reads, and says how the child ended: a new process
each time, without the seconds that imports take.
"""

import json
import os
import signal
import sys
import traceback
from datetime import timedelta
from pathlib import Path

import numpy as np

import minicnn as mc
from minicnn import callbacks, layers
from minicnn.data import Batches, RandomAffine

FREQUENCIES = {"epoch": "epoch", "2": 2, "3": 3, "always": timedelta(0)}


def batches(x, y):
    """A generator that depends on nothing but itself."""
    rng = np.random.default_rng(5)
    while True:
        chosen = rng.integers(0, len(x), 8)
        yield x[chosen], y[chosen]


def main(folder, save_freq, data):
    mc.utils.set_random_seed(3)
    model = mc.Sequential(
        [
            *(layers.Conv2D(3, 3, activation="relu"), layers.BatchNormalization(), layers.MaxPooling2D()),
            *(layers.Dropout(0.2), layers.Flatten(), layers.Dropout(0.3, seed=7), layers.Dense(3, "softmax")),
        ]
    )
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    x = np.random.default_rng(0).normal(size=(40, 8, 8, 1)).astype(np.float32)
    y = np.arange(40) % 3
    feeds = {
        "arrays": {"x": x, "y": y, "batch_size": 8},
        "augmented": {"x": Batches((x, y), 8, shuffle=True, augment=RandomAffine(rotation=20))},
        "round": {"x": x, "y": y, "batch_size": 8, "steps_per_epoch": 3},
        "generator": {"x": batches(x, y), "steps_per_epoch": 4},
    }
    listeners = [
        callbacks.BackupAndRestore(folder / "backup", save_freq),
        callbacks.EarlyStopping("loss", patience=50, restore_best_weights=True),
        callbacks.ReduceLROnPlateau("val_loss", factor=0.5, patience=1),
        callbacks.LearningRateScheduler(lambda epoch, rate: rate * 0.95),
        callbacks.ModelCheckpoint(folder / "best.safetensors", "val_accuracy", save_best_only=True),
        callbacks.CSVLogger(folder / "log.csv"),
        callbacks.LambdaCallback(on_train_batch_end=lambda batch, logs: print("step", batch, flush=True)),
    ]
    history = model.fit(**feeds[data], epochs=6, validation_data=(x, y), callbacks=listeners, verbose=0)
    model.save(folder / "model.safetensors")
    (folder / "history.json").write_text(json.dumps([history.history, history.epoch]))


def run(folder, save_freq, data):
    """In a child of its own: its number, its steps, and -signal or the exit status at its end."""
    child = os.fork()
    if child == 0:
        status = 1
        try:
            signal.signal(signal.SIGINT, signal.default_int_handler)
            print("pid", os.getpid(), flush=True)
            main(Path(folder), FREQUENCIES[save_freq], data)
            status = 0
        except KeyboardInterrupt:
            status = 130
        except BaseException:
            traceback.print_exc()
        finally:
            os._exit(status)
    print("end", os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)


if __name__ == "__main__":
    for line in sys.stdin:
        run(*line.split())
