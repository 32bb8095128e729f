"""Optimizer steps in place, with one scratch array as large as the parameter."""

from math import sqrt

import numpy as np

_quiet = np.errstate(over="ignore", invalid="ignore", divide="ignore")  # NaN and ±∞ follow the formulas


@_quiet
def sgd_update(
    w: np.ndarray,
    g: np.ndarray,
    velocity: np.ndarray | None = None,
    *,
    learning_rate: float,
    momentum: float = 0.0,
    nesterov: bool = False,
) -> None:
    """w ← w − η·g, or with velocity u ← μ·u − η·g.

    >>> w = np.array([1.0])
    >>> sgd_update(w, np.array([2.0]), learning_rate=0.25)
    >>> w
    array([0.5])
    """
    step = np.multiply(g, float(learning_rate), out=np.empty_like(w))
    if velocity is None:
        w -= step
        return
    velocity *= float(momentum)
    velocity -= step
    if not nesterov:
        w += velocity
        return
    w -= step
    np.multiply(velocity, float(momentum), out=step)
    w += step


@_quiet
def rmsprop_update(
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
) -> None:
    """s ← ρ·s + (1 − ρ)·g², w ← w − η·g / √(s + ε), less a² under the root in the centred form."""
    scratch = np.empty_like(w)
    _average(mean_square, np.multiply(g, g, out=scratch), rho, scratch)
    denominator = scratch
    if mean_gradient is None:
        np.add(mean_square, float(epsilon), out=denominator)
    else:
        _average(mean_gradient, g, rho, scratch)
        np.multiply(mean_gradient, mean_gradient, out=denominator)
        np.subtract(mean_square, denominator, out=denominator)
        denominator += float(epsilon)
    np.sqrt(denominator, out=denominator)
    step = np.divide(g, denominator, out=scratch)
    step *= float(learning_rate)
    if velocity is None:
        w -= step
    else:
        velocity *= float(momentum)
        velocity += step
        w -= velocity


@_quiet
def adam_update(
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
) -> None:
    """m ← β₁·m + (1 − β₁)·g, v ← β₂·v + (1 − β₂)·g², w ← w − η_t·m / (√v + ε)."""
    scratch = np.empty_like(w)
    _average(m, g, beta_1, scratch)
    _average(v, np.multiply(g, g, out=scratch), beta_2, scratch)
    if v_max is not None:
        v = np.maximum(v_max, v, out=v_max)
    denominator = np.sqrt(v, out=scratch)
    denominator += float(epsilon)
    change = np.divide(m, denominator, out=scratch)
    change *= float(learning_rate) * sqrt(1 - float(beta_2) ** step) / (1 - float(beta_1) ** step)
    w -= change


@_quiet
def adamw_update(
    w: np.ndarray,
    g: np.ndarray,
    m: np.ndarray,
    v: np.ndarray,
    v_max: np.ndarray | None = None,
    *,
    learning_rate: float,
    step: int,
    weight_decay: float,
    beta_1: float = 0.9,
    beta_2: float = 0.999,
    epsilon: float = 1e-7,
) -> None:
    """w ← (1 − η·λ)·w, then Adam's step."""
    w *= 1 - float(learning_rate) * float(weight_decay)
    adam_update(
        w, g, m, v, v_max, learning_rate=learning_rate, step=step, beta_1=beta_1, beta_2=beta_2, epsilon=epsilon
    )


def _average(mean: np.ndarray, value: np.ndarray, decay: float, scratch: np.ndarray) -> None:
    """mean ← β·mean + (1 − β)·value; `scratch` may be `value` itself."""
    np.multiply(value, 1 - float(decay), out=scratch)
    mean *= float(decay)
    mean += scratch
