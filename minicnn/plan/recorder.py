"""The recorder: one more implementation of the kernel contract, which computes nothing and writes the calls down.

Layers, losses and optimizers run on stand-ins as they do on arrays, and what they call is the script of the step.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, NoReturn

import numpy as np

from ..device import kernels_for
from ..kernels.contract import KERNELS, ArraySpec
from ..layers.layer import layer_being_called
from ..variable import Variable


class CannotRecord(Exception):
    """The step depends on numbers, not on shapes alone."""


class StandIn:
    """An array of the step: its shape and dtype, and whose calls it may be used in."""

    def __init__(self, shape: tuple[int, ...], dtype: Any, recorder: Any):
        self.shape, self.dtype = tuple(shape), np.dtype(dtype)
        self._recorder = recorder

    @property
    def recorder(self) -> Any:
        """The kernel namespace for this array, which knows the layer that is being called now."""
        return self._recorder.within(layer_being_called())

    @recorder.setter
    def recorder(self, recorder: Any) -> None:
        self._recorder = recorder

    @property
    def ndim(self) -> int:
        return len(self.shape)

    @property
    def size(self) -> int:
        return int(np.prod(self.shape, dtype=np.int64))

    @property
    def nbytes(self) -> int:
        return self.size * self.dtype.itemsize

    def astype(self, dtype: Any) -> StandIn:
        return self.recorder.cast(self, dtype=np.dtype(dtype).name)

    def __add__(self, other: Any) -> StandIn:
        return self.recorder.add(self, other)

    def __repr__(self) -> str:
        return f"StandIn({self.shape}, {self.dtype})"

    def _has_no_numbers(self, *_: Any, **__: Any) -> NoReturn:
        raise CannotRecord("it looks at the numbers of a tensor, not only at its shape")

    __array__ = __bool__ = __float__ = __int__ = __len__ = __iter__ = __getitem__ = _has_no_numbers
    item = tolist = copy = sum = mean = max = min = argmax = any = all = _has_no_numbers


@dataclass(eq=False)
class Call:
    """One call of a kernel: stand-ins and arrays in, stand-ins out."""

    kernel: str
    operands: tuple[Any, ...]
    options: dict[str, Any]
    results: tuple[StandIn, ...]
    layer: str | None = None  # the name of the layer whose forward or backward pass this is
    replaces: tuple[str, ...] = field(default=())  # the kernels that were fused into this one

    @property
    def reads(self) -> list[StandIn]:
        """The stand-ins among the operands."""
        return [value for value in flat(self.operands) if isinstance(value, StandIn)]


@dataclass(eq=False)
class ArrayCall:
    """One call of a function of NumPy arrays, which is no kernel: it runs before the program."""

    function: Callable[[np.ndarray], np.ndarray]
    operand: StandIn
    result: StandIn
    layer: str | None

    @property
    def results(self) -> tuple[StandIn, ...]:
        return (self.result,)


class Recorder:
    """What was called so far, in order, and the stand-ins for the variables."""

    def __init__(self) -> None:
        self.calls: list[Call] = []
        self.before: list[Call | ArrayCall] = []  # what is done before the program runs
        self.constants: dict[StandIn, np.ndarray] = {}

    def within(self, layer: str | None) -> Recording:
        """The kernel namespace of a layer."""
        return Recording(self, layer)

    def input(self, array: Any) -> StandIn:
        """A stand-in for what is different in every step."""
        return StandIn(array.shape, array.dtype, self)

    def on_arrays(
        self, function: Callable[[np.ndarray], np.ndarray], value: StandIn, shape: tuple[int, ...], layer: str | None
    ) -> StandIn:
        """Write a function of an array down, to be called before the program with all that its operand depends on."""
        needed = self._calls_for(value, layer)
        self.before += [call for call in self.calls if call in needed]
        self.calls = [call for call in self.calls if call not in needed]
        result = StandIn(shape, value.dtype, self)
        self.before.append(ArrayCall(function, value, result, layer))
        return result

    def _calls_for(self, value: StandIn, layer: str | None) -> set[Call]:
        """The calls that a value depends on. Raises CannotRecord if weights are among what they read."""
        makers = {result: call for call in self.calls for result in call.results}
        needed: set[Call] = set()
        pending = [value]
        while pending:
            wanted = pending.pop()
            if wanted in self.constants:
                raise CannotRecord(f"layer {layer!r} works on arrays and stands behind layers with weights")
            if wanted in makers and makers[wanted] not in needed:
                needed.add(makers[wanted])
                pending += makers[wanted].reads
        return needed

    @contextlib.contextmanager
    def holding(self, variables: Iterable[Variable]) -> Iterator[None]:
        """Let stand-ins take the place of the variables' numbers."""
        kept = [(variable, variable.data, variable.grad) for variable in variables]
        try:
            for variable, data, _ in kept:
                variable.data, variable.grad = self.input(data), None
                self.constants[variable.data] = data
            yield
        finally:
            for variable, data, grad in kept:
                variable.data, variable.grad = data, grad


class Recording:
    """A kernel namespace. An operation keeps the one of its forward pass for the backward pass."""

    def __init__(self, recorder: Recorder, layer: str | None):
        self._recorder, self._layer = recorder, layer

    def __getattr__(self, kernel: str) -> Callable[..., Any]:
        if kernel not in KERNELS:
            raise AttributeError(f"the kernel contract has no {kernel!r}")
        contract = KERNELS[kernel]

        def record(*operands: Any, **options: Any) -> Any:
            if not any(isinstance(value, StandIn) for value in flat(operands)):
                return getattr(kernels_for(flat(operands)), kernel)(*operands, **options)  # the same in every step
            specs = contract(*operands, **options)
            alone = specs is None or isinstance(specs, ArraySpec)
            made = [specs] if alone else specs
            results = tuple(StandIn(spec.shape, spec.dtype, self._recorder) for spec in made if spec is not None)
            self._recorder.calls.append(Call(kernel, operands, options, results, self._layer))
            return (results or [None])[0] if alone else results

        return record

    def on_arrays(
        self, function: Callable[[np.ndarray], np.ndarray], value: StandIn, shape: tuple[int, ...]
    ) -> StandIn:
        """A stand-in for what a function of NumPy arrays, which is no kernel, makes of an array."""
        return self._recorder.on_arrays(function, value, shape, self._layer)


def flat(operands: Iterable[Any]) -> list[Any]:
    """The operands, with those in a tuple of their own (of `concatenate`) among them."""
    return [value for operand in operands for value in (operand if isinstance(operand, (tuple, list)) else [operand])]
