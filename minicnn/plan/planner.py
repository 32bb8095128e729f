"""Which steps of a model run as plans, and when a plan is made anew."""

from __future__ import annotations

import itertools
import threading
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np

from .. import graph
from ..device import current, is_on_gpu, on_gpu, on_host
from ..kernels.cpu.threads import get_num_threads
from ..kernels.gpu.capture import CannotCapture
from ..kernels.gpu.machine import OutOfMemory, in_words
from ..layers.layer import count_of_changes
from ..tensor import Tensor
from .plan import Plan, memory
from .recorder import CannotRecord
from .steps import Script, record_prediction, record_test_step, record_training_step

_MOST_PLANS = 8  # of one model: kinds of steps and shapes of batches


class Planner:
    """The plans of one model: one for each kind of step and each shape of a batch.

    The methods return None where the step has to run eagerly: on another device than the compiled kernels' or a GPU, in
    another dtype, while another thread runs a plan of this model, and where the model cannot be planned, which is said
    once. They raise OutOfMemory where a GPU has too little, with a size of batches for which it has enough.
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
        if current() in ("portable", "reference") or self._model.dtype != np.float32:
            return None
        if not self._running.acquire(blocking=False):
            return None
        try:
            batch = graph.map_structure(_as_array, graph.as_structure(x)), *labels
            key = self._key(record, *batch)
            plan = self._plans.get(key)
            if plan is not None and plan.holds():
                return plan.step(*batch)
            return self._first_step(key, record, *batch)
        finally:
            self._running.release()

    def _key(self, record: Callable[..., Script], x: Any, *labels: Any) -> Any:
        inputs = graph.flatten(x)
        shapes = [array.shape for array in inputs], [array.dtype for array in inputs], [np.shape(y) for y in labels]
        return record, *map(tuple, shapes), count_of_changes(), get_num_threads(), current()

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
        try:
            plan = self._made(script, *batch)
        except CannotCapture as error:
            self._failed[self._key(record, *batch)] = error
            return None
        except OutOfMemory as error:
            raise self._advised(error, record, *batch) from None
        self._plans[self._key(record, *batch)] = plan
        return plan.outcome()

    def _made(self, script: Script, *batch: Any) -> Plan:
        try:
            return Plan(self._model, script, *batch)
        except OutOfMemory:
            self._plans.clear()  # what they hold may do
            return Plan(self._model, script, *batch)

    def _script(self, record: Callable[..., Script], *batch: Any) -> Script:
        """What the step calls, recorded twice to see that it is the same every time."""
        model = self._model
        model.ensure_built(graph.map_structure(lambda array: (None, *array.shape[1:]), batch[0]))
        before = len(model.weights)
        outlines = graph.map_structure(_outline, batch[0]), *batch[1:]
        first, second = self._record(record, *outlines), self._record(record, *outlines)
        if before == len(model.weights) and not first.same_as(second):  # or else layers inside were built on the way
            raise CannotRecord("a layer computes with numbers of its own that change, such as random ones")
        return second

    def _record(self, record: Callable[..., Script], *batch: Any) -> Script:
        for variable in self._model.weights:
            variable.moved()
        return record(self._model, *batch)

    def _advised(self, error: OutOfMemory, record: Callable[..., Script], x: Any, *labels: Any) -> OutOfMemory:
        """The error, with the largest half, quarter, … of the batch for which the memory would do."""
        samples = len(graph.flatten(x)[0])
        sizes = itertools.takewhile(bool, (samples >> halvings for halvings in itertools.count(1)))
        fits = next((n for n in sizes if memory(self._script(record, *_first(n, x, *labels))) <= error.free), None)
        advice = f"; try batch_size={fits}" if fits else ", and even one sample needs more: take smaller images"
        need, free = in_words(error.need), in_words(error.free)
        message = f"a batch of {samples} samples needs {need} of the GPU's memory, which has {free} left{advice}"
        return OutOfMemory(error.need, error.free, message)

    def _warn_once(self, reason: Exception) -> None:
        if not self._warned:
            self._warned = True
            warnings.warn(
                f"model {self._model.name!r} runs eagerly, which is slower, because its step cannot be planned: "
                f"{reason}; compute with minicnn.ops in its layers, or say run_eagerly=True in compile",
                stacklevel=5,
            )


def _as_array(value: Any) -> Any:
    """float32 of NumPy's; for a GPU also what is there already, and pixels, of which there are fewer bytes to move."""
    array = value.data if isinstance(value, Tensor) else value
    if on_gpu() and (is_on_gpu(array) or getattr(array, "dtype", None) == np.uint8):
        return array
    return np.asarray(on_host(array), np.float32)


def _first(samples: int, x: Any, *labels: Any) -> list[Any]:
    """The first samples of a batch. A sample weight may be one number for all."""
    parts = [y if np.ndim(y) == 0 else y[:samples] for y in labels]
    return [graph.map_structure(lambda array: array[:samples], x), *parts]


def _outline(array: Any) -> np.ndarray:
    """What a script is to know of a batch: an array of its shape."""
    return np.broadcast_to(np.float32(0), array.shape)
