"""Optimizer steps as their formulas; a[...] = … writes into the caller's array."""

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
    """w ← w − η·g; with velocity u ← μ·u − η·g and w ← w + u, or Nesterov's w ← w + μ·u − η·g.

    >>> w = np.array([1.0])
    >>> sgd_update(w, np.array([2.0]), learning_rate=0.25)
    >>> w
    array([0.5])
    """
    if velocity is None:
        w[...] = w - learning_rate * g
        return
    velocity[...] = momentum * velocity - learning_rate * g
    w[...] = w + momentum * velocity - learning_rate * g if nesterov else w + velocity


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
    """s ← ρ·s + (1 − ρ)·g², w ← w − η·g / √(s + ε); centred: a ← ρ·a + (1 − ρ)·g and √(s − a² + ε)."""
    mean_square[...] = rho * mean_square + (1 - rho) * g**2
    variance = mean_square
    if mean_gradient is not None:
        mean_gradient[...] = rho * mean_gradient + (1 - rho) * g
        variance = mean_square - mean_gradient**2
    step = learning_rate * g / np.sqrt(variance + epsilon)
    if velocity is not None:
        velocity[...] = momentum * velocity + step
        step = velocity
    w[...] = w - step


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
    m[...] = beta_1 * m + (1 - beta_1) * g
    v[...] = beta_2 * v + (1 - beta_2) * g**2
    if v_max is not None:
        v_max[...] = np.maximum(v_max, v)
        v = v_max
    rate = learning_rate * sqrt(1 - beta_2**step) / (1 - beta_1**step)
    w[...] = w - rate * m / (np.sqrt(v) + epsilon)


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
    w[...] = (1 - learning_rate * weight_decay) * w
    adam_update(
        w, g, m, v, v_max, learning_rate=learning_rate, step=step, beta_1=beta_1, beta_2=beta_2, epsilon=epsilon
    )
