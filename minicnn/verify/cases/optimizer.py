"""Cases of the optimizer steps, with every combination of the states that they can do without."""

from typing import Any

import numpy as np
from hypothesis import strategies as st

from .arrays import Drawn
from .numbers import Numbers
from .shapes import shapes

_rates = st.sampled_from((0.001, 0.1, 1.0))
_decays = st.sampled_from((0.9, 0.0, 0.99))
_epsilons = st.sampled_from((1e-7, 1e-3))


def sgd_update(draw: st.DrawFn, numbers: Numbers) -> Drawn:
    w, g, velocity = _arrays(draw, numbers, 3)
    options = {"learning_rate": draw(_rates), "momentum": draw(_decays), "nesterov": draw(st.booleans())}
    return [w, g, _perhaps(draw, velocity)], options


def rmsprop_update(draw: st.DrawFn, numbers: Numbers) -> Drawn:
    """A mean square is never below the square of the mean; well above it, or their difference is all rounding."""
    w, g, mean_square, mean_gradient, velocity = _arrays(draw, numbers, 5)
    with np.errstate(all="ignore"):
        mean_square = np.asarray(np.abs(mean_square) + 2 * mean_gradient**2)
    options = {"learning_rate": draw(_rates), "rho": draw(_decays), "momentum": draw(_decays)}
    states = [mean_square, _perhaps(draw, mean_gradient), _perhaps(draw, velocity)]
    return [w, g, *states], {**options, "epsilon": draw(_epsilons)}


def adam_update(draw: st.DrawFn, numbers: Numbers) -> Drawn:
    w, g, m, v, v_max = _arrays(draw, numbers, 5)
    options = {"learning_rate": draw(_rates), "step": draw(st.integers(1, 1000)), "beta_1": draw(_decays)}
    v, v_max = np.asarray(np.abs(v)), np.asarray(np.abs(v_max))
    return [w, g, m, v, _perhaps(draw, v_max)], {**options, "epsilon": draw(_epsilons)}


def adamw_update(draw: st.DrawFn, numbers: Numbers) -> Drawn:
    args, options = adam_update(draw, numbers)
    return args, {**options, "weight_decay": draw(st.sampled_from((0.004, 0.0, 0.5)))}


def _arrays(draw: st.DrawFn, numbers: Numbers, count: int) -> list[Any]:
    shape = draw(shapes())
    return [draw(numbers(*shape)) for _ in range(count)]


def _perhaps(draw: st.DrawFn, state: np.ndarray) -> np.ndarray | None:
    return state if draw(st.booleans()) else None
