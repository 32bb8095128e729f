"""Pictures of a training run and of its results, drawn with Matplotlib where it is installed."""

import io
import math
import warnings
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from PIL import Image

from .files import write_atomically
from .report import ClassificationReport

#: what to say when Matplotlib is missing
HINT = 'pip install "minicnn[report]"'

#: more classes than this, and numbers would not fit into the squares of a confusion matrix
_MOST_NUMBERS = 24


class PlotsUnavailableError(RuntimeError):
    """Matplotlib is not installed."""


class Mistake(NamedTuple):
    """A picture that was taken for something else."""

    name: str  #: of the file
    picture: Image.Image
    true: str  #: class names
    predicted: str
    probability: float  #: of the predicted class


def save_curves(history: Mapping[str, Sequence[float]], path: str | Path, held_back: str = "validation") -> None:
    """Draw loss and accuracy of every epoch side by side; the kind of picture follows the file's suffix.

    history     "loss", "accuracy" and, where there are any, "val_loss", "val_accuracy": one number an epoch
    held_back   what the latter are called

    Raises PlotsUnavailableError without Matplotlib, OSError when the file cannot be written.
    """
    figure = _new_figure(9, 3.5)
    for axes, name in zip(figure.subplots(1, 2), ("loss", "accuracy")):
        for key, label in ((name, "training"), (f"val_{name}", held_back)):
            if key in history:
                axes.plot(range(1, len(history[key]) + 1), history[key], marker=".", label=label)
        axes.set(title=name, xlabel="epoch")
        axes.xaxis.get_major_locator().set_params(integer=True)
        axes.grid(alpha=0.3)
        if axes.lines:
            axes.legend()
    _save(figure, path)


def save_confusion(report: ClassificationReport, path: str | Path) -> None:
    """Draw a confusion matrix: numbers count samples, shades are the part of each row. Raises like `save_curves`."""
    classes = len(report.class_names)
    names = [_start(name, 20) for name in report.class_names]
    side = min(1.6 + 0.38 * classes, 14) + 0.08 * max(map(len, names))
    figure = _new_figure(side + 1, side)
    axes = figure.subplots()
    shares = report.confusion / report.support.clip(1)[:, None]
    shades = axes.imshow(shares, cmap="Blues", vmin=0, vmax=1)
    figure.colorbar(shades, ax=axes, format="{x:.0%}")
    axes.set_xticks(range(classes), names, rotation=90 if max(map(len, names)) > 4 else 0, parse_math=False)
    axes.set_yticks(range(classes), names, parse_math=False)
    axes.set(xlabel="answer", ylabel="true class")
    if classes <= _MOST_NUMBERS:
        for i, row in enumerate(report.confusion):
            for j, count in enumerate(row):
                axes.text(j, i, int(count), ha="center", va="center", color="white" if shares[i, j] > 0.6 else "black")
    _save(figure, path)


def save_mistakes(mistakes: Sequence[Mistake], path: str | Path, columns: int = 6) -> None:
    """Draw pictures as a grid, each with true class, answer, its probability and file name. Raises like `save_curves`.

    Without any mistake the picture says so.
    """
    columns = max(1, min(columns, len(mistakes)))
    rows = max(1, math.ceil(len(mistakes) / columns))
    figure = _new_figure(2.2 * max(columns, 2), 2.75 * rows)
    grid = figure.subplots(rows, columns, squeeze=False).ravel()
    for axes in grid:
        axes.set_axis_off()
    for axes, mistake in zip(grid, mistakes):
        axes.imshow(mistake.picture, cmap="gray", vmin=0, vmax=255)
        title = f"{_start(mistake.true, 24)}, taken for\n{_start(mistake.predicted, 18)} {mistake.probability:.0%}"
        axes.set_title(title, fontsize=9, parse_math=False)
        below = {"ha": "center", "va": "top", "transform": axes.transAxes, "fontsize": 7, "color": "gray"}
        axes.text(0.5, -0.03, _end(mistake.name, 30), parse_math=False, **below)
    if not mistakes:
        grid[0].text(0.5, 0.5, "no mistakes", ha="center", va="center")
    _save(figure, path)


def _new_figure(width: float, height: float) -> Any:
    """A figure that needs no window system."""
    try:
        from matplotlib.figure import Figure
    except ImportError:
        raise PlotsUnavailableError(f"pictures need Matplotlib: {HINT}") from None
    return Figure(figsize=(width, height), dpi=120, layout="constrained")


def _save(figure: Any, path: str | Path) -> None:
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Glyph")  # a name in a script that the font lacks is drawn as boxes
        picture = io.BytesIO()
        figure.savefig(picture, format=Path(path).suffix.removeprefix("."))
    write_atomically(path, picture.getvalue())


def _start(name: str, length: int) -> str:
    """
    >>> _start("Vibrio cholerae", 8)
    'Vibrio …'
    """
    return name if len(name) <= length else f"{name[: length - 1]}…"


def _end(name: str, length: int) -> str:
    """What is left of a long name where it is the end that tells.

    >>> _end("holiday/IMG_0001.jpg", 12)
    '…MG_0001.jpg'
    """
    return name if len(name) <= length else f"…{name[1 - length :]}"
