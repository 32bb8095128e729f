"""Bounds of dropout: the mask and the zeros are exact; 1 − rate and the division are rounded, or 1/(1 − rate) too."""

from typing import Any

import numpy as np

from ... import reference
from .arrays import EXACT
from .rounding import Rounding


def dropout(e: Rounding, x: np.ndarray, *, rate: float, rng: np.random.Generator) -> Any:
    _, keep = reference.dropout(x, rate=rate, rng=rng)
    return dropout_grad(e, x, keep, rate=rate), EXACT


def dropout_grad(e: Rounding, dy: np.ndarray, keep: np.ndarray, *, rate: float) -> Any:
    return np.where(keep, e.after(3, np.abs(dy / (1 - rate))), 0)
