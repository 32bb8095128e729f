"""Everything that decides how a run comes out; with the same data, the same settings give the same bits."""

import dataclasses
from dataclasses import dataclass
from typing import Any

from .directory import RunDirectoryError


@dataclass(frozen=True)
class Settings:
    """What `config.json` keeps.

    directory       of the images; None for the built-in digits
    test            directory of the images to test on; None where a part of the others is held back
    split           part of each class that is held back, where the folder does not say so itself
    image_size      (H, W) that the net sees
    model           a name in `nets.NETS`, or "script" for the run's own model.py
    augment         see `augmentation`
    learning_rate   the highest of the schedule
    schedule        "cosine" or "constant"
    weight_decay    λ: a step of rate η shrinks every weight by η·λ·w
    label_smoothing part of the target that is spread over all classes
    patience        epochs without a better validation loss before training stops, 0 for no such end
    class_weights   whether rare classes count more
    """

    directory: str | None
    test: str | None
    split: float
    seed: int
    image_size: tuple[int, int]
    channels: int
    model: str
    augment: str
    epochs: int
    batch_size: int
    optimizer: str
    learning_rate: float
    schedule: str
    weight_decay: float
    label_smoothing: float
    patience: int
    class_weights: bool
    on_error: str
    tensorboard: bool

    @property
    def image_shape(self) -> tuple[int, int, int]:
        return (*self.image_size, self.channels)

    @property
    def optimization(self) -> str:
        """In words."""
        parts = [self.optimizer, f"{self.schedule} learning rate {self.learning_rate:g}"]
        if self.weight_decay:
            parts.append(f"weight decay {self.weight_decay:g}")
        if self.label_smoothing:
            parts.append(f"label smoothing {self.label_smoothing:g}")
        return ", ".join(parts)

    def as_dict(self) -> dict[str, Any]:
        return dataclasses.asdict(self)


def settings_of(config: dict[str, Any]) -> Settings:
    """Those that a `config.json` holds. Raises RunDirectoryError when another version wrote it."""
    try:
        values = dict(config["settings"])
        return Settings(**values | {"image_size": tuple(values["image_size"])})
    except (KeyError, TypeError) as error:
        version = config.get("minicnn", "unknown") if isinstance(config, dict) else "unknown"
        raise RunDirectoryError(
            f"config.json was written by minicnn {version} and does not fit this version ({error})"
        ) from None
