"""Run a case of `minicnn.ops` with minicnn."""

from collections.abc import Callable

import numpy as np

from minicnn import Tensor, device, ops

from .case import Case, Results


class MiniCNN:
    """minicnn's ops on one device in one dtype."""

    def __init__(self, kernels: str, dtype: str):
        self.kernels, self.dtype = kernels, np.dtype(dtype)

    def run(self, case: Case, inputs: dict[str, np.ndarray], upstream: Callable) -> Results:
        arguments = {
            name: self._tensor(array) if case.inputs[name].differentiable else self._cast(array)
            for name, array in inputs.items()
        }
        with device(self.kernels):
            outputs = _call(case.op, list(arguments.values()), case.options)
            y, *others = outputs if isinstance(outputs, tuple) else (outputs,)
            y.backward(upstream(y.shape))
        results = {"y": y.data} | {f"y{i}": array for i, array in enumerate(others, 1)}
        gradients = {f"d {name}": t.grad for name, t in arguments.items() if isinstance(t, Tensor)}
        for name, array in (results | gradients).items():
            assert array.dtype == self.dtype, f"{name} is {array.dtype}"
        return results | gradients

    def _tensor(self, array: np.ndarray) -> Tensor:
        return Tensor(self._cast(array), requires_grad=True)

    def _cast(self, array: np.ndarray) -> np.ndarray:
        return array.astype(self.dtype) if array.dtype.kind == "f" else array


def _call(op: str, arguments: list, options: dict) -> Tensor | tuple:
    if op == "concatenate":
        return ops.concatenate(arguments, **options)
    return getattr(ops, op)(*arguments, **options)
