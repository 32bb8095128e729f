"""What each ingredient of `minicnn train` brings: from a tutorial's network to the recipe, one step after the other.

    python benchmarks/ingredients.py FOLDER [--seeds N] [--only NAME …]

Each seed draws another fifth of the images of FOLDER to validate with, and other weights to begin with. No epoch is
chosen by these images: the accuracy is that of the last one. Appends to benchmarks/results/ingredients.json, where what
is there already is not done again, and writes ingredients.md and a picture, ingredients.png.
"""

import argparse
import json
import subprocess
import sys
import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import PercentFormatter
from ratios import quartiles
from surroundings import surroundings

HERE = Path(__file__).parent
RESULTS = HERE / "results"

_TUTORIAL = f"--script {HERE / 'cats_dogs_network.py'} --image-size 150 --batch-size 20 --epochs 15 --patience 0"
_PLAIN = "--epochs 30 --schedule constant --weight-decay 0 --label-smoothing 0 --patience 0"

#: what is added, and the whole of the options
STEPS = {
    "a tutorial's network": _TUTORIAL,
    "batch normalization, five blocks, no dense layer": f"--augment none {_PLAIN}",
    "augmentation": f"--augment strong {_PLAIN}",
    "a learning rate that falls": f"--augment strong {_PLAIN} --schedule cosine",
    "weight decay and smoothed labels": "--augment strong --epochs 30 --patience 0",
    "four times as many epochs": "--patience 0",
}


def train(folder: Path, options: str, seed: int) -> dict[str, float]:
    """Accuracies and seconds of a run of the command line, from files to the report."""
    with tempfile.TemporaryDirectory() as place:
        arguments = [
            "train",
            folder,
            *options.split(),
            "--seed",
            seed,
            "--out",
            Path(place) / "run",
            "--quiet",
            "--json",
        ]
        command = [sys.executable, "-c", "from minicnn.cli import main; main()", *map(str, arguments)]
        done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
    found = json.loads(done.stdout)
    history = found["history"]
    return {
        "accuracy": found["accuracy"],
        "training_accuracy": history["accuracy"][found["best_epoch"] - 1],
        "epochs": len(history["loss"]),
        "seconds": found["seconds"],
    }


def document(results: dict[str, dict[str, Any]]) -> str:
    rows = "\n".join(_row(name, list(results[name].values())) for name in STEPS if name in results)
    return f"""# What each ingredient brings

`minicnn train` on a folder of photographs, each line with what the lines above it have. Each seed validates with
another fifth of the images, after the last epoch: median (lowest … highest). The accuracy on the training images is
that of the changed images, while the network learned.

![accuracies](ingredients.png)

{surroundings()}
| ingredient | seeds | validation | training | epochs | minutes |
| --- | ---: | ---: | ---: | ---: | ---: |
{rows}
"""


def _row(name: str, runs: list[dict[str, float]]) -> str:
    _, minutes, _ = quartiles([run["seconds"] / 60 for run in runs])
    epochs = int(np.median([run["epochs"] for run in runs]))
    accuracies = (_spread(run[kind] for run in runs) for kind in ("accuracy", "training_accuracy"))
    return "| " + " | ".join([name, f"{len(runs)}", *accuracies, f"{epochs}", f"{minutes:.1f}"]) + " |"


def _spread(accuracies: Iterable[float]) -> str:
    values = list(accuracies)
    return f"{np.median(values):.1%} ({min(values):.1%} … {max(values):.1%})"


def draw(results: dict[str, dict[str, Any]], path: Path) -> None:
    """Every run as a dot, validation and training accuracy side by side; a line through the medians."""
    names = [name for name in STEPS if name in results]
    figure = Figure(figsize=(9, 0.7 * len(names) + 1), layout="constrained")
    axes = figure.subplots()
    for kind, label, color in (
        ("training_accuracy", "training (changed images)", "tab:gray"),
        ("accuracy", "validation", "tab:blue"),
    ):
        runs = [[run[kind] for run in results[name].values()] for name in names]
        axes.plot([np.median(values) for values in runs], range(len(names)), color=color, alpha=0.4)
        places = [place for place, values in enumerate(runs) for _ in values]
        axes.plot([value for values in runs for value in values], places, "o", color=color, label=label, markersize=5)
    axes.set(yticks=range(len(names)), yticklabels=names, xlabel="accuracy")
    axes.xaxis.set_major_formatter(PercentFormatter(1))
    axes.invert_yaxis()
    axes.grid(alpha=0.3)
    axes.legend()
    figure.savefig(path, dpi=120)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("folder", type=Path, help="one sub-folder of photographs a class")
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument(
        "--only", nargs="*", choices=STEPS, default=list(STEPS), metavar="NAME", help="these steps alone"
    )
    options = parser.parse_args()
    kept = RESULTS / "ingredients.json"
    results = json.loads(kept.read_text()) if kept.exists() else {}
    for seed in range(options.seeds):
        for name in options.only:
            runs = results.setdefault(name, {})
            if str(seed) in runs:
                continue
            runs[str(seed)] = train(options.folder, STEPS[name], seed)
            print(f"{name}, seed {seed}: {runs[str(seed)]}", flush=True)
            kept.write_text(json.dumps(results, indent=1) + "\n")
            (RESULTS / "ingredients.md").write_text(document(results))
            draw(results, RESULTS / "ingredients.png")


if __name__ == "__main__":
    main()
