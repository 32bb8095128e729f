"""Activation functions and their gradients, one pass over the numbers each."""

import math
from collections.abc import Callable

import numpy as np

from .compile import compiled
from .exponential import exp, hyperbolic_tangent
from .matmul import dot
from .memory import empty
from .parallel import parallel, share, unpack, workers_for
from .simd import LANES, get, largest, load, maximum
from .sums import row_sum


def relu(x: np.ndarray) -> np.ndarray:
    """y = max(x, 0).

    >>> relu(np.array([-1, 2, np.nan], np.float32))
    array([ 0.,  2., nan], dtype=float32)
    """
    return _each(_relu, x)


def relu_grad(dy: np.ndarray, y: np.ndarray) -> np.ndarray:
    """dx = dy where y > 0, else 0."""
    return _each(_relu_grad, dy, y)


def leaky_relu(x: np.ndarray, *, negative_slope: float, threshold: float = 0.0) -> np.ndarray:
    """y = x where x ≥ θ, else α·(x − θ).

    >>> leaky_relu(np.array([-1, 2], np.float32), negative_slope=0.5)
    array([-0.5,  2. ], dtype=float32)
    """
    return _each(_leaky_relu, x, options=(negative_slope, threshold))


def leaky_relu_grad(dy: np.ndarray, x: np.ndarray, *, negative_slope: float, threshold: float = 0.0) -> np.ndarray:
    """dx = dy where x > θ, else α·dy."""
    return _each(_leaky_relu_grad, dy, x, options=(negative_slope, threshold))


def clip(x: np.ndarray, *, low: float, high: float) -> np.ndarray:
    """y = min(max(x, low), high)."""
    return _each(_clip, x, options=(low, high))


def clip_grad(dy: np.ndarray, x: np.ndarray, *, low: float, high: float) -> np.ndarray:
    """dx = dy where low ≤ x ≤ high, else 0."""
    return _each(_clip_grad, dy, x, options=(low, high))


def sigmoid(x: np.ndarray) -> np.ndarray:
    """y = 1 / (1 + e⁻ˣ).

    >>> sigmoid(np.array([-1e4, 0.0, 1e4], np.float32))
    array([0. , 0.5, 1. ], dtype=float32)
    """
    return _each(_sigmoid, x)


def sigmoid_grad(dy: np.ndarray, y: np.ndarray) -> np.ndarray:
    """dx = dy · y · (1 − y)."""
    return _each(_sigmoid_grad, dy, y)


def tanh(x: np.ndarray) -> np.ndarray:
    """y = (eˣ − e⁻ˣ) / (eˣ + e⁻ˣ).

    >>> tanh(np.array([-1e4, 0.0, 1e4], np.float32))
    array([-1.,  0.,  1.], dtype=float32)
    """
    return _each(_tanh, x)


def tanh_grad(dy: np.ndarray, y: np.ndarray) -> np.ndarray:
    """dx = dy · (1 − y²)."""
    return _each(_tanh_grad, dy, y)


def softmax(x: np.ndarray) -> np.ndarray:
    """y = e^(x − m) / Σ e^(x − m), m the row's maximum.

    >>> softmax(np.array([1e4, 1e4], np.float32))
    array([0.5, 0.5], dtype=float32)
    """
    return _each_row(_softmax, x)


def softmax_grad(dy: np.ndarray, y: np.ndarray) -> np.ndarray:
    """dx = y · (dy − Σ dy·y)."""
    return _each_row(_softmax_grad, dy, y)


def log_softmax(x: np.ndarray) -> np.ndarray:
    """y = (x − m) − log Σ e^(x − m), m the row's maximum."""
    return _each_row(_log_softmax, x)


def log_softmax_grad(dy: np.ndarray, y: np.ndarray) -> np.ndarray:
    """dx = dy − e^y · Σ dy."""
    return _each_row(_log_softmax_grad, dy, y)


def _each(kernel: Callable, *arrays: np.ndarray, options: tuple[float, ...] = ()) -> np.ndarray:
    """The result of a kernel that treats every number by itself."""
    out = empty(arrays[0].shape)
    kernel(workers_for(out.size), *arrays, out, *options)
    return out


def _each_row(kernel: Callable, *arrays: np.ndarray) -> np.ndarray:
    """The result of a kernel that treats every row along the last axis by itself."""
    out = empty(arrays[0].shape)
    shape = (-1, arrays[0].shape[-1])
    kernel(workers_for(8 * out.size), *[array.reshape(shape) for array in arrays], out.reshape(shape))
    return out


@parallel("f4[::1], f4[::1]")
def _relu(worker, workers, arguments):
    x, y = unpack(arguments)
    x, y = share(x, worker, workers), share(y, worker, workers)
    for i in range(len(x)):
        value = x[i]
        y[i] = np.float32(0) if value <= 0 else value


@parallel("f4[::1], f4[::1], f4[::1]")
def _relu_grad(worker, workers, arguments):
    dy, y, dx = unpack(arguments)
    dy, y, dx = share(dy, worker, workers), share(y, worker, workers), share(dx, worker, workers)
    for i in range(len(dx)):
        dx[i] = _passed(y[i] > 0, dy[i], np.float32(0), y[i])


@parallel("f4[::1], f4[::1], f8, f8")
def _leaky_relu(worker, workers, arguments):
    x, y, negative_slope, threshold = unpack(arguments)
    slope, corner = np.float32(negative_slope), np.float32(threshold)
    x, y = share(x, worker, workers), share(y, worker, workers)
    for i in range(len(x)):
        value = x[i]
        below = slope * (value - corner)
        y[i] = value if value >= corner else below


@parallel("f4[::1], f4[::1], f4[::1], f8, f8")
def _leaky_relu_grad(worker, workers, arguments):
    dy, x, dx, negative_slope, threshold = unpack(arguments)
    slope, corner = np.float32(negative_slope), np.float32(threshold)
    dy, x, dx = share(dy, worker, workers), share(x, worker, workers), share(dx, worker, workers)
    for i in range(len(dx)):
        dx[i] = _passed(x[i] > corner, dy[i], slope * dy[i], x[i])


@parallel("f4[::1], f4[::1], f8, f8")
def _clip(worker, workers, arguments):
    x, y, low, high = unpack(arguments)
    bottom, top = np.float32(low), np.float32(high)
    x, y = share(x, worker, workers), share(y, worker, workers)
    for i in range(len(x)):
        value = x[i]
        raised = bottom if value < bottom else value
        y[i] = top if raised > top else raised


@parallel("f4[::1], f4[::1], f4[::1], f8, f8")
def _clip_grad(worker, workers, arguments):
    dy, x, dx, low, high = unpack(arguments)
    bottom, top = np.float32(low), np.float32(high)
    dy, x, dx = share(dy, worker, workers), share(x, worker, workers), share(dx, worker, workers)
    for i in range(len(dx)):
        dx[i] = _passed((x[i] >= bottom) & (x[i] <= top), dy[i], np.float32(0), x[i])


@parallel("f4[::1], f4[::1]")
def _sigmoid(worker, workers, arguments):
    x, y = unpack(arguments)
    x, y = share(x, worker, workers), share(y, worker, workers)
    for i in range(len(x)):
        y[i] = logistic(x[i])


@parallel("f4[::1], f4[::1], f4[::1]")
def _sigmoid_grad(worker, workers, arguments):
    dy, y, dx = unpack(arguments)
    dy, y, dx = share(dy, worker, workers), share(y, worker, workers), share(dx, worker, workers)
    for i in range(len(dx)):
        dx[i] = dy[i] * y[i] * (1 - y[i])


@parallel("f4[::1], f4[::1]")
def _tanh(worker, workers, arguments):
    x, y = unpack(arguments)
    x, y = share(x, worker, workers), share(y, worker, workers)
    for i in range(len(x)):
        y[i] = hyperbolic_tangent(x[i])


@parallel("f4[::1], f4[::1], f4[::1]")
def _tanh_grad(worker, workers, arguments):
    dy, y, dx = unpack(arguments)
    dy, y, dx = share(dy, worker, workers), share(y, worker, workers), share(dx, worker, workers)
    for i in range(len(dx)):
        dx[i] = dy[i] * (1 - y[i] * y[i])


@parallel("f4[:, ::1], f4[:, ::1]")
def _softmax(worker, workers, arguments):
    x, y = unpack(arguments)
    x, y = share(x, worker, workers), share(y, worker, workers)
    for n in range(len(x)):
        row = y[n]
        _, whole = exponentials(x[n], row)
        for k in range(len(row)):
            row[k] /= whole


@parallel("f4[:, ::1], f4[:, ::1], f4[:, ::1]")
def _softmax_grad(worker, workers, arguments):
    dy, y, dx = unpack(arguments)
    dy, y, dx = share(dy, worker, workers), share(y, worker, workers), share(dx, worker, workers)
    for n in range(len(y)):
        product = dot(dy[n], 0, y[n], 0, y.shape[1])
        for k in range(y.shape[1]):
            dx[n, k] = y[n, k] * (dy[n, k] - product)


@parallel("f4[:, ::1], f4[:, ::1]")
def _log_softmax(worker, workers, arguments):
    x, y = unpack(arguments)
    x, y = share(x, worker, workers), share(y, worker, workers)
    for n in range(len(x)):
        greatest, whole = exponentials(x[n], y[n])
        log_whole = np.float32(math.log(whole))
        for k in range(x.shape[1]):
            y[n, k] = (x[n, k] - greatest) - log_whole


@parallel("f4[:, ::1], f4[:, ::1], f4[:, ::1]")
def _log_softmax_grad(worker, workers, arguments):
    dy, y, dx = unpack(arguments)
    dy, y, dx = share(dy, worker, workers), share(y, worker, workers), share(dx, worker, workers)
    for n in range(len(y)):
        whole = row_sum(dy[n])
        for k in range(y.shape[1]):
            dx[n, k] = dy[n, k] - exp(y[n, k]) * whole


@compiled
def _passed(open_, yes, no, saved):
    """The gradient that an activation lets pass; NaN where it was NaN itself: comparisons alone would lose that."""
    passed = yes if open_ else no
    return saved if saved != saved else passed


@compiled
def logistic(x):
    """1 / (1 + e⁻ˣ) as e^min(x,0) / (1 + e^−|x|): no power of e exceeds 1."""
    small = exp(-abs(x))
    return (np.float32(1) if x >= 0 else small) / (1 + small)


@compiled
def exponentials(x, y):
    """Write e^(x − m) into y; return m = max x and the sum of y.

    The maximum may overlook a NaN: the sum will not, and everything is divided by it.
    """
    greatest = row_maximum(x)
    for k in range(len(x)):
        y[k] = exp(x[k] - greatest)
    return greatest, row_sum(y)


@compiled
def row_maximum(x):
    """The largest number, or any if there is a NaN."""
    whole = len(x) // LANES * LANES
    greatest = x[0]
    if whole > 0:
        lanes = load(x, 0)
        for k in range(LANES, whole, LANES):
            lanes = maximum(lanes, load(x, k))
        greatest = largest(lanes)
    for k in range(whole, len(x)):
        greatest = max(greatest, get(x, k))
    return greatest
