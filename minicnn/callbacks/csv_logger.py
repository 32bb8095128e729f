"""Every epoch's numbers as a line of a CSV file."""

import csv
import os
from pathlib import Path
from typing import Any, TextIO

from .callback import Callback, Logs


class CSVLogger(Callback):
    """Write a header with the names in the first epoch's logs, then one line an epoch.

    separator   between columns
    append      go on with an existing file instead of starting it anew
    """

    def __init__(self, filename: str | os.PathLike[str], separator: str = ",", append: bool = False):
        self.filename = Path(filename)
        self.separator = separator
        self.append = append
        self._file: TextIO | None = None
        self._writer: csv.DictWriter | None = None

    def on_train_begin(self, logs: Logs = None) -> None:
        self.close()
        self._file = self.filename.open("a" if self.append else "w", newline="", encoding="utf-8")

    def on_epoch_end(self, epoch: int, logs: Logs = None) -> None:
        logs = logs or {}
        assert self._file is not None
        if self._writer is None:
            columns = ["epoch", *_columns(logs)]
            self._writer = csv.DictWriter(
                self._file, columns, restval="NA", extrasaction="ignore", delimiter=self.separator
            )
            if self._file.tell() == 0:
                self._writer.writeheader()
        self._writer.writerow({"epoch": epoch, **logs})
        self._file.flush()

    def on_train_end(self, logs: Logs = None) -> None:
        self.close()

    def close(self) -> None:
        if self._file is not None:
            self._file.close()
        self._file = self._writer = None


def _columns(logs: dict[str, Any]) -> list[str]:
    """Names in alphabetical order; room for validation, which may run in later epochs only."""
    names = sorted(logs)
    if any(name.startswith("val_") for name in names):
        return names
    return names + [f"val_{name}" for name in names]
