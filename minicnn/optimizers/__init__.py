"""Optimizers: how gradients change weights, under Keras's names."""

from typing import Any

from ..configurable import find_by_name
from . import schedules
from .adam import Adam
from .adamw import AdamW
from .optimizer import Optimizer
from .rmsprop import RMSprop
from .sgd import SGD

OPTIMIZERS: dict[str, type[Optimizer]] = {"sgd": SGD, "rmsprop": RMSprop, "adam": Adam, "adamw": AdamW}


def get(identifier: Any) -> Optimizer:
    """An optimizer for a name in any case, a class or an optimizer. Raises ValueError for an unknown name.

    >>> get("Adam").learning_rate
    0.001
    """
    if isinstance(identifier, str):
        identifier = identifier.lower()
    return find_by_name("optimizer", identifier, Optimizer, OPTIMIZERS)


__all__ = ["SGD", "Adam", "AdamW", "Optimizer", "RMSprop", "get", "schedules"]
