"""Cases of batch normalisation; the statistics of the gradients and of inference need not be x's own."""

from typing import Any

import numpy as np
from hypothesis import strategies as st

from .arrays import Drawn
from .numbers import Numbers
from .shapes import shapes

_epsilon = st.fixed_dictionaries({"epsilon": st.sampled_from((1e-3, 0.5, 1e-5))})


def batch_norm(draw: st.DrawFn, numbers: Numbers) -> Drawn:
    x, (gamma, beta) = _x_and(draw, numbers, 2)
    return [x, gamma, beta], draw(_epsilon)


def batch_norm_grad(draw: st.DrawFn, numbers: Numbers) -> Drawn:
    x, (gamma, mean, variance) = _x_and(draw, numbers, 3)
    return [draw(numbers(*x.shape)), x, gamma, mean, np.abs(variance)], draw(_epsilon)


def batch_norm_inference(draw: st.DrawFn, numbers: Numbers) -> Drawn:
    x, (gamma, beta, mean, variance) = _x_and(draw, numbers, 4)
    return [x, gamma, beta, mean, np.abs(variance)], draw(_epsilon)


batch_norm_inference_grad = batch_norm_grad


def update_moving_average(draw: st.DrawFn, numbers: Numbers) -> Drawn:
    shape = draw(shapes())
    return [draw(numbers(*shape)), draw(numbers(*shape))], {"momentum": draw(st.sampled_from((0.99, 0.9, 0.0, 1.0)))}


def _x_and(draw: st.DrawFn, numbers: Numbers, count: int) -> tuple[np.ndarray, list[Any]]:
    """x and so many arrays of one number a channel, the first of which is γ.

    It is not infinite: ∞ times a difference from the mean that is all rounding may be ∞, −∞ or NaN.
    """
    x = draw(numbers(*draw(shapes(least=2))))
    gamma, *others = (draw(numbers(x.shape[-1])) for _ in range(count))
    return x, [np.where(np.isinf(gamma), gamma.dtype.type(1), gamma), *others]
