"""Pictures of a training run, drawn with Matplotlib where it is installed."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

#: what to say when Matplotlib is missing
HINT = "pip install matplotlib"


class PlotsUnavailableError(RuntimeError):
    """Matplotlib is not installed."""


def save_curves(history: Mapping[str, Sequence[float]], path: str | Path, test_accuracy: float | None = None) -> None:
    """Draw loss and accuracy of every epoch side by side; the kind of picture follows the file's suffix.

    history         "loss", "accuracy" and, where there are any, "val_loss", "val_accuracy": one number an epoch
    test_accuracy   a dashed line

    Raises PlotsUnavailableError without Matplotlib, OSError when the file cannot be written.
    """
    figure = _new_figure()
    for axes, name in zip(figure.subplots(1, 2), ("loss", "accuracy")):
        for key, label in ((name, "training"), (f"val_{name}", "validation")):
            if key in history:
                axes.plot(range(1, len(history[key]) + 1), history[key], marker=".", label=label)
        axes.set(title=name, xlabel="epoch")
        axes.xaxis.get_major_locator().set_params(integer=True)
        axes.grid(alpha=0.3)
    if test_accuracy is not None:
        axes.axhline(test_accuracy, color="tab:green", linestyle="--", label=f"test {test_accuracy:.1%}")
    axes.legend(loc="lower right")
    figure.savefig(path)


def _new_figure() -> Any:
    """A figure that needs no window system."""
    try:
        from matplotlib.figure import Figure
    except ImportError:
        raise PlotsUnavailableError(f"pictures need Matplotlib: {HINT}") from None
    return Figure(figsize=(9, 3.5), dpi=120, layout="constrained")
