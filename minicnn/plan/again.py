"""The numbers of the next update: learning rates and what depends on the count of steps."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ..kernels.rates import RATES
from .recorder import Call


class ChangedUpdate(Exception):
    """The optimizer no longer calls what was recorded."""


class Again:
    """A kernel namespace for an optimizer whose calls are known: only their numbers are taken.

    calls     the recorded updates, in order
    numbers   the array of each from which its launch takes them
    """

    def __init__(self, calls: Sequence[Call], numbers: Sequence[np.ndarray]):
        self._updates = list(zip(calls, numbers))
        self._next = 0

    def begin(self) -> None:
        """Begin a step."""
        self._next = 0

    def within(self, layer: str | None) -> Again:
        """The namespace for any layer: this one."""
        return self

    def __getattr__(self, kernel: str) -> Callable[..., Any]:
        if kernel not in RATES:
            return lambda *operands, **_: operands[0]  # clipping: as recorded
        rates: Any = RATES[kernel]
        last: list[Any] = [None, None]  # most variables of a step have the same options

        def update(*operands: Any, **options: Any) -> None:
            if self._next == len(self._updates):
                raise ChangedUpdate
            call, numbers = self._updates[self._next]
            if call.kernel != kernel or len(call.operands) != len(operands):
                raise ChangedUpdate
            if last[0] != options:
                last[:] = options, rates(**options)
            numbers[...] = last[1]
            self._next += 1

        self.__dict__[kernel] = update
        return update
