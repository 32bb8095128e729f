"""Optimizer steps in place, one pass over the parameter and its state.

An array that is not contiguous cannot be stepped through in place: portable then takes over.
"""

from typing import Any

import numpy as np

from .. import portable
from ..rates import adam_rates, rmsprop_rates, sgd_rates
from .capture import told
from .compile import compiled
from .parallel import parallel, share, unpack, workers_for

_NONE = np.empty(0, np.float32)


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

    >>> w = np.array([1], np.float32)
    >>> sgd_update(w, np.array([2], np.float32), learning_rate=0.25)
    >>> w
    array([0.5], dtype=float32)
    """
    options: dict[str, Any] = {"learning_rate": learning_rate, "momentum": momentum, "nesterov": nesterov}
    if not are_contiguous(w, velocity):
        return portable.sgd_update(w, g, velocity, **options)
    return _sgd(workers_for(w.size), w, g, state_or_none(velocity), told(sgd_rates(**options)))


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
    options: dict[str, Any] = {"learning_rate": learning_rate, "rho": rho, "momentum": momentum, "epsilon": epsilon}
    if not are_contiguous(w, mean_square, mean_gradient, velocity):
        return portable.rmsprop_update(w, g, mean_square, mean_gradient, velocity, **options)
    states = mean_square, state_or_none(mean_gradient), state_or_none(velocity)
    return _rmsprop(workers_for(w.size), w, g, *states, told(rmsprop_rates(**options)))


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
    options: dict[str, Any] = {
        "learning_rate": learning_rate,
        "step": step,
        "beta_1": beta_1,
        "beta_2": beta_2,
        "epsilon": epsilon,
    }
    adamw_update(w, g, m, v, v_max, weight_decay=0.0, **options)


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
    options: dict[str, Any] = {
        "learning_rate": learning_rate,
        "step": step,
        "beta_1": beta_1,
        "beta_2": beta_2,
        "epsilon": epsilon,
    }
    if not are_contiguous(w, m, v, v_max):
        return portable.adamw_update(w, g, m, v, v_max, weight_decay=weight_decay, **options)
    rates = told(adam_rates(weight_decay=weight_decay, **options))
    return _adam(workers_for(w.size), w, g, m, v, state_or_none(v_max), rates)


def state_or_none(state: np.ndarray | None) -> np.ndarray:
    """The array, or an empty one for a state that the optimizer does without."""
    return _NONE if state is None else state


def are_contiguous(*states: np.ndarray | None) -> bool:
    return all(state is None or state.flags.c_contiguous for state in states)


@parallel("f4[::1], f4[::1], f4[::1], f8[::1]")
def _sgd(worker, workers, arguments):
    w, g, u, rates = unpack(arguments)
    sgd_step(share(w, worker, workers), share(g, worker, workers), share(u, worker, workers), rates)


@parallel("f4[::1], f4[::1], f4[::1], f4[::1], f4[::1], f8[::1]")
def _rmsprop(worker, workers, arguments):
    w, g, s, a, u, rates = unpack(arguments)
    w, g, s = share(w, worker, workers), share(g, worker, workers), share(s, worker, workers)
    rmsprop_step(w, g, s, share(a, worker, workers), share(u, worker, workers), rates)


@parallel("f4[::1], f4[::1], f4[::1], f4[::1], f4[::1], f8[::1]")
def _adam(worker, workers, arguments):
    w, g, m, v, v_max, rates = unpack(arguments)
    w, g, v_max = share(w, worker, workers), share(g, worker, workers), share(v_max, worker, workers)
    adam_step(w, g, share(m, worker, workers), share(v, worker, workers), v_max, rates)


@compiled
def sgd_step(w, g, u, rates):
    """Step some numbers with their gradients; u is empty if there is no velocity."""
    rate, mu, nesterov = np.float32(rates[0]), np.float32(rates[1]), rates[2] != 0
    if len(u) == 0:
        for i in range(len(w)):
            w[i] -= rate * g[i]
    elif nesterov:
        for i in range(len(w)):
            step = rate * g[i]
            u[i] = mu * u[i] - step
            w[i] = w[i] - step + mu * u[i]
    else:
        for i in range(len(w)):
            u[i] = mu * u[i] - rate * g[i]
            w[i] += u[i]


@compiled
def rmsprop_step(w, g, s, a, u, rates):
    """The same; a is empty in the plain form, u without momentum."""
    rate, mu, tiny = np.float32(rates[0]), np.float32(rates[2]), np.float32(rates[3])
    old, new = np.float32(rates[1]), np.float32(1 - rates[1])
    for i in range(len(w)):
        s[i] = old * s[i] + new * (g[i] * g[i])
        variance = s[i]
        if len(a) > 0:
            a[i] = old * a[i] + new * g[i]
            variance -= a[i] * a[i]
        step = g[i] / np.sqrt(variance + tiny) * rate
        if len(u) > 0:
            u[i] = mu * u[i] + step
            step = u[i]
        w[i] -= step


@compiled
def adam_step(w, g, m, v, v_max, rates):
    """w ← kept·w, then Adam's step; v_max is empty but for AMSGrad."""
    rate, tiny, kept = np.float32(rates[0]), np.float32(rates[3]), np.float32(rates[4])
    old_m, new_m = np.float32(rates[1]), np.float32(1 - rates[1])
    old_v, new_v = np.float32(rates[2]), np.float32(1 - rates[2])
    for i in range(len(w)):
        m[i] = old_m * m[i] + new_m * g[i]
        v[i] = old_v * v[i] + new_v * (g[i] * g[i])
        square = v[i]
        if len(v_max) > 0:
            largest = v_max[i]
            square = largest if (largest >= square) | (largest != largest) else square
            v_max[i] = square
        w[i] = kept * w[i] - m[i] / (np.sqrt(square) + tiny) * rate
