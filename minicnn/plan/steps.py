"""What a step of a model calls: a forward pass, the loss, a backward pass, an update, recorded once."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from .. import graph
from ..device import on_host
from ..losses.loss import prepare_weights
from ..tensor import Tensor, no_grad
from .prelude import Prelude
from .recorder import ArrayCall, Call, Recorder, StandIn, flat


@dataclass(eq=False)
class Script:
    """The kernel calls of a step; what goes in and what is to come out."""

    calls: list[Call]
    constants: dict[StandIn, np.ndarray]
    prelude: Prelude  # what is done to a batch before
    predictions: Any  # a stand-in or a list of them
    targets: StandIn | None = None
    weights: StandIn | None = None  # of the samples
    losses: StandIn | None = None  # of the samples
    loss: StandIn | None = None
    gradients: list[StandIn] = field(default_factory=list)
    updates: list[Call] = field(default_factory=list)  # of the optimizer, in its order

    @property
    def fed(self) -> list[StandIn]:
        """What the calls are given in each step."""
        return [*self.prelude.outputs, *(value for value in (self.targets, self.weights) if value is not None)]

    @property
    def outputs(self) -> list[StandIn]:
        """What the step is for."""
        return [*graph.flatten(self.predictions), *([] if self.loss is None else [self.loss])]

    def same_as(self, other: Script) -> bool:
        """Whether the other script calls the same kernels with the same numbers of its own."""
        ours, theirs = [*self.prelude.steps, *self.calls], [*other.prelude.steps, *other.calls]
        return len(ours) == len(theirs) and all(map(_same_call, ours, theirs))


def _same_call(a: Call | ArrayCall, b: Call | ArrayCall) -> bool:
    if isinstance(a, ArrayCall) or isinstance(b, ArrayCall):
        return type(a) is type(b) and a.layer == b.layer
    return a.kernel == b.kernel and all(map(_same_operand, flat(a.operands), flat(b.operands)))


def _same_operand(a: Any, b: Any) -> bool:
    a, b = on_host(a), on_host(b)
    if isinstance(a, np.ndarray) and isinstance(b, np.ndarray):
        return a is b or np.array_equal(a, b, equal_nan=True)
    return type(a) is type(b)


def record_prediction(model: Any, x: Any) -> Script:
    """A forward pass over arrays like `x`."""
    recorder = Recorder()
    with recorder.holding(model.weights), no_grad():
        inputs, predictions = _forward(recorder, model, x, training=False)
    prelude = _prelude(recorder, inputs, predictions)
    return Script(recorder.calls, recorder.constants, prelude, _data(predictions))


def record_test_step(model: Any, x: Any, y: Any, sample_weight: Any) -> Script:
    """A forward pass and the loss."""
    recorder = Recorder()
    with recorder.holding(model.weights), no_grad():
        inputs, predictions = _forward(recorder, model, x, training=False)
        loss, of_loss = _loss(recorder, model, predictions, y, sample_weight)
    prelude = _prelude(recorder, inputs, predictions)
    return Script(recorder.calls, recorder.constants, prelude, _data(predictions), *of_loss, loss.data)


def record_training_step(model: Any, x: Any, y: Any, sample_weight: Any) -> Script:
    """A forward pass, the loss, a backward pass and an update of the trainable weights."""
    recorder, variables, optimizer = Recorder(), model.trainable_weights, model.optimizer
    optimizer.build(variables)
    iterations = optimizer.iterations
    try:
        with recorder.holding(model.weights):
            inputs, predictions = _forward(recorder, model, x, training=True)
            loss, of_loss = _loss(recorder, model, predictions, y, sample_weight)
            loss.backward()
            gradients = [variable.grad for variable in variables]
            before = len(recorder.calls)
            optimizer.apply(gradients, variables)
    finally:
        optimizer.iterations = iterations
    updates = [call for call in recorder.calls[before:] if not call.results]
    prelude = _prelude(recorder, inputs, predictions)
    return Script(
        recorder.calls, recorder.constants, prelude, _data(predictions), *of_loss, loss.data, gradients, updates
    )


def _forward(recorder: Recorder, model: Any, x: Any, training: bool) -> tuple[list[StandIn], Any]:
    inputs = graph.map_structure(recorder.input, x)
    outputs = model(graph.map_structure(Tensor, inputs), training=training)
    return graph.flatten(inputs), outputs


def _prelude(recorder: Recorder, inputs: list[StandIn], predictions: Any) -> Prelude:
    """The batch goes to the calls as it is, but for what is made of it before."""
    if not recorder.before:
        return Prelude(inputs, [], inputs)
    read = {value for call in recorder.calls for value in call.reads} | set(graph.flatten(_data(predictions)))
    made = [*inputs, *(result for step in recorder.before for result in step.results)]
    return Prelude(inputs, recorder.before, [value for value in made if value in read])


def _loss(
    recorder: Recorder, model: Any, predictions: Tensor, y: Any, sample_weight: Any
) -> tuple[Tensor, tuple[StandIn, StandIn | None, StandIn]]:
    """The loss, and the stand-ins of targets, sample weights and the losses of the samples."""
    targets = recorder.input(model.loss.prepare(y, predictions))
    losses = model.loss.call(Tensor(targets), predictions)
    weights = None if sample_weight is None else recorder.input(prepare_weights(sample_weight, losses))
    loss = model.loss.reduce(losses, None if weights is None else Tensor(weights))
    for penalty in model.losses:
        loss = loss + penalty
    return loss, (targets, weights, losses.data)


def _data(tensors: Any) -> Any:
    return graph.map_structure(lambda tensor: tensor.data, tensors)
