"""`minicnn train`: from a folder of images, or the built-in digits, to a tested classifier and a report."""

import math
import re
from pathlib import Path
from typing import Any

import typer
from rich.markup import escape

from . import training_options as options
from .errors import INTERRUPTED, CommandError, told_to_user
from .options import Device, Json, Threads, choose_device
from .output import results
from .training import Training


def train(
    directory: options.Directory = None,
    split: options.Split = None,
    test: options.Test = None,
    image_size: options.ImageSize = None,
    augment: options.Augment = None,
    on_error: options.OnError = None,
    model: options.ModelName = None,
    script: options.Script = None,
    epochs: options.Epochs = None,
    batch_size: options.BatchSize = None,
    optimizer: options.Optimizer = None,
    learning_rate: options.LearningRate = None,
    schedule: options.Schedule = None,
    weight_decay: options.WeightDecay = None,
    label_smoothing: options.LabelSmoothing = None,
    patience: options.Patience = None,
    class_weights: options.ClassWeights = None,
    seed: options.Seed = None,
    out: options.Out = None,
    resume: options.Resume = None,
    tensorboard: options.TensorBoard = None,
    device: Device = None,
    threads: Threads = None,
    quiet: options.Quiet = False,
    as_json: Json = False,
) -> None:
    """Train a classifier on a folder of images, one sub-folder a class, test it, and save it with a report.

    Says first what it found and what it will do; every choice can be made by an option. The run directory gets
    the model, a report to be read in a browser, the metrics as CSV and JSON, and pictures of the curves, of the
    confusion matrix and of the worst mistakes.

    Ctrl-C stops after the current step and saves what there is. However a run ends, `--resume` goes on with it.

    **Examples**

    ```
    minicnn train                             # handwritten digits, about a minute
    minicnn train photos                      # photos/cats/*.jpg, photos/dogs/*.jpg
    minicnn train photos --image-size 96 --epochs 60 --augment flip,rotation=15,zoom=0.2
    minicnn train photos --split 0.3 --seed 1 --out runs/second
    minicnn train photos --test others        # learn from all of photos, test on others
    minicnn train photos --script net.py      # a net of your own
    minicnn train --resume runs/photos
    ```
    """
    wanted = {
        "split": split,
        "test": None if test is None else str(test.absolute()),
        "image_size": _height_and_width(image_size),
        "augment": augment,
        "on_error": on_error,
        "model": model,
        "epochs": epochs,
        "batch_size": batch_size,
        "optimizer": optimizer,
        "learning_rate": learning_rate,
        "schedule": schedule,
        "weight_decay": weight_decay,
        "label_smoothing": label_smoothing,
        "patience": patience,
        "class_weights": class_weights,
        "seed": seed,
        "tensorboard": tensorboard,
    }
    _expect_possible(**wanted)
    if resume is not None:
        _expect_nothing_beside_resume({"directory": directory, "script": script, "out": out, **wanted})
    if test is not None:
        _expect_folder_to_test(directory, split)
    if script is not None:
        _expect_no_model_beside_script(model)
        wanted["model"] = "script"
    with results(as_json) as found:
        training = Training(found, quiet)
        if resume is None:
            found["device"] = choose_device(device, threads)
            training.start(directory, script, wanted, out)
        else:
            _go_on(training, resume, device, threads)
    if found["interrupted"]:
        raise typer.Exit(INTERRUPTED)


def _go_on(training: Training, path: Path, device: str | None, threads: int | None) -> None:
    from ..run.directory import RunDirectoryError, existing_run, read_json

    with told_to_user(RunDirectoryError):
        place, config = existing_run(path)
        numbers = read_json(place.metrics) if place.finished else None
    if numbers is not None:
        training.found |= {"run": str(path), "interrupted": False, **numbers}
        training.console.print(f"The run in {escape(str(path))} is finished already.", soft_wrap=True)
        return
    training.found["device"] = choose_device(device or config.get("device"), threads)
    training.go_on(place, config)


def _height_and_width(image_size: str | None) -> tuple[int, int] | None:
    """128 → (128, 128), 96x128 → (96, 128)."""
    if image_size is None:
        return None
    sizes = re.fullmatch(r"(\d+)(?:[x×](\d+))?", image_size)
    if not sizes or not all(4 <= int(size) <= 4096 for size in sizes.groups(sizes[1])):
        raise CommandError(
            f"--image-size {image_size}: give pixels from 4 to 4096, as in 128 or 96x128 (height x width)."
        )
    return int(sizes[1]), int(sizes[2] or sizes[1])


def _expect_possible(**wanted: Any) -> None:
    """Wrong values are told before anything is read."""
    from ..run.augmentation import augmentation_layers
    from ..run.nets import NETS
    from ..run.recipe import OPTIMIZERS, SCHEDULES

    rate, split = wanted["learning_rate"], wanted["split"]
    if rate is not None and not (0 < rate < math.inf):
        raise CommandError(f"--learning-rate must be positive, not {rate:g}.")
    if split is not None and not 0 < split < 1:
        raise CommandError(f"--split must lie between 0 and 1, not be {split:g}: 0.3 holds 30% of each class back.")
    for option, known in {
        "model": NETS,
        "optimizer": OPTIMIZERS,
        "schedule": SCHEDULES,
        "on_error": ("skip", "fail"),
    }.items():
        options.expect_known(option.replace("_", "-"), wanted[option], list(known))
    with told_to_user(ValueError):
        augmentation_layers(wanted["augment"] or "none")


def _expect_folder_to_test(directory: Path | None, split: float | None) -> None:
    if directory is None:
        raise CommandError("--test needs images to learn from: minicnn train DIR --test OTHER.")
    if split is not None:
        raise CommandError("--test holds nothing of DIR back: leave --split out.")


def _expect_no_model_beside_script(model: str | None) -> None:
    if model is not None:
        raise CommandError(f"--script brings its own net: leave --model {model} out.")


def _expect_nothing_beside_resume(given: dict[str, Any]) -> None:
    for name, value in given.items():
        if value is not None:
            option = "DIR" if name == "directory" else f"--{name.replace('_', '-')}"
            raise CommandError(f"--resume takes all settings from the run's config.json: leave {option} out.")
