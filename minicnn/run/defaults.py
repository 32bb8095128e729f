"""What a run does unless it is told otherwise: settings that suit the pictures."""

from pathlib import Path
from typing import Any

from .augmentation import UPRIGHT
from .nets import SCRIPT
from .settings import Settings
from .sources import Source

#: pictures up to this size are small; grey ones may be writing, which LeNet was made for
_SMALL = 32

_LEAST_FOR_LENET = 16

#: larger ones are scaled down to at most this size: twice the size takes four times the time
_LARGEST = 96

#: highest learning rate by optimizer and net
_RATES = {("adam", "lenet"): 0.003, ("adam", "convnet"): 0.002, ("sgd", "lenet"): 0.05, ("sgd", "convnet"): 0.05}


def completed(wanted: dict[str, Any], source: Source) -> Settings:
    """Settings for the pictures of a source, those that are `wanted` as they are; None is nothing wanted."""
    given = {name: value for name, value in wanted.items() if value is not None}
    size = given.get("image_size") or _image_size(source)
    writing = max(size) <= _SMALL and source.channels == 1
    model = given.get("model", "lenet" if writing and min(size) >= _LEAST_FOR_LENET else "convnet")
    optimizer = given.get("optimizer", "adam")
    images = int(source.counts[0].sum())
    epochs = given.get("epochs", _epochs(images, model))
    chosen = {
        "directory": None if source.place is None else str(Path(source.place).absolute()),
        "test": None,
        "split": 0.2,
        "seed": 0,
        "image_size": size,
        "channels": source.channels,
        "model": model,
        "augment": _augmentation(writing, model, size),
        "epochs": epochs,
        "batch_size": 16 if images < 500 else 64 if max(size) <= _SMALL else 32,
        "optimizer": optimizer,
        "learning_rate": _RATES.get((optimizer, model), _RATES[optimizer, "convnet"]),
        "schedule": "cosine",
        "weight_decay": 0.05 if (optimizer, model) == ("adam", "convnet") else 0.0,
        "label_smoothing": 0.1 if model == "convnet" else 0.0,
        "patience": 0 if source.held_back == "test" else max(5, epochs // 4),
        "class_weights": _are_unequal(source),
        "on_error": "skip",
        "tensorboard": False,
    }
    return Settings(**chosen | given)


def _image_size(source: Source) -> tuple[int, int]:
    """The usual size of small pictures, a square for large ones, a multiple of 32 so that halves stay whole."""
    if max(source.size) <= _SMALL:
        return source.size
    side = max(_SMALL, min(_LARGEST, min(source.size) // 32 * 32))
    return side, side


def _epochs(images: int, model: str) -> int:
    """Few pictures have to be seen more often, and what is always changed takes longer to be learned."""
    seen, most = (200_000, 120) if model == "convnet" else (160_000, 40)
    return min(max(seen // max(images, 1), 10), most)


def _augmentation(writing: bool, model: str, size: tuple[int, int]) -> str:
    if model == SCRIPT:
        return "none"
    if writing:
        return UPRIGHT
    return "light" if max(size) <= _SMALL else "strong"


def _are_unequal(source: Source) -> bool:
    """Whether the largest class has more than half as much again as the smallest."""
    counts = source.counts[0]
    return bool(counts.max() > 1.5 * counts.min())
