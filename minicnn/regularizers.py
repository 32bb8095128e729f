"""Penalties on weights, added to the loss, under Keras's names."""

import math
from typing import Any

from .configurable import Configurable, find_by_name
from .tensor import Tensor


class Regularizer(Configurable):
    """Base of the penalties; a subclass writes `__call__(w)`, a scalar tensor."""

    def __call__(self, w: Tensor) -> Tensor:
        raise NotImplementedError


class L1(Regularizer):
    """l1 · Σ|w|: drives weights to exactly 0.  Source: Tibshirani, "Regression shrinkage and the lasso" (1996).

    Raises ValueError unless 0 ≤ l1 < ∞.

    >>> round(L1(0.1)(Tensor([1.0, -2.0])).item(), 4)
    0.3
    """

    def __init__(self, l1: float = 0.01):
        self.l1 = _strength("l1", l1)

    def __call__(self, w: Tensor) -> Tensor:
        return self.l1 * abs(w).sum()


class L2(Regularizer):
    """l2 · Σ w²: keeps weights small. There is no factor ½, as in Keras.

    Raises ValueError unless 0 ≤ l2 < ∞. Source: Hoerl & Kennard, "Ridge regression" (1970).

    >>> round(L2(0.1)(Tensor([1.0, -2.0])).item(), 4)
    0.5
    """

    def __init__(self, l2: float = 0.01):
        self.l2 = _strength("l2", l2)

    def __call__(self, w: Tensor) -> Tensor:
        return self.l2 * (w * w).sum()


class L1L2(Regularizer):
    """l1 · Σ|w| + l2 · Σ w².

    Raises ValueError unless both are finite and not negative.

    >>> round(L1L2(0.1, 0.1)(Tensor([1.0, -2.0])).item(), 4)
    0.8
    """

    def __init__(self, l1: float = 0.0, l2: float = 0.0):
        self.l1 = _strength("l1", l1)
        self.l2 = _strength("l2", l2)

    def __call__(self, w: Tensor) -> Tensor:
        return self.l1 * abs(w).sum() + self.l2 * (w * w).sum()


REGULARIZERS: dict[str, type[Regularizer]] = {
    "l1": L1,
    "l2": L2,
    "l1l2": L1L2,
    "l1_l2": L1L2,
    "L1": L1,
    "L2": L2,
    "L1L2": L1L2,
}


def get(identifier: Any) -> Regularizer | None:
    """A regularizer for a name, a class or a regularizer; None for None. Raises ValueError for an unknown name.

    >>> get("l2").l2
    0.01
    """
    return None if identifier is None else find_by_name("regularizer", identifier, Regularizer, REGULARIZERS)


def _strength(name: str, value: float) -> float:
    if not (math.isfinite(value) and value >= 0):
        raise ValueError(f"{name} must be a finite number, 0 or more, got {value}")
    return float(value)
