"""What the kernels of an update are told of its options: one array, so that a recorded step is given the next one's."""

from math import sqrt

import numpy as np


def sgd_rates(*, learning_rate: float, momentum: float = 0.0, nesterov: bool = False) -> np.ndarray:
    """η, μ, whether Nesterov's."""
    return np.array([learning_rate, momentum, nesterov], np.float64)


def rmsprop_rates(
    *, learning_rate: float, rho: float = 0.9, momentum: float = 0.0, epsilon: float = 1e-7
) -> np.ndarray:
    """η, ρ, μ, ε."""
    return np.array([learning_rate, rho, momentum, epsilon], np.float64)


def adam_rates(
    *,
    learning_rate: float,
    step: int,
    weight_decay: float = 0.0,
    beta_1: float = 0.9,
    beta_2: float = 0.999,
    epsilon: float = 1e-7,
) -> np.ndarray:
    """η_t, β₁, β₂, ε, and what the decay leaves of a weight.

    >>> adam_rates(learning_rate=0.5, step=1, weight_decay=0.5, beta_1=0.5, beta_2=0.75, epsilon=0.0).tolist()
    [0.5, 0.5, 0.75, 0.0, 0.75]
    """
    beta_1, beta_2 = float(beta_1), float(beta_2)  # the power of a float32 would have seven digits
    rate = float(learning_rate) * sqrt(1 - beta_2**step) / (1 - beta_1**step)
    return np.array([rate, beta_1, beta_2, epsilon, 1 - float(learning_rate) * float(weight_decay)], np.float64)


RATES = {
    "sgd_update": sgd_rates,
    "rmsprop_update": rmsprop_rates,
    "adam_update": adam_rates,
    "adamw_update": adam_rates,
}
