"""y = x·keep / (1 − rate), keep ~ Bernoulli(1 − rate); dx = dy·keep / (1 − rate)."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from ..tensor import Tensor
from .op import Op


@dataclass(eq=False)
class Dropout(Op):
    rate: float
    rng: np.random.Generator

    def forward(self, k: Any, x: Any) -> Any:
        y, keep = k.dropout(x, rate=self.rate, rng=self.rng)
        self.save(keep)
        return y

    def backward(self, k: Any, dy: Any) -> tuple:
        (keep,) = self.saved
        return (k.dropout_grad(dy, keep, rate=self.rate),)


def dropout(x: Tensor, rate: float, rng: np.random.Generator) -> Tensor:
    """Set a random fraction `rate` (0 ≤ rate < 1) of x to zero and scale the rest to keep the mean.

    Source: Srivastava et al., "Dropout" (2014).

    >>> dropout(Tensor([1.0, 1.0, 1.0, 1.0]), 0.5, np.random.default_rng(0)).numpy()
    array([2., 2., 2., 0.], dtype=float32)
    """
    if not 0 <= rate < 1:
        raise ValueError(f"dropout rate must be at least 0 and below 1, got {rate}")
    return Dropout(rate, rng)(x)
