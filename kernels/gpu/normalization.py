"""Batch normalisation: normalization.cu, three launches forward and three backward."""

import numpy as np

from .columns import Columns
from .launch import THREADS, Kernel, blocks
from .machine import Array
from .memory import contiguous, empty, in_place
from .vectors import WIDTHS, width

_MOMENTS, _PRODUCTS = 16, 8  # bytes of these structs


def _of_each_width(name: str) -> dict[int, Kernel]:
    return {width: Kernel("normalization", f"{name}<{width}>") for width in WIDTHS}


_moments, _statistics = _of_each_width("moments"), Kernel("normalization", "statistics")
_products, _parameter_grads = _of_each_width("products"), Kernel("normalization", "parameter_grads")
_normalize, _moving_average = _of_each_width("normalize"), Kernel("normalization", "moving_average")
_input_grad, _inference_input_grad = _of_each_width("input_grad"), _of_each_width("inference_input_grad")


def batch_norm(x: Array, gamma: Array, beta: Array, *, epsilon: float) -> tuple[Array, Array, Array]:
    """y = γ·x̂ + β, with μ and v of this batch."""
    x = contiguous(x)
    mean, variance = empty(gamma.shape), empty(gamma.shape)
    columns = _columns(x)
    parts = _empty_parts(columns, _MOMENTS)
    sizes = columns.rows, columns.channels
    _moments[columns.width](columns.grid, columns.block, x, parts, *sizes, shared=columns.shared(_MOMENTS))
    total = _total(columns)
    _statistics(
        total.grid, total.block, parts, mean, variance, columns.parts, columns.channels, shared=total.shared(_MOMENTS)
    )
    return batch_norm_inference(x, gamma, beta, mean, variance, epsilon=epsilon), mean, variance


def batch_norm_grad(
    dy: Array, x: Array, gamma: Array, mean: Array, variance: Array, *, epsilon: float
) -> tuple[Array, Array, Array]:
    """dx = γ / √(v + ε) · (dy − dβ/M − x̂·dγ/M)."""
    dy, x, gamma, mean, variance = map(contiguous, (dy, x, gamma, mean, variance))
    dgamma, dbeta = _grads_of_parameters(dy, x, mean, variance, epsilon)
    return _over_rows(_input_grad, dy, x, gamma, mean, variance, dgamma, dbeta, epsilon=epsilon), dgamma, dbeta


def batch_norm_inference(x: Array, gamma: Array, beta: Array, mean: Array, variance: Array, *, epsilon: float) -> Array:
    """y = γ·x̂ + β with given statistics."""
    return _over_rows(_normalize, *map(contiguous, (x, gamma, beta, mean, variance)), epsilon=epsilon)


def batch_norm_inference_grad(
    dy: Array, x: Array, gamma: Array, mean: Array, variance: Array, *, epsilon: float
) -> tuple[Array, Array, Array]:
    """dx = dy · γ / √(v + ε)."""
    dy, x, gamma, mean, variance = map(contiguous, (dy, x, gamma, mean, variance))
    dgamma, dbeta = _grads_of_parameters(dy, x, mean, variance, epsilon)
    return _over_rows(_inference_input_grad, dy, gamma, variance, epsilon=epsilon), dgamma, dbeta


def update_moving_average(moving: Array, value: Array, *, momentum: float) -> None:
    """moving ← momentum·moving + (1 − momentum)·value."""
    rates = float(momentum), 1 - float(momentum)
    with in_place(moving) as (average,):
        _moving_average(blocks(moving.size), THREADS, average, contiguous(value), moving.size, *rates)


def _grads_of_parameters(dy: Array, x: Array, mean: Array, variance: Array, epsilon: float) -> tuple[Array, Array]:
    """dγ = Σ dy·x̂ and dβ = Σ dy."""
    dgamma, dbeta = empty(mean.shape), empty(mean.shape)
    columns = _columns(dy, x, mean)
    parts = _empty_parts(columns, _PRODUCTS)
    sizes = columns.rows, columns.channels
    _products[columns.width](columns.grid, columns.block, dy, x, mean, parts, *sizes, shared=columns.shared(_PRODUCTS))
    total, results = _total(columns), (dgamma, dbeta, columns.parts, columns.channels, float(epsilon))
    _parameter_grads(total.grid, total.block, parts, variance, *results, shared=total.shared(_PRODUCTS))
    return dgamma, dbeta


def _over_rows(kernels: dict[int, Kernel], *arrays: Array, epsilon: float) -> Array:
    """y like the first array: kernel(arrays…, y, rows, channels, ε)."""
    y = empty(arrays[0].shape)
    columns = _columns(*arrays, y)
    sizes = columns.rows, columns.channels
    kernels[columns.width](columns.grid, columns.block, *arrays, y, *sizes, float(epsilon))
    return y


def _columns(x: Array, *others: Array) -> Columns:
    channels = x.shape[-1]
    return Columns(x.size // channels, channels, width(channels, x, *others))


def _empty_parts(columns: Columns, nbytes: int) -> Array:
    """Room for what each block finds out about its rows."""
    return empty((columns.parts, columns.channels, nbytes // 8), np.float64)


def _total(columns: Columns) -> Columns:
    """Blocks that put the parts together: one row of them."""
    return Columns(1, columns.channels, 1)
