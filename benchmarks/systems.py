"""The example programs under minicnn and under Keras on TensorFlow: the same text, data and seeds, in turns.

    python benchmarks/systems.py NAME=FOLDER … [--seeds N] [--epochs N]

NAME is one of the systems below, FOLDER holds its images, one sub-folder a class. Appends to
benchmarks/results/systems.json, where what is there already is not done again, and writes systems.md.

An epoch is measured from the files to the numbers of its validation. The first one is told apart: it holds the
compilation of kernels, and for minicnn the decoding of images that later epochs find decoded.
"""

import argparse
import itertools
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
from load import Load
from ratios import quartiles
from surroundings import surroundings

ROOT = Path(__file__).parents[1]
RESULTS = Path(__file__).parent / "results"

#: program and arguments of each system; the authors' 1,000 steps an epoch of the micrographs tell nothing more
SYSTEMS = {
    "cats-dogs-conv1024": ("examples/cats_dogs.py", ["--network", "conv1024"]),
    "cats-dogs-dense512": ("examples/cats_dogs.py", ["--network", "dense512"]),
    "micrographs": ("examples/micrographs/train.py", ["--steps", "100", "--model", "micrographs.{suffix}"]),
    "paintings": ("examples/paintings.py", []),
}

#: of model files, by library
SUFFIXES = {"minicnn": "safetensors", "keras": "keras"}

QUIET = 0.1  # the most that other processes may have of a machine whose times count

Runs = list[dict[str, list[float]]]  # of one program: each call of fit


def run(library: str, program: str, arguments: list[str]) -> Runs:
    """What the epochs of a program were like. Raises RuntimeError with its complaint if it fails."""
    with tempfile.TemporaryDirectory() as folder:
        result = Path(folder) / "result.json"
        given = [argument.format(suffix=SUFFIXES[library]) for argument in arguments]
        command = [sys.executable, ROOT / "benchmarks/programs.py", library, ROOT / program, result, *given]
        done = subprocess.run(
            command,
            cwd=folder,
            env=os.environ | {"TF_CPP_MIN_LOG_LEVEL": "3", "TF_ENABLE_ONEDNN_OPTS": "1"},
            capture_output=True,
            text=True,
        )
        if done.returncode:
            raise RuntimeError(f"{program} under {library} failed:\n{done.stderr}")
        return json.loads(result.read_text())


def measure(name: str, folder: str, seed: int, epochs: int | None) -> dict[str, Any]:
    """A run of each library, in an order that alternates from seed to seed."""
    program, arguments = SYSTEMS[name]
    arguments = [folder, *arguments, *([] if epochs is None else ["--epochs", str(epochs)]), "--seed", str(seed)]
    load = Load()
    runs = {library: run(library, program, arguments) for library in list(SUFFIXES)[:: -1 if seed % 2 else 1]}
    return {**runs, "load": load.share()}


def _accuracies(runs: list[Runs]) -> str:
    """Validation accuracies after the last epoch, lowest to highest, and their median."""
    last = [fit["val_accuracy"][-1] for program in runs for fit in program]
    return f"{np.median(last):.1%} ({min(last):.1%} … {max(last):.1%})"


def _seconds(runs: list[Runs], epochs: slice) -> list[float]:
    return [seconds for program in runs for fit in program for seconds in fit["seconds"][epochs]]


def _quiet(seeds: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Those whose times count: the others too only if the machine was never quiet."""
    return [seed for seed in seeds if seed["load"] <= QUIET] or seeds


def row(name: str, seeds: list[dict[str, Any]]) -> str:
    """One line of the table."""
    accuracies = (_accuracies([seed[library] for seed in seeds]) for library in SUFFIXES)
    timed = _quiet(seeds)
    ours, theirs = ([seed[library] for seed in timed] for library in SUFFIXES)
    cells = [name, f"{len(ours[0][0]['seconds'])}", f"{len(seeds)}", *accuracies, f"{len(timed)}"]
    for epochs in (slice(0, 1), slice(1, None)):
        a, b = _seconds(ours, epochs), _seconds(theirs, epochs)
        cells += [_spread(a), _spread(b), f"{np.median(a) / np.median(b):.2f}"]
    return "| " + " | ".join([*cells, f"{max(seed['load'] for seed in timed):.0%}"]) + " |"


def _spread(seconds: list[float]) -> str:
    low, median, high = quartiles(seconds)
    return f"{median:.2f} ({low:.2f} … {high:.2f})"


def document(results: dict[str, dict[str, Any]]) -> str:
    rows = "\n".join(row(name, list(results[name].values())) for name in SYSTEMS if name in results)
    return f"""# The example programs under minicnn and Keras

Each program is run as it is, and with `from tensorflow import keras` in place of `import minicnn as keras`: same
images, same split, same batches' size, several seeds. Accuracies are those of the validation images after the last
epoch: median (lowest … highest) over all runs. Seconds are those of an epoch, from image files to the numbers of its
validation: median (quartiles) over the timed runs, during which other processes had no more than {QUIET:.0%} of the
machine; load is what they had at most.

{surroundings()}
| system | epochs | seeds | accuracy | Keras | timed | 1st epoch, s | Keras | ratio | epoch, s | Keras | ratio | load |
| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |
{rows}
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("systems", nargs="+", metavar="NAME=FOLDER", help=f"systems: {', '.join(SYSTEMS)}")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--epochs", type=int, help="instead of the program's own number")
    options = parser.parse_args()
    kept = RESULTS / "systems.json"
    results = json.loads(kept.read_text()) if kept.exists() else {}
    for seed, system in itertools.product(range(options.seeds), options.systems):
        name, _, folder = system.partition("=")
        seeds = results.setdefault(name, {})
        if str(seed) in seeds:
            continue
        seeds[str(seed)] = measure(name, str(Path(folder).resolve()), seed, options.epochs)
        print(row(name, list(seeds.values())), flush=True)
        kept.write_text(json.dumps(results) + "\n")
        (RESULTS / "systems.md").write_text(document(results))


if __name__ == "__main__":
    main()
