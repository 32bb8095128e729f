"""`minicnn.ops` under the arguments and options of their kernels."""

import functools
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from .. import ops
from ..device import device
from ..tensor import Tensor, no_grad
from .case import arrays_in, each_array


@dataclass(frozen=True)
class Operation:
    """How to call an operation.

    apply       function of tensors and the kernel's options
    kernel      whose arguments and options it takes
    constants   places of arguments that have no gradient
    positive    whether its arguments must be positive and away from 0, for the slope to be moderate
    """

    apply: Callable[..., Tensor]
    kernel: str
    constants: tuple[int, ...] = ()
    positive: bool = False

    def differentiable(self, args: list[Any]) -> list[int]:
        """Places of the arguments that have a gradient."""
        return [i for i, arg in enumerate(args) if arg is not None and i not in self.constants]

    def value(self, args: list[Any], options: dict[str, Any], name: str) -> np.ndarray:
        """The result on one backend."""
        with device(name), no_grad():
            return self.apply(*[each_array(Tensor, arg) for arg in args], **options).data

    def gradients(
        self, args: list[Any], options: dict[str, Any], u: np.ndarray, name: str
    ) -> tuple[np.ndarray, list[np.ndarray]]:
        """The result on one backend, and the gradients of the differentiable arguments for upstream u."""
        places = self.differentiable(args)
        tensors: list[Any] = [
            each_array(functools.partial(Tensor, requires_grad=i in places), arg) for i, arg in enumerate(args)
        ]
        with device(name):
            y = self.apply(*tensors, **options)
            y.backward(u)
        watched: list[Any] = arrays_in([tensors[i] for i in places])
        return y.data, [tensor.grad for tensor in watched]


def _conv2d(x: Tensor, w: Tensor, b: Tensor | None, *, strides: Any, pads: Any, dilation: Any, groups: int) -> Tensor:
    return ops.conv2d(x, w, b, strides=strides, padding=pads, dilation_rate=dilation, groups=groups)


def _max_pool2d(x: Tensor, *, pool_size: Any, strides: Any, pads: Any) -> Tensor:
    return ops.max_pool2d(x, pool_size, strides, pads)


def _avg_pool2d(x: Tensor, *, pool_size: Any, strides: Any, pads: Any) -> Tensor:
    return ops.avg_pool2d(x, pool_size, strides, pads)


def _batch_norm(x: Tensor, gamma: Tensor, beta: Tensor, *, epsilon: float) -> Tensor:
    return ops.batch_norm(x, gamma, beta, epsilon)[0]


def _batch_norm_inference(
    x: Tensor, gamma: Tensor, beta: Tensor, mean: Any, variance: Any, *, epsilon: float
) -> Tensor:
    return ops.batch_norm_inference(x, gamma, beta, mean, variance, epsilon)


def _softmax_cross_entropy(logits: Tensor, targets: Tensor) -> Tensor:
    return ops.softmax_cross_entropy(logits, targets.data, reduction="none")


def _sigmoid_cross_entropy(logits: Tensor, targets: Tensor) -> Tensor:
    return ops.sigmoid_cross_entropy(logits, targets.data, reduction="none")


_UNLIKE_THEIR_KERNELS = {
    "conv2d": Operation(_conv2d, "conv2d"),
    "max_pool2d": Operation(_max_pool2d, "max_pool2d"),
    "avg_pool2d": Operation(_avg_pool2d, "avg_pool2d"),
    "batch_norm": Operation(_batch_norm, "batch_norm"),
    "batch_norm_inference": Operation(_batch_norm_inference, "batch_norm_inference", constants=(3, 4)),
    "softmax_cross_entropy": Operation(_softmax_cross_entropy, "softmax_cross_entropy", constants=(1,)),
    "sparse_softmax_cross_entropy": Operation(_softmax_cross_entropy, "sparse_softmax_cross_entropy", constants=(1,)),
    "sigmoid_cross_entropy": Operation(_sigmoid_cross_entropy, "sigmoid_cross_entropy", constants=(1,)),
    "mean": Operation(ops.mean, "sum"),
    "divide": Operation(ops.divide, "divide", positive=True),
    "log": Operation(ops.log, "log", positive=True),
    "power": Operation(ops.power, "power", positive=True),
}

#: name → every differentiable operation; its gradient is checked under this name
OPERATIONS = _UNLIKE_THEIR_KERNELS | {
    name: Operation(getattr(ops, name), name) for name in ops.__all__ if name not in (*_UNLIKE_THEIR_KERNELS, "Op")
}
