"""Activation functions by name, for `activation="relu"`."""

from collections.abc import Callable

from . import ops
from .configurable import unknown_name
from .tensor import Tensor

Activation = Callable[[Tensor], Tensor]


def linear(x: Tensor) -> Tensor:
    """x itself."""
    return x


ACTIVATIONS: dict[str, Activation] = {
    "linear": linear,
    "relu": ops.relu,
    "leaky_relu": ops.leaky_relu,
    "sigmoid": ops.sigmoid,
    "tanh": ops.tanh,
    "softmax": ops.softmax,
    "log_softmax": ops.log_softmax,
}


def get(identifier: str | Activation | None) -> Activation:
    """A function for a name or function; linear for None. Raises ValueError for an unknown name.

    >>> get("relu").__name__
    'relu'
    """
    if identifier is None:
        return linear
    if callable(identifier):
        return identifier
    if isinstance(identifier, str) and identifier in ACTIVATIONS:
        return ACTIVATIONS[identifier]
    raise unknown_name("activation", identifier, ACTIVATIONS)
