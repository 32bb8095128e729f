"""A training that tests interrupt: it writes model.safetensors, log.csv and history.json, and a line for every step.

python resumed_program.py IMAGES trains for every line "FOLDER SAVE_FREQ DATA" that it reads, each time in a new process
that it forks, without the seconds that imports take, and says how that ended.
"""

import contextlib
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
from minicnn.data import Batches


def brightened(images, rng):
    """Each time by another amount."""
    return images + rng.random(dtype=np.float32)


FREQUENCIES = {"epoch": "epoch", "2": 2, "3": 3, "always": timedelta(0)}


def say(line):
    """A whole line or none, whenever the process is killed."""
    os.write(sys.stdout.fileno(), f"{line}\n".encode())


def batches(x, y):
    """A generator that depends on nothing but itself."""
    rng = np.random.default_rng(5)
    while True:
        chosen = rng.integers(0, len(x), 8)
        yield x[chosen], y[chosen]


def flow(images):
    """As in many programs of 2017."""
    generator = mc.preprocessing.image.ImageDataGenerator(rescale=1 / 255, rotation_range=20, horizontal_flip=True)
    with contextlib.redirect_stdout(None):
        return generator.flow_from_directory(images, (8, 8), "grayscale", class_mode="sparse", batch_size=8)


def folder_of_images(images, seed=None):
    return mc.utils.image_dataset_from_directory(
        images, batch_size=8, color_mode="grayscale", image_size=(8, 8), seed=seed, verbose=False
    )


def main(folder, save_freq, data):
    mc.utils.set_random_seed(3)
    model = mc.Sequential(
        [
            *(layers.RandomFlip(), layers.RandomRotation(0.1, seed=9)),
            *(layers.Conv2D(3, 3, activation="relu"), layers.BatchNormalization(), layers.MaxPooling2D()),
            *(layers.Dropout(0.2), layers.Flatten(), layers.Dropout(0.3, seed=7), layers.Dense(3, "softmax")),
        ]
    )
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    x = np.random.default_rng(0).normal(size=(40, 8, 8, 1)).astype(np.float32)
    y = np.arange(40) % 3
    feeds = {
        "arrays": lambda: {"x": x, "y": y, "batch_size": 8},
        "augmented": lambda: {"x": Batches((x, y), 8, shuffle=True, augment=brightened)},
        "round": lambda: {"x": x, "y": y, "batch_size": 8, "steps_per_epoch": 3},
        "generator": lambda: {"x": batches(x, y), "steps_per_epoch": 4},
        "images": lambda: {"x": folder_of_images(sys.argv[1])},
        "repeated": lambda: {"x": folder_of_images(sys.argv[1], seed=4).repeat(), "steps_per_epoch": 3},
        "flow": lambda: {"x": flow(sys.argv[1])},
    }
    listeners = [
        callbacks.BackupAndRestore(folder / "backup", save_freq),
        callbacks.EarlyStopping("loss", patience=50, restore_best_weights=True),
        callbacks.ReduceLROnPlateau("val_loss", factor=0.5, patience=1),
        callbacks.LearningRateScheduler(lambda epoch, rate: rate * 0.95),
        callbacks.ModelCheckpoint(folder / "best.safetensors", "val_accuracy", save_best_only=True),
        callbacks.CSVLogger(folder / "log.csv"),
        callbacks.LambdaCallback(on_train_batch_end=lambda batch, logs: say(f"step {batch}")),
    ]
    history = model.fit(**feeds[data](), epochs=6, validation_data=(x, y), callbacks=listeners, verbose=0)
    model.save(folder / "model.safetensors")
    (folder / "history.json").write_text(json.dumps([history.history, history.epoch]))


def run(folder, save_freq, data):
    """In a child of its own: its number, its steps, and -signal or the exit status at its end."""
    child = os.fork()
    if child == 0:
        status = 1
        try:
            signal.signal(signal.SIGINT, signal.default_int_handler)
            say(f"pid {os.getpid()}")
            main(Path(folder), FREQUENCIES[save_freq], data)
            status = 0
        except KeyboardInterrupt:
            status = 130
        except BaseException:
            traceback.print_exc()
        finally:
            os._exit(status)
    say(f"end {os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])}")


if __name__ == "__main__":
    for line in sys.stdin:
        run(*line.split())
