"""An optimizer's step on the weights of a dense layer, whose gradients never reach memory: dense_update.cu.

Where they are sums of parts, as those of few weights and many samples are, the step is one of its own.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from ..rates import adam_rates, rmsprop_rates, sgd_rates
from .capture import told
from .dense import Product, dense_input_grad, dense_input_grad_relu, dense_weight_grad
from .gemm import cut, has_vectors, kernels
from .launch import Kernel
from .machine import Array
from .memory import contiguous, in_place
from .optimizer import adamw_update, rmsprop_update, sgd_update


def dense_weight_grad_sgd_update(x: Array, dy: Array, w: Array, velocity: Array | None = None, **options: Any) -> None:
    """optimizer.sgd_update with the gradient xᵀ·dy."""
    _SGD.update(x, dy, w, velocity, options=options)


def dense_weight_grad_rmsprop_update(
    x: Array,
    dy: Array,
    w: Array,
    mean_square: Array,
    mean_gradient: Array | None = None,
    velocity: Array | None = None,
    **options: Any,
) -> None:
    """optimizer.rmsprop_update with the gradient xᵀ·dy."""
    _RMSPROP.update(x, dy, w, mean_square, mean_gradient, velocity, options=options)


def dense_weight_grad_adamw_update(
    x: Array, dy: Array, w: Array, m: Array, v: Array, v_max: Array | None = None, **options: Any
) -> None:
    """optimizer.adamw_update with the gradient xᵀ·dy."""
    _ADAM.update(x, dy, w, m, v, v_max, options=options)


def dense_backward_sgd_update(
    x: Array, dy: Array, w: Array, velocity: Array | None = None, *, relu: bool, **options: Any
) -> Array:
    """dx of the weights as they were, where x > 0 if x is a ReLU's output, and their update."""
    dx = _input_grad(x, dy, w, relu)
    dense_weight_grad_sgd_update(x, dy, w, velocity, **options)
    return dx


def dense_backward_rmsprop_update(
    x: Array, dy: Array, w: Array, *states: Array | None, relu: bool, **options: Any
) -> Array:
    """The same for RMSprop."""
    dx = _input_grad(x, dy, w, relu)
    dense_weight_grad_rmsprop_update(x, dy, w, *states, **options)
    return dx


def dense_backward_adamw_update(
    x: Array, dy: Array, w: Array, *states: Array | None, relu: bool, **options: Any
) -> Array:
    """The same for AdamW."""
    dx = _input_grad(x, dy, w, relu)
    dense_weight_grad_adamw_update(x, dy, w, *states, **options)
    return dx


def _input_grad(x: Array, dy: Array, w: Array, relu: bool) -> Array:
    return dense_input_grad_relu(dy, w, x) if relu else dense_input_grad(dy, w)


class _Optimizer(NamedTuple):
    """Kernels by tile, what they are told of the options, and the step on gradients in memory."""

    kernels: dict[str, Kernel]
    rates: Callable[..., np.ndarray]
    plain: Callable[..., None]

    def update(self, x: Array, dy: Array, w: Array, *states: Array | None, options: dict[str, Any]) -> None:
        channels, units = w.shape
        how = cut(channels, units, len(x))
        if how.parts > 1:
            return self.plain(w, dense_weight_grad(x, dy), *states, **options)
        x, dy, rates = contiguous(x), contiguous(dy), told(self.rates(**options))
        product = Product(
            channels, units, len(x), how.depth, has_vectors(x.shape[1], x), has_vectors(dy.shape[1], dy), False
        )
        with in_place(w, *states) as arrays:
            how.start(self.kernels, (how.tiles, 1, 1), x, dy, *arrays, rates, product)
        return None


_SGD = _Optimizer(kernels("dense_update", "sgd<{}>"), sgd_rates, sgd_update)
_RMSPROP = _Optimizer(kernels("dense_update", "rmsprop<{}>"), rmsprop_rates, rmsprop_update)
_ADAM = _Optimizer(kernels("dense_update", "adam<{}>"), adam_rates, adamw_update)
