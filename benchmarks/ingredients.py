"""What the ingredients of `minicnn train` bring, measured on a folder of photographs.

    python benchmarks/ingredients.py recipe FOLDER        from a tutorial's network to the recipe, step after step
    python benchmarks/ingredients.py augmentation FOLDER  the recipe with less and more augmentation
                                     [--seeds N] [--only NAME …]

Each seed draws another fifth of the images of FOLDER to validate with, and other weights to begin with. No epoch is
chosen by these images: the accuracy is that of the last one. Appends to benchmarks/results/recipe.json or
augmentation.json, where what is there already is not done again, and writes a page and a picture of the same name.
"""

import argparse
import itertools
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
from surroundings import surroundings

HERE = Path(__file__).parent
RESULTS = HERE / "results"

_TUTORIAL = f"--script {HERE / 'cats_dogs_network.py'} --image-size 150 --batch-size 20 --epochs 15 --patience 0"
_PLAIN = "--epochs 30 --schedule constant --weight-decay 0 --label-smoothing 0 --patience 0"

#: of each table: what a line is called, and the whole of the options
TABLES = {
    "recipe": {
        "a tutorial's network": _TUTORIAL,
        "batch normalization, five blocks, no dense layer": f"--augment none {_PLAIN}",
        "a learning rate that falls": f"--augment none {_PLAIN} --schedule cosine",
        "weight decay and smoothed labels": "--augment none --epochs 30 --patience 0",
        "four times as many epochs": "--augment none --patience 0",
        "augmentation": "--patience 0",
    },
    "augmentation": {name: f"--augment {name} --patience 0" for name in ("none", "flip", "light", "strong")},
}

TITLES = {
    "recipe": "What each ingredient brings: a line has what the lines above it have",
    "augmentation": "What less and more augmentation brings",
}


def train(folder: Path, options: str, seed: int) -> dict[str, float]:
    """Accuracies of a run of the command line."""
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
    }


def document(table: str, results: dict[str, dict[str, Any]]) -> str:
    rows = "\n".join(_row(name, list(results[name].values())) for name in TABLES[table] if name in results)
    return f"""# {TITLES[table]}

`minicnn train` on a folder of photographs. Each seed validates with another fifth of the images, after the last epoch:
median (lowest … highest). The accuracy on the training images is that of the changed images, while the network learned.

![accuracies]({table}.png)

{surroundings()}
| | seeds | validation | training | epochs |
| --- | ---: | ---: | ---: | ---: |
{rows}
"""


def _row(name: str, runs: list[dict[str, float]]) -> str:
    epochs = int(np.median([run["epochs"] for run in runs]))
    accuracies = (_spread(run[kind] for run in runs) for kind in ("accuracy", "training_accuracy"))
    return "| " + " | ".join([name, f"{len(runs)}", *accuracies, f"{epochs}"]) + " |"


def _spread(accuracies: Iterable[float]) -> str:
    values = list(accuracies)
    return f"{np.median(values):.1%} ({min(values):.1%} … {max(values):.1%})"


def draw(table: str, results: dict[str, dict[str, Any]], path: Path) -> None:
    """Every run as a dot, validation and training accuracy side by side; a line through the medians."""
    names = [name for name in TABLES[table] if name in results]
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
    parser.add_argument("table", choices=TABLES)
    parser.add_argument("folder", type=Path, help="one sub-folder of photographs a class")
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--only", nargs="*", metavar="NAME", help="these lines alone")
    options = parser.parse_args()
    kept = RESULTS / f"{options.table}.json"
    results = json.loads(kept.read_text()) if kept.exists() else {}
    for seed, name in itertools.product(range(options.seeds), options.only or TABLES[options.table]):
        runs = results.setdefault(name, {})
        if str(seed) in runs:
            continue
        runs[str(seed)] = train(options.folder, TABLES[options.table][name], seed)
        print(f"{name}, seed {seed}: {runs[str(seed)]}", flush=True)
        kept.write_text(json.dumps(results, indent=1) + "\n")
        kept.with_suffix(".md").write_text(document(options.table, results))
        draw(options.table, results, kept.with_suffix(".png"))


if __name__ == "__main__":
    main()
