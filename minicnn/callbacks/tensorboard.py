"""Curves and histograms for TensorBoard."""

import importlib
import os
import re
import secrets
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from .callback import Callback, Logs

_BINS = 30  # of a histogram, as many as Keras has


class TensorBoard(Callback):
    """Write event files, for `tensorboard --logdir logs`, into log_dir/train and log_dir/validation.

    histogram_freq   write histograms of the weights every so many epochs; 0 for none
    write_graph      nothing is written for it: it is here for programs that name it
    update_freq      "epoch"; or a number of batches, "batch" for one, after which loss and metrics are written besides

    The names are Keras's: epoch_loss, epoch_accuracy, epoch_learning_rate, …; batch_loss, …;
    evaluation_loss_vs_iterations, …; sequential/dense/kernel/histogram, …
    A training that `BackupAndRestore` continues has every point once.

    Raises ModuleNotFoundError without tensorboardX, ValueError for another update_freq.
    """

    kept: ClassVar = {"run": str, "batches": int, "sizes": dict}

    def __init__(
        self,
        log_dir: str | os.PathLike[str] = "logs",
        histogram_freq: int = 0,
        write_graph: bool = True,
        *,
        update_freq: str | int = "epoch",
    ):
        if update_freq not in ("batch", "epoch") and not (isinstance(update_freq, int) and update_freq > 0):
            raise ValueError(f'update_freq must be "batch", "epoch" or a positive number, got {update_freq!r}')
        self._events = _tensorboardx("event_file_writer")
        self._protocol = _tensorboardx("proto.event_pb2")
        self._summaries = _tensorboardx("summary")
        self.log_dir = Path(log_dir)
        self.histogram_freq = histogram_freq
        self.update_freq = 1 if update_freq == "batch" else update_freq
        self._writers: dict[str, Any] = {}
        self._begin_run()

    def _begin_run(self) -> None:
        self.run = secrets.token_hex(4)  #: in the names of the files of this training, to tell them from others
        self.batches = 0

    def on_train_begin(self, logs: Logs = None) -> None:
        self.close()
        self._begin_run()

    def on_train_batch_end(self, batch: int, logs: Logs = None) -> None:
        self.batches += 1
        if isinstance(self.update_freq, int) and self.batches % self.update_freq == 0:
            numbers = {name: value for name, value in (logs or {}).items() if name != "size"}
            self._write_scalars("train", "batch_{}", numbers, self.batches)

    def on_test_end(self, logs: Logs = None) -> None:
        self._write_scalars("validation", "evaluation_{}_vs_iterations", logs or {}, self.model.optimizer.iterations)
        self._flush()

    def on_epoch_end(self, epoch: int, logs: Logs = None) -> None:
        logs = logs or {}
        validation = {name.removeprefix("val_"): value for name, value in logs.items() if name.startswith("val_")}
        training = {name: value for name, value in logs.items() if not name.startswith("val_")}
        training["learning_rate"] = self.model.optimizer.learning_rate
        self._write_scalars("train", "epoch_{}", training, epoch)
        self._write_scalars("validation", "epoch_{}", validation, epoch)
        if self.histogram_freq and epoch % self.histogram_freq == 0:
            self._write_histograms(epoch)
        self._flush()

    def _write_scalars(self, part: str, tag: str, numbers: dict[str, Any], step: int) -> None:
        for name, value in numbers.items():
            self._write(part, self._summaries.scalar(tag.format(name), value), step)

    def _write_histograms(self, epoch: int) -> None:
        for variable in self.model.weights:
            values = variable.numpy()
            if np.isfinite(values).all():
                tag = f"{self.model.name}/{variable.path}/histogram"
                self._write("train", self._summaries.histogram(tag, values, _BINS), epoch)

    def _write(self, part: str, summary: Any, step: int) -> None:
        if part not in self._writers:
            (self.log_dir / part).mkdir(parents=True, exist_ok=True)
            name = f".{self.run}.{time.time_ns()}"
            self._writers[part] = self._events.EventsWriter(str(self.log_dir / part / "events"), name)
        self._writers[part].write_event(self._protocol.Event(wall_time=time.time(), step=step, summary=summary))

    # ------------------------------------------------------------------------------------ after an interruption

    @property
    def sizes(self) -> dict[str, int]:
        """How long the files of this training are."""
        self._flush()
        return {str(file.relative_to(self.log_dir)): file.stat().st_size for file in self._files()}

    def load_state(self, state: dict[str, Any]) -> None:
        """Cut the files to the lengths that they had: what came after will be written again."""
        run, batches, sizes = state["run"], state["batches"], state["sizes"]
        if not re.fullmatch("[0-9a-f]{8}", run) or not all(isinstance(n, int) and n >= 0 for n in sizes.values()):
            raise ValueError(f"TensorBoard cannot go on from the run {run!r} with files {sizes!r}")
        self.close()
        self.run, self.batches = run, int(batches)
        for file in self._files():
            size = sizes.get(str(file.relative_to(self.log_dir)))
            if size is None:
                file.unlink()
            elif size < file.stat().st_size:
                os.truncate(file, size)

    def _files(self) -> Iterator[Path]:
        return self.log_dir.glob(f"*/events.out.tfevents.*.{self.run}.*")

    def _flush(self) -> None:
        for writer in self._writers.values():
            writer.flush()

    def close(self) -> None:
        for writer in self._writers.values():
            writer.close()
        self._writers = {}


def _tensorboardx(name: str) -> Any:
    try:
        return importlib.import_module(f"tensorboardX.{name}")
    except ModuleNotFoundError:
        raise ModuleNotFoundError("TensorBoard needs tensorboardX: pip install 'minicnn[tensorboard]'") from None
