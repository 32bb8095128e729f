"""What `minicnn train` says before it trains: what it found, what it will do, how long that may take."""

from typing import TYPE_CHECKING, Any

import numpy as np
from rich.console import Console, Group, RenderableType
from rich.table import Table
from rich.text import Text

if TYPE_CHECKING:
    from ..run.sources import Source
    from ..run.training import Run

#: more classes than this are summed up
_LISTED = 20

_NAMED = 5


def show_source(console: Console, source: "Source") -> None:
    """The classes and their images."""
    training, held_back = source.counts
    classes = len(source.class_names)
    where = "MNIST digits" if source.place is None else f"images in {source.place}"
    _show(
        console,
        "Data",
        f"{training.sum() + held_back.sum():,} {where}, {classes} classes: "
        f"{training.sum():,} to learn from, {held_back.sum():,} to {_verb(source)}",
    )
    if source.place is not None:
        _show(console, "", _class_table(source) if classes <= _LISTED else _range(training + held_back))
    if source.ignored:
        first = ", ".join(source.ignored[:_NAMED]) + (", …" if len(source.ignored) > _NAMED else "")
        _show(console, "", f"{len(source.ignored):,} not named like images of a class and ignored: {first}")


def _show(console: Console, title: str, content: RenderableType) -> None:
    """A title and what belongs to it, wrapped beside it."""
    line = Table.grid(padding=(0, 2, 0, 0))
    line.add_column(min_width=6, style="bold")
    line.add_column(overflow="fold")
    line.add_row(title, Text(content) if isinstance(content, str) else content)
    console.print(line)


def _verb(source: "Source") -> str:
    return "test on" if source.held_back == "test" else "validate with"


def _class_table(source: "Source") -> Table:
    table = Table(box=None, padding=(0, 2, 0, 0), pad_edge=False, header_style="dim")
    table.add_column("class", overflow="fold")
    table.add_column("to learn from", justify="right")
    table.add_column(f"to {_verb(source)}", justify="right")
    for name, learn, test in zip(source.class_names, *source.counts):
        table.add_row(Text(name), f"{learn:,}", f"{test:,}")
    return table


def _range(counts: np.ndarray) -> str:
    return f"the smallest class has {counts.min():,} images, the largest {counts.max():,}"


def show_unreadable(console: Console, unreadable: dict[str, str]) -> None:
    """The first of the files that are left out."""
    if not unreadable:
        return
    lines = [Text(f"{len(unreadable):,} cannot be read and are left out:", "yellow")]
    lines += [Text.assemble(f"{name}: ", (reason, "dim")) for name, reason in list(unreadable.items())[:_NAMED]]
    if len(unreadable) > _NAMED:
        lines.append(Text(f"and {len(unreadable) - _NAMED:,} more, all named in the report"))
    _show(console, "", Group(*lines))


def show_plan(console: Console, run: "Run", device: str) -> None:
    """Net, augmentation and recipe."""
    settings = run.settings
    shape = "×".join(map(str, settings.image_shape))
    parameters = f"{run.model.count_params():,} parameters"
    _show(console, "Net", f"{run.model.name} on {shape}: {_layers(run.model)}; {parameters}")
    length = f"{settings.epochs} epochs of {run.steps:,} steps of {settings.batch_size} images"
    _show(console, "Plan", f"{length}, seed {settings.seed}; {_recipe(run)}")
    _show(console, "Device", f"{device}; on first use the kernels are compiled, which takes a moment")


def _recipe(run: "Run") -> str:
    settings = run.settings
    parts = [
        "compiled by the script" if run.compiled_by_script else settings.optimization,
        f"augmentation {settings.augment}",
    ]
    if weights := run.class_weights:
        parts.append(f"class weights {min(weights.values()):.2g} … {max(weights.values()):.2g}")
    if settings.patience:
        parts.append(f"keeps the best epoch, ends after {settings.patience} without a better validation loss")
    return ", ".join(parts)


def _layers(model: Any) -> str:
    """The layers with parameters: conv 5×5·16, conv 5×5·32, dense 128, dense 10."""
    names = []
    for layer in model.layers:
        if hasattr(layer, "kernel_size"):
            names.append(f"conv {'×'.join(map(str, layer.kernel_size))}·{layer.filters}")
        elif hasattr(layer, "units"):
            names.append(f"dense {layer.units}")
    return ", ".join(names) or f"{len(model.layers)} layers"


def show_time(console: Console, seconds: float, step: float) -> None:
    _show(console, "Time", f"{duration(seconds)}, as a step takes {_short(step)} here")


def duration(seconds: float) -> str:
    """
    >>> duration(45), duration(130), duration(8000)
    ('about 45 s', 'about 2 min', 'about 2 h 13 min')
    """
    minutes = round(seconds / 60)
    if seconds < 90:
        return f"about {max(1, round(seconds))} s"
    return f"about {minutes} min" if minutes < 90 else f"about {minutes // 60} h {minutes % 60} min"


def _short(seconds: float) -> str:
    return f"{seconds:.1f} s" if seconds >= 1 else f"{1000 * seconds:.3g} ms"
