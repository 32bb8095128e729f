"""An optimizer's step on the weights of a dense layer, while their gradients are still in the cache."""

from typing import Any

import numpy as np

from .capture import told
from .dense import dense_weight_grad
from .dense_backward import begin, gradients_of, shared, suits
from .optimizer import (
    adam_rates,
    adam_step,
    adamw_update,
    are_contiguous,
    rmsprop_rates,
    rmsprop_step,
    rmsprop_update,
    sgd_rates,
    sgd_step,
    sgd_update,
    state_or_none,
)
from .parallel import parallel, unpack


def dense_weight_grad_sgd_update(
    x: np.ndarray, dy: np.ndarray, w: np.ndarray, velocity: np.ndarray | None = None, **options: Any
) -> None:
    """optimizer.sgd_update with the gradient xᵀ·dy."""
    if not _in_place(x, dy, w, velocity):
        return sgd_update(w, dense_weight_grad(x, dy), velocity, **options)
    workers, memory = shared(x, dy)
    rates = told(sgd_rates(**options))
    return _sgd(workers, x, dy, w, state_or_none(velocity), rates, memory)


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
    if not _in_place(x, dy, w, mean_square, mean_gradient, velocity):
        return rmsprop_update(w, dense_weight_grad(x, dy), mean_square, mean_gradient, velocity, **options)
    workers, memory = shared(x, dy)
    states = mean_square, state_or_none(mean_gradient), state_or_none(velocity)
    return _rmsprop(workers, x, dy, w, *states, told(rmsprop_rates(**options)), memory)


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
    if not _in_place(x, dy, w, m, v, v_max):
        return adamw_update(w, dense_weight_grad(x, dy), m, v, v_max, **options)
    workers, memory = shared(x, dy)
    rates = told(adam_rates(**options))
    return _adam(workers, x, dy, w, m, v, state_or_none(v_max), rates, memory)


def _in_place(x: np.ndarray, dy: np.ndarray, *changed: np.ndarray | None) -> bool:
    """Whether the weights are stepped through row by row of them."""
    return are_contiguous(*changed) and suits(x.shape[1], *dy.shape)


@parallel("f4[:, ::1], f4[:, ::1], f4[::1], f4[::1], f8[::1], f4[:, ::1]")
def _sgd(worker, workers, arguments):
    x, dy, w, u, rates, memory = unpack(arguments)
    parts, first, last, some = begin(x, dy, memory[worker], worker, workers)
    for row in range(first, last, some):
        g, at, end = gradients_of(x, row, min(row + some, last), dy.shape[1], parts, w, u, w[:0])
        sgd_step(w[at:end], g[: end - at], u[at:end], rates)


@parallel("f4[:, ::1], f4[:, ::1], f4[::1], f4[::1], f4[::1], f4[::1], f8[::1], f4[:, ::1]")
def _rmsprop(worker, workers, arguments):
    x, dy, w, s, a, u, rates, memory = unpack(arguments)
    parts, first, last, some = begin(x, dy, memory[worker], worker, workers)
    for row in range(first, last, some):
        g, at, end = gradients_of(x, row, min(row + some, last), dy.shape[1], parts, w, s, u)
        rmsprop_step(w[at:end], g[: end - at], s[at:end], a[at:end], u[at:end], rates)


@parallel("f4[:, ::1], f4[:, ::1], f4[::1], f4[::1], f4[::1], f4[::1], f8[::1], f4[:, ::1]")
def _adam(worker, workers, arguments):
    x, dy, w, m, v, v_max, rates, memory = unpack(arguments)
    parts, first, last, some = begin(x, dy, memory[worker], worker, workers)
    for row in range(first, last, some):
        g, at, end = gradients_of(x, row, min(row + some, last), dy.shape[1], parts, w, m, v)
        adam_step(w[at:end], g[: end - at], m[at:end], v[at:end], v_max[at:end], rates)
