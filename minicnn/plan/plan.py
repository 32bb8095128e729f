"""A step of a model for one shape of a batch, ready to be done again and again."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from .. import graph, random
from ..device import on_host
from ..losses.loss import prepare_weights
from ..tensor import Tensor
from .again import Again, ChangedUpdate
from .fusion import fuse
from .program import Program
from .steps import Script
from .target import target


class Plan:
    """A script, its program, and what must stay as it was when they were made.

    Making one does the step for the batch that is given.
    """

    def __init__(self, model: Any, script: Script, *batch: Any):
        made_for = target()
        self.script = fuse(script, made_for.offered)
        self._model, self._generator = model, random.generator()
        self._variables, self._numbers = model.weights, list(script.constants.values())
        self._trainable = [variable.trainable for variable in self._variables]
        self.program = Program(self.script, made_for)
        self.program.begin([*self._arrays(batch[0]), *self._labels(*batch[1:])])
        if script.updates:
            model.optimizer.iterations += 1
            self._again = Again(script.updates, [self.program.numbers[call] for call in self.script.updates])
            for gradient in script.gradients:
                gradient.recorder = self._again

    def holds(self) -> bool:
        """Whether the variables and the random generator are still those that the program works on."""
        return (
            bool(self._numbers)
            and self._generator is random.generator()
            and all(
                variable.data is numbers and variable.requires_grad == trainable
                for variable, numbers, trainable in zip(self._variables, self._numbers, self._trainable)
            )
        )

    def step(self, *batch: Any) -> tuple[Any, float] | None:
        """(predictions, loss) of another batch, or None, with nothing done, if numbers stand against it."""
        labels = self._labels(*batch[1:])
        if not self.program.ready() or not self._update_numbers():
            return None
        self.program.run([*self._arrays(batch[0]), *labels])
        return self.outcome()

    def outcome(self) -> tuple[Any, float]:
        """What the last step gave."""
        outputs = iter(self.program.outputs())
        predictions = graph.map_structure(lambda _: next(outputs), self.script.predictions)
        return predictions, float(next(outputs, np.nan))

    def _update_numbers(self) -> bool:
        """Tell the updates what the optimizer would. False if it would no longer update in the same way."""
        if not self.script.updates:
            return True
        self._again.begin()
        trainable = [variable for variable, is_so in zip(self._variables, self._trainable) if is_so]
        try:
            self._model.optimizer.apply(self.script.gradients, trainable)
        except ChangedUpdate:
            self._numbers = []  # nothing holds any more
        return bool(self._numbers)

    def _arrays(self, x: Any) -> Sequence[Any]:
        """What the program takes of a batch's inputs. It may draw random numbers: ask once a step."""
        arrays = graph.flatten(x)
        if not self.script.prelude.steps:
            return arrays
        return self.script.prelude.run([np.asarray(on_host(array), np.float32) for array in arrays])

    def _labels(self, *labels: Any) -> Sequence[np.ndarray]:
        """Targets and weights of a batch as the program takes them. Raises what the loss raises for wrong labels."""
        script, arrays = self.script, []
        if script.targets is not None:
            arrays.append(self._model.loss.prepare(labels[0], Tensor(graph.flatten(script.predictions)[0])))
        if script.weights is not None:
            arrays.append(prepare_weights(labels[1], Tensor(script.losses)))
        return arrays


def memory(script: Script) -> int:
    """Bytes that a plan for a GPU asks for."""
    made_for = target()
    return Program(fuse(script, made_for.offered), made_for).memory()
