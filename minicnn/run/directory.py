"""The directory of a run: which file is what, and that nothing in it is ever overwritten by another run."""

import contextlib
import itertools
import json
from pathlib import Path
from typing import Any

from ..files import write_atomically


class RunDirectoryError(ValueError):
    """A directory that cannot take a new run, or that holds none."""


class RunDirectory:
    """The files of one run.

    config.json       what was asked for and what was found, enough to start the same run again
    metrics.csv       one line an epoch
    metrics.json      the results; a run that has them is finished
    model.safetensors the trained model
    report.html       everything to read, in one file
    curves.png, confusion.png, mistakes.png
    backup/           what `--resume` goes on from, until the run is finished
    tensorboard/      event files, with `--tensorboard`
    """

    def __init__(self, path: str | Path):
        self.path = Path(path)
        self.config = self.path / "config.json"
        self.epochs = self.path / "metrics.csv"
        self.metrics = self.path / "metrics.json"
        self.model = self.path / "model.safetensors"
        self.report = self.path / "report.html"
        self.curves = self.path / "curves.png"
        self.confusion = self.path / "confusion.png"
        self.mistakes = self.path / "mistakes.png"
        self.script = self.path / "model.py"
        self.backup = self.path / "backup"
        self.tensorboard = self.path / "tensorboard"

    @property
    def finished(self) -> bool:
        return self.metrics.is_file()


def new_run(out: Path | None, name: str) -> RunDirectory:
    """An empty directory for a run: `out`, or runs/NAME, runs/NAME-2, …, the first that is free.

    Raises RunDirectoryError when `out` holds something already, OSError when it cannot be made.
    """
    if out is not None:
        _expect_empty(out)
        out.mkdir(parents=True, exist_ok=True)
        return RunDirectory(out)
    for number in itertools.count(1):
        path = Path("runs", name if number == 1 else f"{name}-{number}")
        with contextlib.suppress(FileExistsError):
            path.mkdir(parents=True)
            return RunDirectory(path)
    raise AssertionError


def existing_run(path: Path) -> tuple[RunDirectory, dict[str, Any]]:
    """The run in a directory, and its config. Raises RunDirectoryError where there is none."""
    run = RunDirectory(path)
    if not run.config.is_file():
        raise RunDirectoryError(f"{path} is not the directory of a run: it has no config.json")
    return run, read_json(run.config)


def read_json(path: Path) -> dict[str, Any]:
    """What `write_json` wrote. Raises RunDirectoryError for anything else."""
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise RunDirectoryError(f"{path} cannot be read: {error}") from None
    if not isinstance(content, dict):
        raise RunDirectoryError(f"{path} is damaged: it holds no settings")
    return content


def write_json(path: Path, content: dict[str, Any]) -> None:
    """Readable, in UTF-8 whatever names the files have."""
    text = json.dumps(content, indent=2, ensure_ascii=False, allow_nan=False)
    write_atomically(path, text.encode("utf-8", "replace") + b"\n")


def _expect_empty(out: Path) -> None:
    if not out.exists():
        return
    if not out.is_dir():
        raise RunDirectoryError(f"--out {out} is a file: name a folder that is empty or not there yet")
    if RunDirectory(out).finished:
        raise RunDirectoryError(f"--out {out} holds a finished run, which is never overwritten: name another folder")
    if RunDirectory(out).config.is_file():
        raise RunDirectoryError(
            f"--out {out} holds an unfinished run: go on with `minicnn train --resume {out}`, or name another folder"
        )
    if any(out.iterdir()):
        raise RunDirectoryError(f"--out {out} is not empty: name a folder that is empty or not there yet")
