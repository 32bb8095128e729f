"""A script on real arrays: run once call by call, and from then on as one list of kernel launches.

Each result lives until the last call that reads it; then its memory is the next one's.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ..kernels import cpu
from ..kernels.contract import KERNELS
from ..kernels.cpu import fused
from ..kernels.cpu.capture import Capture
from ..kernels.fused import DEFINITIONS
from .recorder import Call, StandIn
from .steps import Script

#: the kernels that programs are made of: those of the contract, and the fused ones
OFFERED: dict[str, Callable[..., Any]] = {
    **{name: getattr(cpu, name) for name in KERNELS},
    **{name: getattr(fused, name) for name in DEFINITIONS if hasattr(fused, name)},
}


class Program:
    """The step that a script describes, done once while it is made.

    values   the numbers of script.fed, in this order
    """

    def __init__(self, script: Script, values: Sequence[np.ndarray]):
        self.script = script
        self.capture = Capture()
        self.numbers: dict[Call, np.ndarray] = {}  # that an update takes anew in every step
        self._inputs = [np.array(value, copy=True, order="C") for value in values]
        self._arrays: dict[StandIn, np.ndarray] = {**script.constants, **dict(zip(script.fed, self._inputs))}
        with self.capture:
            self._perform()
        self.outputs = [self._arrays[output] for output in script.outputs]
        del self._arrays

    def ready(self) -> bool:
        """Whether the numbers of the weights allow for the kernels that were chosen."""
        return self.capture.ready()

    def run(self, values: Sequence[np.ndarray]) -> None:
        """Do the step again with other numbers."""
        for place, value in zip(self._inputs, values):
            np.copyto(place, value)
        self.capture.run()

    @property
    def nbytes(self) -> int:
        """The memory that a step needs besides weights and batch."""
        return self.capture.nbytes

    def _perform(self) -> None:
        last_reader = {value: call for call in self.script.calls for value in (*call.results, *call.reads)}
        kept = {*self.script.outputs, *self.script.constants, *self.script.fed}
        for call in self.script.calls:
            for result, array in zip(call.results, self._results(call)):
                self._arrays[result] = array
            for value in {*call.reads, *call.results} - kept:
                if last_reader[value] is call:
                    del self._arrays[value]

    def _results(self, call: Call) -> Sequence[np.ndarray]:
        operands = [self._number(operand) for operand in call.operands]
        self.capture.begin_section()
        known = len(self.capture.numbers)
        results = OFFERED[call.kernel](*operands, **call.options)
        if len(self.capture.numbers) > known:
            self.numbers[call] = self.capture.numbers[known]
        if results is None:
            return ()
        return results if isinstance(results, tuple) else (results,)

    def _number(self, operand: Any) -> Any:
        if isinstance(operand, (tuple, list)):
            return tuple(self._number(part) for part in operand)
        return self._arrays[operand] if isinstance(operand, StandIn) else operand
