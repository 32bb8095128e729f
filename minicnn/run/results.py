"""What a run leaves to be looked at: numbers, pictures and the report."""

import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from .. import __version__
from ..files import write_atomically
from ..plots import PlotsUnavailableError, save_confusion, save_curves, save_mistakes
from .directory import RunDirectory
from .evaluation import Evaluation, worst_mistakes
from .html import ReportUnavailableError, layer_rows, render
from .pictures import Pictures
from .training import Run

History = Mapping[str, Sequence[float]]


def numbers_of_run(run: Run, evaluation: Evaluation, history: History, seconds: float) -> dict[str, Any]:
    """What metrics.json holds."""
    return {
        "held_back": run.source.held_back,
        **evaluation.numbers(),
        "best_epoch": run.best_epoch(history),
        "seconds": round(seconds, 2),
        "history": {name: list(values) for name, values in history.items()},
        "unreadable": run.unreadable,
    }


def texts_of_run(run: Run, numbers: Mapping[str, Any]) -> dict[str, Any]:
    """What the report says about a run, for `render`."""
    settings, source = run.settings, run.source
    epochs = len(numbers["history"]["loss"])
    learn, held_back = (int(counts.sum()) for counts in source.counts)
    drawn = f", drawn from each class ({settings.split:.0%}) with seed {settings.seed}" if source.is_split else ""
    chosen = "; the best epoch was chosen by these, so expect a little less on new images" if settings.patience else ""
    return {
        "title": source.name,
        "subtitle": f"{', '.join(source.class_names[:8])}{', …' if len(source.class_names) > 8 else ''}",
        "held_back": source.held_back,
        "facts": [
            ("Data", str(source.place.absolute()) if source.place else "the digits that come with minicnn"),
            ("Images", f"{learn:,} to learn from, {held_back:,} for {source.held_back}{drawn}{chosen}"),
            *([("Ignored", f"{len(source.ignored):,} not named like images of a class")] if source.ignored else []),
            ("Net", f"{run.model.name}, images {_shape(settings)}, {run.model.count_params():,} parameters"),
            ("Augmentation", settings.augment),
            *([("Class weights", _weights(run))] if run.class_weights else []),
            ("Training", f"{epochs} epochs of {run.steps:,} steps of {settings.batch_size} images, {_rates(run)}"),
            ("Weights", f"those of epoch {numbers['best_epoch']}"),
            ("Time", _duration(numbers["seconds"])),
        ],
        "layers": layer_rows(run.model),
        "settings": {name: _written(value) for name, value in settings.as_dict().items() if value is not None},
        "unreadable": run.unreadable,
    }


def _shape(settings: Any) -> str:
    return "×".join(map(str, settings.image_shape))


def _rates(run: Run) -> str:
    if run.compiled_by_script:
        return f"{type(run.model.optimizer).__name__}, as the script says"
    return run.settings.optimization


def _weights(run: Run) -> str:
    weights = (run.class_weights or {}).values()
    return f"{min(weights):.2f} … {max(weights):.2f}, so that rare classes count as much as frequent ones"


def _written(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return " × ".join(map(str, value)) if isinstance(value, tuple) else str(value)


def _duration(seconds: float) -> str:
    """
    >>> _duration(12.4), _duration(7384)
    ('12 s', '2 h 3 min 4 s')
    """
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    parts = ((hours, "h"), (minutes, "min"), (rest, "s"))
    return " ".join(f"{number} {unit}" for number, unit in parts if number) or "0 s"


def write_results(
    directory: RunDirectory,
    evaluation: Evaluation,
    pictures: Pictures,
    history: History | None = None,
    **texts: Any,
) -> list[Path]:
    """Draw the pictures and write the report; the files, without those whose libraries are missing.

    texts    see `html.render`
    """
    mistakes = worst_mistakes(evaluation, pictures)
    written: list[Path] = []
    try:
        if history:
            save_curves(history, directory.curves, texts["held_back"])
            written.append(directory.curves)
        save_confusion(evaluation.report, directory.confusion)
        save_mistakes(mistakes, directory.mistakes)
        written += [directory.confusion, directory.mistakes]
        page = render(
            results=evaluation.numbers(),
            mistakes=mistakes,
            curves=directory.curves if history else None,
            confusion=directory.confusion,
            footer=f"minicnn {__version__}, {time.strftime('%-d %B %Y, %H:%M')}",
            **texts,
        )
    except (PlotsUnavailableError, ReportUnavailableError):
        return written
    write_atomically(directory.report, page)
    return [directory.report, *written]
