"""Every epoch's numbers as a line of a CSV file."""

import csv
import io
import os
from pathlib import Path
from typing import IO, Any, ClassVar

from .callback import Callback, Logs


class CSVLogger(Callback):
    """Write a header with the names in the first epoch's logs, then one line an epoch.

    separator   between columns
    append      go on with an existing file instead of starting it anew

    A training that `BackupAndRestore` continues has every line once, whatever the interruption left in the file.
    """

    kept: ClassVar = {"begin": int, "columns": list, "lines": str}

    def __init__(self, filename: str | os.PathLike[str], separator: str = ",", append: bool = False):
        self.filename = Path(filename)
        self.separator = separator
        self.append = append
        self._file: IO[str] | None = None

    def on_train_begin(self, logs: Logs = None) -> None:
        self.close()
        self._file = self._open("a" if self.append else "w")
        self.begin = self._file.tell()  # of the lines of this training, in bytes
        self.columns: list[str] = []
        self.lines = ""

    def on_epoch_end(self, epoch: int, logs: Logs = None) -> None:
        logs = logs or {}
        text = io.StringIO(newline="")
        self.columns = self.columns or ["epoch", *_columns(logs)]
        writer = csv.DictWriter(text, self.columns, restval="NA", extrasaction="ignore", delimiter=self.separator)
        if not self.begin and not self.lines:
            writer.writeheader()
        writer.writerow({"epoch": epoch, **logs})
        self._write(text.getvalue())

    def _write(self, text: str) -> None:
        assert self._file is not None
        self.lines += text
        self._file.write(text)
        self._file.flush()

    def load_state(self, state: dict[str, Any]) -> None:
        super().load_state(state)
        self.close()
        self._file = self._open("a")
        self._file.truncate(min(self.begin, self._file.tell()))
        self.lines = ""
        self._write(state["lines"])

    def on_train_end(self, logs: Logs = None) -> None:
        self.close()

    def _open(self, mode: str) -> IO[str]:
        return self.filename.open(mode, newline="", encoding="utf-8")

    def close(self) -> None:
        if self._file is not None:
            self._file.close()
        self._file = None


def _columns(logs: dict[str, Any]) -> list[str]:
    """Names in alphabetical order; room for validation, which may run in later epochs only."""
    names = sorted(logs)
    if any(name.startswith("val_") for name in names):
        return names
    return names + [f"val_{name}" for name in names]
