"""Training that survives: a checkpoint from which it goes on as if it had not been interrupted."""

from __future__ import annotations

import contextlib
import os
import time
import warnings
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from .callback import Callback, Logs

if TYPE_CHECKING:
    from ..checkpoint import Training

try:
    import fcntl
except ImportError:  # not on Windows, where two trainings may use one folder unnoticed
    fcntl = None  # type: ignore[assignment]


class BackupAndRestore(Callback):
    """Save the whole training now and then; where the same program was interrupted, go on from what it saved.

    backup_dir          a folder for this call of `fit` alone; the checkpoint in it is `path`
    save_freq           "epoch", a number of batches, or the time to let pass between two checkpoints, a timedelta
    delete_checkpoint   delete it when training has ended. If it is kept, the same program does not train again,
                        but gives the same result at once

    A training that was killed at any moment ends with the same bits as one that was not: weights, optimizer, History
    and what other callbacks remember. Whatever its place in the list, this callback is called last. A checkpoint is
    one file that takes the place of the last in one step, and loading it runs no code.

    What cannot be known is yours to care for: set the seed; let data of your own draw from its attribute `generator`,
    and only when an iteration begins; let callbacks of your own name in `kept` what they remember. A Python generator
    cannot be rewound: a new one is wound forward by taking as many batches from it as before, and is exactly where it
    was if it depends on nothing that training draws from.

    A disk that refuses a checkpoint is warned about: the one before stays, and training goes on.

    Raises ValueError for another save_freq, and in `fit` ModelFileError for a checkpoint that is damaged or of another
    model, RuntimeError while another process trains with this folder.
    """

    training: Training

    def __init__(
        self,
        backup_dir: str | os.PathLike[str],
        save_freq: str | int | timedelta = "epoch",
        *,
        delete_checkpoint: bool = True,
    ):
        positive = isinstance(save_freq, timedelta) or (isinstance(save_freq, int) and save_freq > 0)
        if save_freq != "epoch" and not positive:
            raise ValueError(
                f'save_freq must be "epoch", a positive number of batches or a timedelta, got {save_freq!r}'
            )
        self.backup_dir = Path(backup_dir)
        self.path = self.backup_dir / "checkpoint.safetensors"
        self.save_freq = save_freq
        self.delete_checkpoint = delete_checkpoint
        self._lock: int | None = None

    def on_train_begin(self, logs: Logs = None) -> None:
        self.backup_dir.mkdir(parents=True, exist_ok=True)
        self._lock = _lock(self.backup_dir)
        for part in self.backup_dir.glob(f".{self.path.name}.*.part"):
            part.unlink()  # of a process that was killed while it wrote
        self._saved_at, self._batches = time.monotonic(), 0
        self._goes_on = self.path.exists()
        if self._goes_on:
            self.training.load(self.path)
        else:
            self._save(self.training.save_beginning)

    def on_epoch_begin(self, epoch: int, logs: Logs = None) -> None:
        if self._goes_on and self.training.step:
            self.training.load(self.path)  # an epoch that has begun before: whatever callbacks did at its begin
        self._goes_on = False

    def on_train_batch_end(self, batch: int, logs: Logs = None) -> None:
        self._batches += 1
        if self.model.stop_training:
            return  # what is left of this epoch cannot be gone on from
        if isinstance(self.save_freq, int) and self._batches % self.save_freq == 0:
            self._save(self.training.save)
        self._save_if_time()

    def on_epoch_end(self, epoch: int, logs: Logs = None) -> None:
        if self.save_freq == "epoch":
            self._save(self.training.save)
        self._save_if_time()

    def on_train_end(self, logs: Logs = None) -> None:
        if self.delete_checkpoint:
            self.path.unlink(missing_ok=True)
            with contextlib.suppress(OSError):  # there is something else in it
                self.backup_dir.rmdir()

    def _save_if_time(self) -> None:
        if (
            isinstance(self.save_freq, timedelta)
            and time.monotonic() - self._saved_at >= self.save_freq.total_seconds()
        ):
            self._save(self.training.save)

    def _save(self, save: Callable[[Path], None]) -> None:
        try:
            save(self.path)
        except OSError as error:
            kept = "the one before is kept" if self.path.exists() else "there is none yet"
            warnings.warn(f"the checkpoint {self.path} could not be written, {kept}: {error}", stacklevel=2)
        self._saved_at = time.monotonic()

    def close(self) -> None:
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None


def _lock(folder: Path) -> int | None:
    """Hold the folder until the file is closed, which the system does for a process that is killed.

    Raises RuntimeError where another holds it. None where folders cannot be locked.
    """
    if fcntl is None:
        return None
    file = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(file)
        raise RuntimeError(f"another training is using {folder}: wait for its end, or give this one its own") from None
    except OSError:  # network folders may not have locks
        os.close(file)
        return None
    return file
