"""The table of layers, shapes and parameters that Keras users know."""

from collections.abc import Iterable

from rich.console import Console
from rich.table import Table

from .. import graph
from ..graph import Node
from ..layers.layer import Layer
from .model import Model


def print_summary(model: Model, console: Console | None = None) -> None:
    """Print name, output shape, parameters and (in graphs with branches) the inputs of every layer."""
    console = console or Console()
    table = Table(title=f'Model: "{model.name}"', title_justify="left", title_style="bold")
    table.add_column("Layer (type)", style="cyan", overflow="fold")
    table.add_column("Output Shape", overflow="fold")
    table.add_column("Param #", justify="right", style="green")
    branches = _has_branches(model)
    if branches:
        table.add_column("Connected to", overflow="fold")
    for layer, shape, sources in _rows(model):
        params = f"{layer.count_params():,}" if layer.built else "0 (unbuilt)"
        row = [f"{layer.name} ({type(layer).__name__})", shape, params]
        table.add_row(*row, *([sources] if branches else []))
    console.print(table)
    for line in _totals(model):
        console.print(line, highlight=False)


def _rows(model: Model) -> list[tuple[Layer, str, str]]:
    """Each layer once, in the order of the calls, with the outputs and inputs of all its calls."""
    calls_of: dict[Layer, list[Node]] = {}
    for node in model.calls():
        calls_of.setdefault(node.layer, []).append(node)
    if not calls_of:
        return [(layer, "?", "") for layer in model.layers]
    return [
        (
            layer,
            _list(str(symbol.shape) for node in nodes for symbol in graph.flatten(node.outputs)),
            _list(symbol.node.layer.name for node in nodes for symbol in graph.flatten(node.inputs)),
        )
        for layer, nodes in calls_of.items()
    ]


def _list(entries: Iterable[str]) -> str:
    return ", ".join(dict.fromkeys(entries))


def _has_branches(model: Model) -> bool:
    return any(len(graph.flatten(node.inputs)) > 1 for node in model.calls())


def _totals(model: Model) -> list[str]:
    groups = {
        "Total params": model.weights,
        "Trainable params": model.trainable_weights,
        "Non-trainable params": model.non_trainable_weights,
    }
    return [
        f" {name}: {sum(w.numpy().size for w in weights):,} ({_size(sum(w.numpy().nbytes for w in weights))})"
        for name, weights in groups.items()
    ]


def _size(size: float) -> str:
    """Bytes as people read them.

    >>> _size(61706 * 4)
    '241.04 KB'
    """
    for unit in ("B", "KB", "MB"):
        if size < 1024:
            return f"{size:.2f} {unit}"
        size /= 1024
    return f"{size:.2f} GB"
