"""Which steps of a model run as plans, and when a plan is made anew."""

from __future__ import annotations

import threading
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np

from .. import graph
from ..device import current
from ..kernels.cpu.threads import get_num_threads
from ..layers.layer import count_of_changes
from ..tensor import Tensor
from .plan import Plan
from .recorder import CannotRecord
from .steps import Script, record_prediction, record_test_step, record_training_step

_MOST_PLANS = 8  # of one model: kinds of steps and shapes of batches


class Planner:
    """The plans of one model: one for each kind of step and each shape of a batch.

    The methods return None where the step has to run eagerly: on another device than the compiled kernels', in another
    dtype, while another thread runs a plan of this model, and where the model cannot be planned, which is said once.
    """

    def __init__(self, model: Any):
        self._model = model
        self._plans: dict[Any, Plan] = {}
        self._failed: dict[Any, Exception] = {}
        self._running = threading.Lock()
        self._warned = False

    def train(self, x: Any, y: Any, sample_weight: Any) -> tuple[Any, float] | None:
        """(predictions, loss) of a training step. The predictions hold until the next step."""
        return self._run(record_training_step, x, y, sample_weight)

    def test(self, x: Any, y: Any, sample_weight: Any) -> tuple[Any, float] | None:
        """(predictions, loss) of a batch. The predictions hold until the next step."""
        return self._run(record_test_step, x, y, sample_weight)

    def predict(self, x: Any) -> Any:
        """Predictions of a batch, as new arrays."""
        outcome = self._run(record_prediction, x)
        return None if outcome is None else graph.map_structure(np.copy, outcome[0])

    def plan(self, *batch: Any) -> Plan | None:
        """The plan of a training step for (x, y[, sample_weight]), or of a prediction for (x,), if there is one."""
        record = record_training_step if len(batch) > 1 else record_prediction
        return self._plans.get(self._key(record, *batch))

    def _run(self, record: Callable[..., Script], x: Any, *labels: Any) -> tuple[Any, float] | None:
        if current() != "cpu" or self._model.dtype != np.float32 or not self._running.acquire(blocking=False):
            return None
        try:
            batch = graph.map_structure(_as_float32, graph.as_structure(x)), *labels
            key = self._key(record, *batch)
            plan = self._plans.get(key)
            if plan is not None and plan.holds():
                return plan.step(*batch)
            return self._first_step(key, record, *batch)
        finally:
            self._running.release()

    def _key(self, record: Callable[..., Script], x: Any, *labels: Any) -> Any:
        shapes = tuple(np.shape(value) for value in (*graph.flatten(x), *labels))
        return record, shapes, count_of_changes(), get_num_threads()

    def _first_step(self, key: Any, record: Callable[..., Script], *batch: Any) -> tuple[Any, float] | None:
        """Make a plan, which does the step; not again where it has failed before."""
        if key in self._failed:
            self._warn_once(self._failed[key])
            return None
        try:
            script = self._script(record, *batch)
        except Exception as error:  # the eager step raises it as well, or else it is the reason not to plan
            self._failed[self._key(record, *batch)] = error
            return None
        while len(self._plans) >= _MOST_PLANS:
            self._plans.pop(next(iter(self._plans)))
        plan = Plan(self._model, script, *batch)
        self._plans[self._key(record, *batch)] = plan
        return plan.outcome()

    def _script(self, record: Callable[..., Script], *batch: Any) -> Script:
        """What the step calls, recorded twice to see that it is the same every time."""
        model = self._model
        model.ensure_built(graph.map_structure(lambda array: (None, *array.shape[1:]), batch[0]))
        before = len(model.weights)
        first, second = record(model, *batch), record(model, *batch)
        if before == len(model.weights) and not first.same_as(second):  # or else layers inside were built on the way
            raise CannotRecord("a layer computes with numbers of its own that change, such as random ones")
        return second

    def _warn_once(self, reason: Exception) -> None:
        if not self._warned:
            self._warned = True
            warnings.warn(
                f"model {self._model.name!r} runs eagerly, which is slower, because its step cannot be planned: "
                f"{reason}; compute with minicnn.ops in its layers, or say run_eagerly=True in compile",
                stacklevel=5,
            )


def _as_float32(value: Any) -> np.ndarray:
    return np.asarray(value.data if isinstance(value, Tensor) else value, np.float32)
