"""Bounds of the optimizer steps: one for each array that is given, 0 for the gradient, which is only read.

Options such as η and β are rounded to the dtype: one rounding each. Names with `of_` are bounds of what they name.
"""

from typing import Any

import numpy as np

from .arrays import EXACT
from .rounding import Rounding


def sgd_update(
    e: Rounding,
    w: np.ndarray,
    g: np.ndarray,
    velocity: np.ndarray | None = None,
    *,
    learning_rate: float,
    momentum: float = 0.0,
    nesterov: bool = False,
) -> Any:
    """w − η·g: η, the product and the difference are rounded; u ← μ·u − η·g likewise, twice with Nesterov."""
    step = np.abs(learning_rate * g)
    if velocity is None:
        return e.after(3, np.abs(w) + step), EXACT
    u = np.abs(momentum * velocity) + step
    moved = momentum * u + step if nesterov else u
    return e.after(6, np.abs(w) + moved), EXACT, e.after(3, u)


def rmsprop_update(
    e: Rounding,
    w: np.ndarray,
    g: np.ndarray,
    mean_square: np.ndarray,
    mean_gradient: np.ndarray | None = None,
    velocity: np.ndarray | None = None,
    *,
    learning_rate: float,
    rho: float = 0.9,
    momentum: float = 0.0,
    epsilon: float = 1e-7,
) -> Any:
    """step = η·g / √d, d = s − a² + ε: 0 for an infinite d; where d's error reaches d, rounding explains any step."""
    s, of_s = _average(e, rho, mean_square, g**2)
    a, of_a = (0.0, 0.0) if mean_gradient is None else _average(e, rho, mean_gradient, g)
    d = s - a**2 + epsilon
    of_d = of_s + 2 * np.abs(a) * of_a + of_a**2 + e.after(4, s + a**2 + epsilon)
    most, least = (np.abs(learning_rate * g) / np.sqrt(end) for end in (np.maximum(d - of_d, 0), d + of_d))
    most = np.where(np.isposinf(d), 0, most)
    of_step = np.where(d > of_d, most - least + e.after(4, most), np.where(np.isposinf(d), 0, np.inf))
    if velocity is None:
        of_w, states = of_step + e.after(1, np.abs(w) + most), []
    else:
        u = np.abs(momentum * velocity) + most
        of_w, states = of_step + e.after(4, np.abs(w) + u), [of_step + e.after(3, u)]
    return of_w, EXACT, of_s, *([] if mean_gradient is None else [of_a]), *states


def adam_update(
    e: Rounding,
    w: np.ndarray,
    g: np.ndarray,
    m: np.ndarray,
    v: np.ndarray,
    v_max: np.ndarray | None = None,
    *,
    learning_rate: float,
    step: int,
    beta_1: float = 0.9,
    beta_2: float = 0.999,
    epsilon: float = 1e-7,
) -> Any:
    """η_t·m / (√v + ε): v is a sum of squares, so its relative error, and thus that of the root, is a few u."""
    new_m, of_m = _average(e, beta_1, m, g)
    new_v, of_v = _average(e, beta_2, v, g**2)
    largest = new_v if v_max is None else np.maximum(v_max, new_v)
    rate = learning_rate * np.sqrt(1 - beta_2**step) / (1 - beta_1**step) / (np.sqrt(largest) + epsilon)
    of_w = rate * of_m + e.after(12, rate * np.abs(new_m)) + e.after(1, np.abs(w))
    return of_w, EXACT, of_m, of_v, *([] if v_max is None else [of_v])


def adamw_update(
    e: Rounding,
    w: np.ndarray,
    g: np.ndarray,
    m: np.ndarray,
    v: np.ndarray,
    v_max: np.ndarray | None = None,
    *,
    learning_rate: float,
    weight_decay: float,
    **options: Any,
) -> Any:
    """(1 − η·λ)·w: η·λ, the factor and the product are rounded; then Adam's step."""
    decayed = e.after(3, np.abs(w) * (1 + learning_rate * weight_decay))
    of_w, *states = adam_update(e, w, g, m, v, v_max, learning_rate=learning_rate, **options)
    return of_w + decayed, *states


def _average(e: Rounding, decay: float, mean: np.ndarray, value: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """β·mean + (1 − β)·value and its bound: 1 − β, value (a square) and the product are rounded, then the sum."""
    average = decay * mean + (1 - decay) * value
    return average, e.after(4, np.abs(decay * mean) + np.abs((1 - decay) * value))
