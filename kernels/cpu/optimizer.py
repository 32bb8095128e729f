"""Optimizer steps in place, one pass over the parameter and its state.

An array that is not contiguous cannot be stepped through in place: portable then takes over.
"""

from math import sqrt

import numpy as np

from .. import portable
from .parallel import parallel, share, unpack, workers_for

_NONE = np.empty(0, np.float32)  # stands for a state that the optimizer does without


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
    if not _contiguous(w, velocity):
        return portable.sgd_update(w, g, velocity, learning_rate=learning_rate, momentum=momentum, nesterov=nesterov)
    state = _NONE if velocity is None else velocity
    return _sgd(workers_for(w.size), w, g, state, learning_rate, momentum, nesterov)


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
    if not _contiguous(w, mean_square, mean_gradient, velocity):
        options = {"learning_rate": learning_rate, "rho": rho, "momentum": momentum, "epsilon": epsilon}
        return portable.rmsprop_update(w, g, mean_square, mean_gradient, velocity, **options)
    states = [_NONE if state is None else state for state in (mean_gradient, velocity)]
    return _rmsprop(workers_for(w.size), w, g, mean_square, *states, learning_rate, rho, momentum, epsilon)


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
    options = {"beta_1": beta_1, "beta_2": beta_2, "epsilon": epsilon}
    adamw_update(w, g, m, v, v_max, learning_rate=learning_rate, step=step, weight_decay=0.0, **options)


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
    if not _contiguous(w, m, v, v_max):
        options = {"beta_1": beta_1, "beta_2": beta_2, "epsilon": epsilon, "weight_decay": weight_decay}
        return portable.adamw_update(w, g, m, v, v_max, learning_rate=learning_rate, step=step, **options)
    rate = float(learning_rate) * sqrt(1 - float(beta_2) ** step) / (1 - float(beta_1) ** step)
    kept = 1 - float(learning_rate) * float(weight_decay)
    largest = _NONE if v_max is None else v_max
    return _adam(workers_for(w.size), w, g, m, v, largest, kept, rate, beta_1, beta_2, epsilon)


def _contiguous(*states: np.ndarray | None) -> bool:
    return all(state is None or state.flags.c_contiguous for state in states)


@parallel("f4[::1], f4[::1], f4[::1], f8, f8, f8")
def _sgd(worker, workers, arguments):
    w, g, u, learning_rate, momentum, nesterov = unpack(arguments)
    rate, mu = np.float32(learning_rate), np.float32(momentum)
    w, g, u = share(w, worker, workers), share(g, worker, workers), share(u, worker, workers)
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


@parallel("f4[::1], f4[::1], f4[::1], f4[::1], f4[::1], f8, f8, f8, f8")
def _rmsprop(worker, workers, arguments):
    w, g, s, a, u, learning_rate, rho, momentum, epsilon = unpack(arguments)
    rate, mu, tiny = np.float32(learning_rate), np.float32(momentum), np.float32(epsilon)
    old, new = np.float32(rho), np.float32(1 - rho)
    w, g, s = share(w, worker, workers), share(g, worker, workers), share(s, worker, workers)
    a, u = share(a, worker, workers), share(u, worker, workers)
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


@parallel("f4[::1], f4[::1], f4[::1], f4[::1], f4[::1], f8, f8, f8, f8, f8")
def _adam(worker, workers, arguments):
    """w ← kept·w, then Adam's step."""
    w, g, m, v, v_max, kept, rate, beta_1, beta_2, epsilon = unpack(arguments)
    keep, step, tiny = np.float32(kept), np.float32(rate), np.float32(epsilon)
    old_m, new_m = np.float32(beta_1), np.float32(1 - beta_1)
    old_v, new_v = np.float32(beta_2), np.float32(1 - beta_2)
    w, g, v_max = share(w, worker, workers), share(g, worker, workers), share(v_max, worker, workers)
    m, v = share(m, worker, workers), share(v, worker, workers)
    for i in range(len(w)):
        m[i] = old_m * m[i] + new_m * g[i]
        v[i] = old_v * v[i] + new_v * (g[i] * g[i])
        square = v[i]
        if len(v_max) > 0:
            largest = v_max[i]
            square = largest if (largest >= square) | (largest != largest) else square
            v_max[i] = square
        w[i] = keep * w[i] - m[i] / (np.sqrt(square) + tiny) * step
