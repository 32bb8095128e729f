"""A run from beginning to end, step by step; what is shown meanwhile is the command line's affair."""

import time
import warnings
from collections.abc import Iterable, Mapping, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np

from ..callbacks import BackupAndRestore, Callback, CSVLogger, History
from ..utils import clear_session, set_random_seed
from . import nets, recipe
from .directory import RunDirectory, RunDirectoryError
from .pictures import Pictures
from .settings import Settings
from .sources import Source

#: how much work may be lost when a run is killed
_BETWEEN_BACKUPS = timedelta(seconds=30)

#: the time of a prediction as a part of that of a training step
_PREDICTION = 0.35

#: what a run says better itself
_KNOWN = ".*(images are left out|decoded images are kept in memory)"


class Run:
    """Settings and pictures, and the model that they make.

    script      a file for settings.model == "script"

    Raises ScriptError, ValueError for a model that cannot be, ImportError where a library is missing.
    """

    model: Any
    training: Pictures
    held_back: Pictures

    def __init__(self, settings: Settings, source: Source, script: Path | None = None):
        self.settings, self.source, self._script = settings, source, script
        recipe.tensorboard(settings, Path())  # complain now
        self._build()
        self.compiled_by_script = self.model.optimizer is not None
        self.training, self.held_back = source.pictures(settings, recipe.label_mode(self.model, settings))

    def _build(self) -> None:
        set_random_seed(self.settings.seed)
        clear_session()  # names of layers are part of the model file
        self.model = nets.built(self.settings, self.source.class_names, self._script)

    @property
    def steps(self) -> int:
        """Of an epoch."""
        return len(self.training.data)  # type: ignore[arg-type]

    @property
    def unreadable(self) -> dict[str, str]:
        return self.training.unreadable | self.held_back.unreadable

    @property
    def class_weights(self) -> dict[int, float] | None:
        return recipe.class_weights(self.settings, self.training.counts)

    def check(self) -> None:
        """Look through all files; see `unreadable`.

        Raises ImageFileError where the settings say that none may be unreadable, RunDirectoryError when a class has no
        image left.
        """
        for pictures in (self.training, self.held_back):
            pictures.check()
        for name, count in zip(self.source.class_names, self.training.counts):
            if not count:
                raise RunDirectoryError(f"no image of class {name!r} to learn from can be read")

    def compile(self) -> None:
        """Make the model ready for all steps, whose number is known after `check`."""
        recipe.compile_model(self.model, self.settings, self.settings.epochs * self.steps)

    def seconds_a_step(self) -> float:
        """By some steps on noise; afterwards the model is a new one."""
        seconds = _seconds_a_step(self.model, min(self.settings.batch_size, len(self.training)), self.training)
        self._build()
        self.compile()
        return seconds

    def seconds_to_go(self, seconds_a_step: float) -> float:
        """About how long all epochs take."""
        tests = _PREDICTION * len(self.held_back) / self.settings.batch_size
        return self.settings.epochs * seconds_a_step * (self.steps + tests)

    def fit(self, directory: RunDirectory, callbacks: Iterable[Callback]) -> History:
        """Train, or go on from the backup in the directory, which stays there."""
        self._backup = BackupAndRestore(directory.backup, _BETWEEN_BACKUPS, delete_checkpoint=False)
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", message=_KNOWN)
            return self.model.fit(
                self.training.data,
                validation_data=self.held_back.data,
                epochs=self.settings.epochs,
                class_weight=self.class_weights,
                verbose=0,
                callbacks=[
                    *recipe.early_stopping(self.settings),
                    CSVLogger(directory.epochs),
                    *recipe.tensorboard(self.settings, directory.tensorboard),
                    self._backup,
                    *callbacks,
                ],
            )

    def back_up(self) -> None:
        """Save all that is needed to go on from the step that was just done."""
        self._backup.training.save(self._backup.path)

    def best_epoch(self, history: Mapping[str, Sequence[float]]) -> int:
        """The epoch whose weights the model has in the end, counted from 1."""
        losses = history["val_loss"]
        start = recipe.first_epoch_to_compare(self.settings)
        return start + int(np.argmin(losses[start:])) + 1 if self.settings.patience else len(losses)


class Clock(Callback):
    """How long a run has trained, before and after interruptions."""

    def on_train_begin(self, logs: Any = None) -> None:
        self._began, self._before = time.perf_counter(), 0.0

    @property
    def seconds(self) -> float:
        return self._before + time.perf_counter() - self._began

    def state(self) -> dict[str, float]:
        return {"seconds": self.seconds}

    def load_state(self, state: dict[str, Any]) -> None:
        self._before = float(state["seconds"])


def _seconds_a_step(model: Any, batch_size: int, pictures: Pictures) -> float:
    """The faster of two steps; the first one, which compiles kernels, does not count."""
    rng = np.random.default_rng(0)
    x = rng.integers(0, 256, (batch_size, *model.inputs[0].shape[1:])).astype(np.float32)
    y = pictures.targets(rng.integers(0, len(pictures.class_names), batch_size))
    times = []
    for _ in range(3):
        began = time.perf_counter()
        model.train_on_batch(x, y)
        times.append(time.perf_counter() - began)
    return min(times[1:])
