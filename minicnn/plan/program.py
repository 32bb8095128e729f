"""A script on real arrays: run once call by call, and from then on as one list of kernel launches.

Each result lives until the last call that reads it; then its memory is the next one's.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from .recorder import Call, StandIn
from .steps import Script
from .target import Target


class Program:
    """The step that a script describes.

    values   the numbers of script.fed, in this order
    """

    def __init__(self, script: Script, target: Target):
        self.script, self._target = script, target
        self.capture = target.capture()
        self.numbers: dict[Call, np.ndarray] = {}  # that an update takes anew in every step

    def begin(self, values: Sequence[Any]) -> None:
        """Do the step for the first time."""
        self._outputs = self.capture.record(self._perform, values)

    def ready(self) -> bool:
        """Whether the numbers of the weights allow for the kernels that were chosen."""
        return self.capture.ready()

    def run(self, values: Sequence[Any]) -> None:
        """Do it again with other numbers."""
        self.capture.run(values)

    def memory(self) -> int:
        """Bytes that `begin` asks a GPU for."""
        return self.capture.rehearse(self._perform, self.script.fed).nbytes

    def outputs(self) -> list[np.ndarray]:
        """What the last step gave, until the next one."""
        return self.capture.read(self._outputs)

    @property
    def nbytes(self) -> int:
        """The memory that a step needs besides weights and batch."""
        return self.capture.nbytes

    def _perform(self, *inputs: Any) -> list[Any]:
        script = self.script
        last_reader = {value: call for call in script.calls for value in (*call.results, *call.reads)}
        kept = {*script.outputs, *script.constants, *script.fed}
        arrays = {**script.constants, **dict(zip(script.fed, map(self._cast, script.fed, inputs)))}
        for call in script.calls:
            for result, array in zip(call.results, self._results(call, arrays)):
                arrays[result] = array
            for value in {*call.reads, *call.results} - kept:
                if last_reader[value] is call:
                    del arrays[value]
        return [arrays[output] for output in script.outputs]

    def _cast(self, wanted: StandIn, array: Any) -> Any:
        if array.dtype == wanted.dtype:
            return array
        return self._target.offered["cast"](array, dtype=wanted.dtype.name)

    def _results(self, call: Call, arrays: dict[StandIn, Any]) -> Sequence[Any]:
        operands = [self._number(operand, arrays) for operand in call.operands]
        self.capture.begin_section()
        known = len(self.capture.numbers)
        results = self._target.offered[call.kernel](*operands, **call.options)
        if len(self.capture.numbers) > known:
            self.numbers[call] = self.capture.numbers[known]
        if results is None:
            return ()
        return results if isinstance(results, tuple) else (results,)

    def _number(self, operand: Any, arrays: dict[StandIn, Any]) -> Any:
        if isinstance(operand, (tuple, list)):
            return tuple(self._number(part, arrays) for part in operand)
        if isinstance(operand, (np.ndarray, np.generic)):
            return self.capture.constant(np.asarray(operand))
        return arrays[operand] if isinstance(operand, StandIn) else operand
