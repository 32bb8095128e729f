"""Optimizers' steps in place: optimizer.cu, one pass over the numbers each."""

from typing import Any

import numpy as np

from ..rates import adam_rates, rmsprop_rates, sgd_rates
from .capture import told
from .launch import THREADS, Kernel, blocks
from .machine import Array
from .memory import contiguous, in_place
from .updates import ADAM, RMSPROP, SGD, Variable, variables


def sgd_update(
    w: Array,
    g: Array,
    velocity: Array | None = None,
    *,
    learning_rate: float,
    momentum: float = 0.0,
    nesterov: bool = False,
) -> None:
    """w ← w − η·g, or with velocity u ← μ·u − η·g."""
    _update(SGD, w, g, velocity, rates=sgd_rates(learning_rate=learning_rate, momentum=momentum, nesterov=nesterov))


def rmsprop_update(
    w: Array,
    g: Array,
    mean_square: Array,
    mean_gradient: Array | None = None,
    velocity: Array | None = None,
    *,
    learning_rate: float,
    rho: float = 0.9,
    momentum: float = 0.0,
    epsilon: float = 1e-7,
) -> None:
    """s ← ρ·s + (1 − ρ)·g², w ← w − η·g / √(s + ε), less a² under the root in the centred form."""
    rates = rmsprop_rates(learning_rate=learning_rate, rho=rho, momentum=momentum, epsilon=epsilon)
    _update(RMSPROP, w, g, mean_square, mean_gradient, velocity, rates=rates)


def adam_update(
    w: Array,
    g: Array,
    m: Array,
    v: Array,
    v_max: Array | None = None,
    *,
    learning_rate: float,
    step: int,
    beta_1: float = 0.9,
    beta_2: float = 0.999,
    epsilon: float = 1e-7,
) -> None:
    """m ← β₁·m + (1 − β₁)·g, v ← β₂·v + (1 − β₂)·g², w ← w − η_t·m / (√v + ε)."""
    options: dict[str, Any] = {"beta_1": beta_1, "beta_2": beta_2, "epsilon": epsilon}
    adamw_update(w, g, m, v, v_max, learning_rate=learning_rate, step=step, weight_decay=0.0, **options)


def adamw_update(
    w: Array,
    g: Array,
    m: Array,
    v: Array,
    v_max: Array | None = None,
    *,
    learning_rate: float,
    step: int,
    weight_decay: float,
    beta_1: float = 0.9,
    beta_2: float = 0.999,
    epsilon: float = 1e-7,
) -> None:
    """w ← (1 − η·λ)·w, then Adam's step."""
    rates = adam_rates(
        learning_rate=learning_rate,
        step=step,
        weight_decay=weight_decay,
        beta_1=beta_1,
        beta_2=beta_2,
        epsilon=epsilon,
    )
    _update(ADAM, w, g, m, v, v_max, rates=rates)


def _update(kernel: Kernel, w: Array, g: Array, *states: Array | None, rates: np.ndarray) -> None:
    """Step one variable; a state that is None is a null pointer."""
    rates_there, gradient = told(rates), contiguous(g)
    with in_place(w, *states) as (weights, *others):
        kernel(blocks(w.size), THREADS, variables([Variable.of(weights, gradient, others, rates_there)]))
