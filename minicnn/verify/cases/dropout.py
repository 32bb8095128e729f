"""Cases of dropout."""

import numpy as np
from hypothesis import strategies as st

from .arrays import Drawn
from .numbers import Numbers, seeds
from .shapes import shapes

_rates = st.sampled_from((0.5, 0.0, 0.25, 0.1, 0.9))


def dropout(draw: st.DrawFn, numbers: Numbers) -> Drawn:
    return [draw(numbers(*draw(shapes())))], {"rate": draw(_rates), "rng": draw(seeds)}


def dropout_grad(draw: st.DrawFn, numbers: Numbers) -> Drawn:
    dy = draw(numbers(*draw(shapes())))
    keep = np.random.default_rng(draw(seeds)).random(dy.shape) < 0.5
    return [dy, np.asarray(keep)], {"rate": draw(_rates)}
