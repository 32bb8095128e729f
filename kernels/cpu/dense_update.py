"""An optimizer's step on the weights of a dense layer, while their gradients are still in the cache.

Where the input gradient is wanted, too, one pass over the weights gives both: some rows, as long as they are in the
cache, are first multiplied and then changed.
"""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np

from ..rates import adam_rates, rmsprop_rates, sgd_rates
from .capture import told
from .dense import dense_input_grad, dense_input_grad_relu, dense_weight_grad
from .dense_backward import NOTHING, begin, gradients_of, shared, suits
from .matmul import NARROW
from .memory import empty
from .optimizer import (
    adam_step,
    adamw_update,
    are_contiguous,
    rmsprop_step,
    rmsprop_update,
    sgd_step,
    sgd_update,
    state_or_none,
)
from .parallel import parallel, unpack


def dense_weight_grad_sgd_update(
    x: np.ndarray, dy: np.ndarray, w: np.ndarray, velocity: np.ndarray | None = None, **options: Any
) -> None:
    """optimizer.sgd_update with the gradient xᵀ·dy."""
    _SGD.update(x, dy, w, velocity, options=options)


def dense_weight_grad_rmsprop_update(
    x: np.ndarray,
    dy: np.ndarray,
    w: np.ndarray,
    mean_square: np.ndarray,
    mean_gradient: np.ndarray | None = None,
    velocity: np.ndarray | None = None,
    **options: Any,
) -> None:
    """optimizer.rmsprop_update with the gradient xᵀ·dy."""
    _RMSPROP.update(x, dy, w, mean_square, mean_gradient, velocity, options=options)


def dense_weight_grad_adamw_update(
    x: np.ndarray,
    dy: np.ndarray,
    w: np.ndarray,
    m: np.ndarray,
    v: np.ndarray,
    v_max: np.ndarray | None = None,
    **options: Any,
) -> None:
    """optimizer.adamw_update with the gradient xᵀ·dy."""
    _ADAM.update(x, dy, w, m, v, v_max, options=options)


def dense_backward_sgd_update(
    x: np.ndarray, dy: np.ndarray, w: np.ndarray, velocity: np.ndarray | None = None, *, relu: bool, **options: Any
) -> np.ndarray:
    """dx of the weights as they were, where x > 0 if x is a ReLU's output, and their update.

    >>> x, dy, w = (np.array([[number]], np.float32) for number in (2, 3, 5))
    >>> dense_backward_sgd_update(x, dy, w, relu=True, learning_rate=0.5)
    array([[15.]], dtype=float32)
    >>> w
    array([[2.]], dtype=float32)
    """
    return _SGD.backward(x, dy, w, velocity, relu=relu, options=options)


def dense_backward_rmsprop_update(
    x: np.ndarray,
    dy: np.ndarray,
    w: np.ndarray,
    mean_square: np.ndarray,
    mean_gradient: np.ndarray | None = None,
    velocity: np.ndarray | None = None,
    *,
    relu: bool,
    **options: Any,
) -> np.ndarray:
    """The same for RMSprop."""
    return _RMSPROP.backward(x, dy, w, mean_square, mean_gradient, velocity, relu=relu, options=options)


def dense_backward_adamw_update(
    x: np.ndarray,
    dy: np.ndarray,
    w: np.ndarray,
    m: np.ndarray,
    v: np.ndarray,
    v_max: np.ndarray | None = None,
    *,
    relu: bool,
    **options: Any,
) -> np.ndarray:
    """The same for AdamW."""
    return _ADAM.backward(x, dy, w, m, v, v_max, relu=relu, options=options)


class _Optimizer(NamedTuple):
    """An optimizer's kernels: for gradients in memory, and for those of some rows at a time, which take `rates`."""

    plain: Callable[..., None]
    by_rows: Callable[..., None]
    rates: Callable[..., np.ndarray]

    def update(
        self, x: np.ndarray, dy: np.ndarray, w: np.ndarray, *states: np.ndarray | None, options: dict[str, Any]
    ) -> None:
        """Update the weights."""
        if _goes_by_rows(x, dy, w, *states):
            self._launch(x, dy, NOTHING, NOTHING, w, states, options)
        else:
            self.plain(w, dense_weight_grad(x, dy), *states, **options)

    def backward(
        self,
        x: np.ndarray,
        dy: np.ndarray,
        w: np.ndarray,
        *states: np.ndarray | None,
        relu: bool,
        options: dict[str, Any],
    ) -> np.ndarray:
        """The input gradient, and the update."""
        if _goes_by_rows(x, dy, w, *states) and len(dy) > NARROW:
            dx = empty(x.shape)
            self._launch(x, dy, x if relu else NOTHING, dx, w, states, options)
        else:
            dx = dense_input_grad_relu(dy, w, x) if relu else dense_input_grad(dy, w)
            self.update(x, dy, w, *states, options=options)
        return dx

    def _launch(
        self,
        x: np.ndarray,
        dy: np.ndarray,
        y: np.ndarray,
        dx: np.ndarray,
        w: np.ndarray,
        states: Sequence[np.ndarray | None],
        options: dict[str, Any],
    ) -> None:
        workers, memory = shared(x, dy)
        self.by_rows(workers, x, dy, y, dx, w, *map(state_or_none, states), told(self.rates(**options)), memory)


def _goes_by_rows(x: np.ndarray, dy: np.ndarray, *changed: np.ndarray | None) -> bool:
    """Whether the weights are stepped through row by row of them."""
    return are_contiguous(*changed) and suits(x.shape[1], *dy.shape)


@parallel("f4[:, ::1], f4[:, ::1], f4[:, ::1], f4[:, ::1], f4[::1], f4[::1], f8[::1], f4[:, ::1]")
def _sgd(worker, workers, arguments):
    x, dy, y, dx, w, u, rates, memory = unpack(arguments)
    task, first, last, some = begin(x, dy, y, dx, memory[worker], worker, workers)
    for row in range(first, last, some):
        g, at, end = gradients_of(task, row, min(row + some, last), w, u, w[:0])
        sgd_step(w[at:end], g[: end - at], u[at:end], rates)


@parallel("f4[:, ::1], f4[:, ::1], f4[:, ::1], f4[:, ::1], f4[::1], f4[::1], f4[::1], f4[::1], f8[::1], f4[:, ::1]")
def _rmsprop(worker, workers, arguments):
    x, dy, y, dx, w, s, a, u, rates, memory = unpack(arguments)
    task, first, last, some = begin(x, dy, y, dx, memory[worker], worker, workers)
    for row in range(first, last, some):
        g, at, end = gradients_of(task, row, min(row + some, last), w, s, u)
        rmsprop_step(w[at:end], g[: end - at], s[at:end], a[at:end], u[at:end], rates)


@parallel("f4[:, ::1], f4[:, ::1], f4[:, ::1], f4[:, ::1], f4[::1], f4[::1], f4[::1], f4[::1], f8[::1], f4[:, ::1]")
def _adam(worker, workers, arguments):
    x, dy, y, dx, w, m, v, v_max, rates, memory = unpack(arguments)
    task, first, last, some = begin(x, dy, y, dx, memory[worker], worker, workers)
    for row in range(first, last, some):
        g, at, end = gradients_of(task, row, min(row + some, last), w, m, v)
        adam_step(w[at:end], g[: end - at], m[at:end], v[at:end], v_max[at:end], rates)


_SGD = _Optimizer(sgd_update, _sgd, sgd_rates)
_RMSPROP = _Optimizer(rmsprop_update, _rmsprop, rmsprop_rates)
_ADAM = _Optimizer(adamw_update, _adam, adam_rates)
