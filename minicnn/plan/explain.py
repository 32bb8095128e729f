"""What a plan does, call by call: which kernel, computed how and why, its cost and its share of the time."""

from __future__ import annotations

from statistics import median
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from rich.console import Console
from rich.table import Table

from .. import graph, random
from .choices import alternatives, choice
from .cost import flops, nbytes
from .plan import Plan
from .recorder import ArrayCall, Call, StandIn, flat
from .steps import record_prediction, record_training_step

if TYPE_CHECKING:
    from ..models.model import Model

_RUNS = 7


class Row(NamedTuple):
    """One call of a plan."""

    layer: str
    kernel: str
    shape: str  # of the result
    algorithm: str
    reason: str
    alternatives: str
    replaces: str
    flops: int
    bytes: int
    seconds: float


def print_rows(model: Model, batch_size: int, rows: list[Row], memory: int, console: Console | None = None) -> None:
    """Print what `plan_rows` found, as a table."""
    console = console or Console()
    console.print(_table(model, rows, batch_size))
    seconds, work = sum(row.seconds for row in rows), sum(row.flops for row in rows)
    console.print(
        f" {len(rows)} calls, {1e3 * seconds:.2f} ms, {work / 1e9:.2f} GFLOP ({work / seconds / 1e9:.0f} GFLOP/s), "
        f"{memory / 2**20:.0f} MiB between the layers",
        highlight=False,
    )


def plan_rows(model: Model, batch_size: int = 32) -> tuple[list[Row], int]:
    """The calls of a plan, and the bytes of memory that it needs. The model's weights stay as they are."""
    batch = _some_batch(model, batch_size)
    kept = model.get_weights(), None if model.optimizer is None else _copy(model.optimizer.state())
    drawn = [(generator, random.state_of(generator)) for generator in _generators(model)]
    for variable in model.weights:
        variable.moved()
    plan = Plan(model, (record_training_step if len(batch) > 1 else record_prediction)(model, *batch), *batch)
    times = zip(*(plan.program.capture.times() for _ in range(_RUNS)))
    rows = [_row(model, plan, call, median(seconds)) for call, seconds in zip(plan.script.calls, times)]
    rows = [*_rows_before(plan, graph.flatten(batch[0])), *rows]
    for generator, state in drawn:
        random.set_state(generator, state)
    model.set_weights(kept[0])
    if kept[1] is not None:
        model.optimizer.load_state(kept[1])
    return [row for row in rows if row.kernel not in _VIEWS], plan.program.nbytes


#: calls that only look at an array in another way
_VIEWS = ("reshape", "transpose", "broadcast_to")


def _some_batch(model: Model, batch_size: int) -> tuple[Any, ...]:
    """Noise of the right shape, with labels if the model has a loss."""
    rng = np.random.default_rng(0)
    arrays = [rng.random((batch_size, *symbol.shape[1:]), np.float32) for symbol in model.inputs]
    x = arrays if len(arrays) > 1 else arrays[0]
    if model.optimizer is None or model.loss is None or not model.trainable_weights:
        return (x,)
    outputs = model.outputs[0].shape[1:]
    is_sparse = "sparse" in type(model.loss).__name__.lower()
    return x, np.zeros((batch_size, *(outputs[:-1] if is_sparse else outputs)), np.float32), None


def _generators(model: Model) -> list[np.random.Generator]:
    """The project's generator and those of the layers."""
    found, layers = [random.generator()], [*model.layers]
    for layer in layers:
        found += [layer.generator] if isinstance(getattr(layer, "generator", None), np.random.Generator) else []
        layers += layer._layers
    return found


def _rows_before(plan: Plan, arrays: list[np.ndarray]) -> list[Row]:
    """What is done to the arrays of a batch before the program runs."""
    prelude = plan.script.prelude
    times = zip(*(prelude.timed(arrays)[1] for _ in range(_RUNS)))
    return [_row_before(step, median(seconds)) for step, seconds in zip(prelude.steps, times)]


def _row_before(step: ArrayCall | Call, seconds: float) -> Row:
    kernel = "transform" if isinstance(step, ArrayCall) else step.kernel
    reads = [step.operand] if isinstance(step, ArrayCall) else step.reads
    shape = "×".join(map(str, step.results[0].shape))
    moved = sum(value.nbytes for value in (*reads, *step.results))
    return Row(step.layer or "", kernel, shape, "arrays", "before the plan runs", "", "", 0, moved, seconds)


def _copy(state: dict[str, Any]) -> dict[str, Any]:
    return {name: np.copy(array) for name, array in state.items()}


def _row(model: Model, plan: Plan, call: Call, seconds: float) -> Row:
    algorithm, reason = choice(call)
    results = call.results or (call.operands[0],)
    return Row(
        _layer(model, plan, call),
        call.kernel,
        "×".join(map(str, results[0].shape)),
        algorithm,
        reason,
        ", ".join(alternatives(call)),
        ", ".join(call.replaces),
        flops(call),
        nbytes(call),
        seconds,
    )


def _layer(model: Model, plan: Plan, call: Call) -> str:
    """The layer whose call it is; for an update, the layer that owns the weights."""
    if call.layer is not None:
        return call.layer
    owners = dict(zip(plan.script.constants, model.weights))
    owned = [owners[value] for value in flat(call.operands) if isinstance(value, StandIn) and value in owners]
    return owned[0].path.split("/")[0] if owned and not call.results else "loss"


def _table(model: Model, rows: list[Row], batch_size: int) -> Table:
    total = sum(row.seconds for row in rows)
    table = Table(title=f'Plan of "{model.name}", batch {batch_size}', title_justify="left", title_style="bold")
    table.add_column("Layer", style="cyan", overflow="fold")
    table.add_column("Kernel", overflow="fold")
    table.add_column("Result", overflow="fold")
    table.add_column("Computed", overflow="fold")
    for name in ("MFLOP", "MB", "ms", "share"):
        table.add_column(name, justify="right")
    for row in rows:
        how = f"{row.algorithm}: {row.reason}" + (f" (not {row.alternatives})" if row.alternatives else "")
        numbers = f"{row.flops / 1e6:,.1f}", f"{row.bytes / 1e6:,.1f}", f"{1e3 * row.seconds:.2f}"
        table.add_row(row.layer, row.kernel, row.shape, how, *numbers, f"{row.seconds / total:.0%}")
    return table
