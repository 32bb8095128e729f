"""What happens to the arrays of a batch before a plan's first kernel: functions of NumPy arrays, such as augmentation.

A preprocessing layer draws numbers anew in every step and works on arrays, so its work is no part of a program. It is
written down here, with the kernel calls before it (a Rescaling, say), and done before the program runs.
"""

from __future__ import annotations

import time
from typing import Any

import numpy as np

from ..device import kernels_on_host
from .recorder import ArrayCall, Call, StandIn


class Prelude:
    """Calls of kernels and of functions of arrays, in order.

    inputs      what a batch brings
    outputs     what the program is fed with
    """

    def __init__(self, inputs: list[StandIn], steps: list[Call | ArrayCall], outputs: list[StandIn]):
        self.inputs, self.steps, self.outputs = inputs, steps, outputs

    def run(self, arrays: list[np.ndarray]) -> list[np.ndarray]:
        """The arrays for the program. What is random in it is drawn anew."""
        return self.timed(arrays)[0]

    def timed(self, arrays: list[np.ndarray]) -> tuple[list[np.ndarray], list[float]]:
        """The same, and how many seconds each step took."""
        known: dict[StandIn, np.ndarray] = dict(zip(self.inputs, arrays))
        times = []
        for step in self.steps:
            start = time.perf_counter()
            known.update(_results(step, known))
            times.append(time.perf_counter() - start)
        return [known[output] for output in self.outputs], times


def _results(step: Call | ArrayCall, known: dict[StandIn, np.ndarray]) -> dict[StandIn, np.ndarray]:
    if isinstance(step, ArrayCall):
        return {step.result: step.function(known[step.operand])}

    def number(operand: Any) -> Any:
        if isinstance(operand, (tuple, list)):
            return tuple(number(part) for part in operand)
        return known[operand] if isinstance(operand, StandIn) else operand

    results = getattr(kernels_on_host(), step.kernel)(*map(number, step.operands), **step.options)
    return dict(zip(step.results, results if isinstance(results, tuple) else (results,)))
