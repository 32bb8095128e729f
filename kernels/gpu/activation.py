"""Activation functions and their gradients: activation.cu, one pass over the numbers each."""

from .elementwise import each_number, each_row
from .launch import Kernel
from .machine import Array

_relu, _relu_grad = Kernel("activation", "relu"), Kernel("activation", "relu_grad")
_leaky_relu, _leaky_relu_grad = Kernel("activation", "leaky_relu"), Kernel("activation", "leaky_relu_grad")
_clip, _clip_grad = Kernel("activation", "clip"), Kernel("activation", "clip_grad")
_sigmoid, _sigmoid_grad = Kernel("activation", "sigmoid"), Kernel("activation", "sigmoid_grad")
_tanh, _tanh_grad = Kernel("activation", "hyperbolic_tangent"), Kernel("activation", "tanh_grad")
_softmax, _softmax_grad = Kernel("activation", "softmax"), Kernel("activation", "softmax_grad")
_log_softmax, _log_softmax_grad = Kernel("activation", "log_softmax"), Kernel("activation", "log_softmax_grad")


def relu(x: Array) -> Array:
    """y = max(x, 0)."""
    return each_number(_relu, x)


def relu_grad(dy: Array, y: Array) -> Array:
    """dx = dy where y > 0, else 0."""
    return each_number(_relu_grad, dy, y)


def leaky_relu(x: Array, *, negative_slope: float, threshold: float = 0.0) -> Array:
    """y = x where x ≥ θ, else α·(x − θ)."""
    return each_number(_leaky_relu, x, numbers=(negative_slope, threshold))


def leaky_relu_grad(dy: Array, x: Array, *, negative_slope: float, threshold: float = 0.0) -> Array:
    """dx = dy where x > θ, else α·dy."""
    return each_number(_leaky_relu_grad, dy, x, numbers=(negative_slope, threshold))


def clip(x: Array, *, low: float, high: float) -> Array:
    """y = min(max(x, low), high)."""
    return each_number(_clip, x, numbers=(low, high))


def clip_grad(dy: Array, x: Array, *, low: float, high: float) -> Array:
    """dx = dy where low ≤ x ≤ high, else 0."""
    return each_number(_clip_grad, dy, x, numbers=(low, high))


def sigmoid(x: Array) -> Array:
    """y = 1 / (1 + e⁻ˣ)."""
    return each_number(_sigmoid, x)


def sigmoid_grad(dy: Array, y: Array) -> Array:
    """dx = dy · y · (1 − y)."""
    return each_number(_sigmoid_grad, dy, y)


def tanh(x: Array) -> Array:
    """y = tanh(x)."""
    return each_number(_tanh, x)


def tanh_grad(dy: Array, y: Array) -> Array:
    """dx = dy · (1 − y²)."""
    return each_number(_tanh_grad, dy, y)


def softmax(x: Array) -> Array:
    """y = e^(x − m) / Σ e^(x − m), m the row's maximum."""
    return each_row(_softmax, x)


def softmax_grad(dy: Array, y: Array) -> Array:
    """dx = y · (dy − Σ dy·y)."""
    return each_row(_softmax_grad, dy, y)


def log_softmax(x: Array) -> Array:
    """y = (x − m) − log Σ e^(x − m), m the row's maximum."""
    return each_row(_log_softmax, x)


def log_softmax_grad(dy: Array, y: Array) -> Array:
    """dx = dy − e^y · Σ dy."""
    return each_row(_log_softmax_grad, dy, y)
