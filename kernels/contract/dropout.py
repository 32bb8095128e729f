"""Inverted dropout: training scales what it keeps, so that inference does nothing.

    keep ~ Bernoulli(1 − rate)        y = x · keep / (1 − rate)        dx = dy · keep / (1 − rate)

Every backend draws `rng.random(x.shape, float32) >= rate`, so one seed gives one mask on all of them.
Dropped values are exact zeros, whatever x was there.
Source: Srivastava et al., "Dropout" (2014).
"""

import numpy as np

from .spec import ArrayLike, ArraySpec, expect_float, expect_same_shape


def dropout(x: ArrayLike, *, rate: float, rng: np.random.Generator) -> tuple[ArraySpec, ArraySpec]:
    """(y, keep): y as above, keep the mask (bool)."""
    return ArraySpec(x.shape, expect_float("dropout", x=x)), ArraySpec(x.shape, np.dtype(bool))


def dropout_grad(dy: ArrayLike, keep: ArrayLike, *, rate: float) -> ArraySpec:
    """dx = dy · keep / (1 − rate)."""
    expect_same_shape("dropout_grad", dy=dy, keep=keep)
    return ArraySpec(dy.shape, expect_float("dropout_grad", dy=dy))
