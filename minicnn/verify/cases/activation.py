"""Cases of the activations. What a gradient is given besides dy is what the layer would have kept."""

from collections.abc import Callable
from typing import Any

import numpy as np
from hypothesis import strategies as st

from ... import kernels
from .arrays import Drawn
from .numbers import Numbers
from .shapes import shapes

reference = kernels.backend("reference")

#: α and θ, low and high: multiples of 1/8, which every dtype holds
_eighths = st.integers(-16, 16).map(lambda n: n / 8)
_leaky = st.fixed_dictionaries({"negative_slope": _eighths, "threshold": _eighths})
_clipping = st.tuples(_eighths, _eighths).map(lambda ends: {"low": min(ends), "high": max(ends)})


def _activation(draw: st.DrawFn, numbers: Numbers) -> Drawn:
    return [draw(numbers(*draw(shapes())))], {}


def _rows(draw: st.DrawFn, numbers: Numbers) -> Drawn:
    return [draw(numbers(*draw(shapes(least=1))))], {}


def _with(options: st.SearchStrategy[dict[str, Any]]) -> Callable[..., Drawn]:
    return lambda draw, numbers: (_activation(draw, numbers)[0], draw(options))


def _grad_of_input(forward: Callable[..., Drawn]) -> Callable[..., Drawn]:
    """dy and x."""

    def drawn(draw: st.DrawFn, numbers: Numbers) -> Drawn:
        (x,), options = forward(draw, numbers)
        return [draw(numbers(*x.shape)), x], options

    return drawn


def _grad_of_output(forward: Callable[..., Drawn], activation: str) -> Callable[..., Drawn]:
    """dy and y = activation(x)."""

    def drawn(draw: st.DrawFn, numbers: Numbers) -> Drawn:
        (x,), _ = forward(draw, numbers)
        return [draw(numbers(*x.shape)), getattr(reference, activation)(x)], {}

    return drawn


relu = sigmoid = tanh = _activation
softmax = log_softmax = _rows
leaky_relu = _with(_leaky)
clip = _with(_clipping)
leaky_relu_grad = _grad_of_input(leaky_relu)
clip_grad = _grad_of_input(clip)
relu_grad = _grad_of_output(relu, "relu")
sigmoid_grad = _grad_of_output(sigmoid, "sigmoid")
tanh_grad = _grad_of_output(tanh, "tanh")
softmax_grad = _grad_of_output(softmax, "softmax")


def log_softmax_grad(draw: st.DrawFn, numbers: Numbers) -> Drawn:
    """Beside an infinite gradient only y whose e^y is no zero: how small the last power is, each precision decides."""
    (dy, y), options = _grad_of_output(log_softmax, "log_softmax")(draw, numbers)
    return [dy, np.where(np.isinf(dy).any(axis=-1, keepdims=True), np.maximum(y, -80), y)], options
