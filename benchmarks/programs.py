"""Run one of the example programs under one library, and keep what every epoch brought and took.

    python benchmarks/programs.py minicnn | keras PROGRAM RESULT.json [ARGUMENTS OF THE PROGRAM]

The program is the same text for both, but for the line that imports the library.
"""

import importlib
import json
import sys
import time
from pathlib import Path
from typing import Any

IMPORT = "import minicnn as keras"

#: what stands in the place of that line, and where the library is found
LIBRARIES = {"minicnn": (IMPORT, "minicnn"), "keras": ("from tensorflow import keras", "keras")}


def program_for(library: str, path: Path) -> str:
    """The text of a program with the library's import line. Raises ValueError where it has none of ours.

    >>> program_for("keras", Path(__file__).parents[1] / "examples/cats_dogs.py").count("tensorflow import keras")
    1
    """
    source = path.read_text(encoding="utf-8")
    if source.count(f"\n{IMPORT}\n") != 1:
        raise ValueError(f"{path} must hold the line {IMPORT!r} once")
    return source.replace(f"\n{IMPORT}\n", f"\n{LIBRARIES[library][0]}\n")


def listen_to_fit(keras: Any, runs: list[dict[str, list[float]]]) -> None:
    """From now on each call of `fit` appends its history, with the seconds of every epoch as "seconds"."""
    fit = keras.Model.fit

    class Stopwatch(keras.callbacks.Callback):
        def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
            self.began = time.perf_counter()

        def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
            run = runs[-1]
            for name, value in {**(logs or {}), "seconds": time.perf_counter() - self.began}.items():
                run.setdefault(name, []).append(float(value))

    def recorded(self: Any, *args: Any, callbacks: Any = None, **options: Any) -> Any:
        runs.append({})
        return fit(self, *args, callbacks=[*(callbacks or []), Stopwatch()], **options)

    keras.Model.fit = recorded


def main() -> None:
    library, path, result, *arguments = sys.argv[1:]
    runs: list[dict[str, list[float]]] = []
    listen_to_fit(importlib.import_module(LIBRARIES[library][1]), runs)
    sys.argv = [path, *arguments]
    exec(compile(program_for(library, Path(path)), path, "exec"), {"__name__": "__main__", "__file__": path})
    Path(result).write_text(json.dumps(runs))


if __name__ == "__main__":
    main()
