"""Dropout: forget a random part of the features while training."""

from typing import Any

from .. import ops, random
from ..tensor import Tensor
from .layer import Layer


class Dropout(Layer):
    """Zero a fraction `rate` of the inputs while training and scale the rest by 1/(1 − rate); else do nothing.

    Source: Srivastava et al., "Dropout" (2014).

    >>> import numpy as np
    >>> Dropout(0.5)(np.ones((1, 4))).numpy()
    array([[1., 1., 1., 1.]], dtype=float32)
    """

    def __init__(self, rate: float, *, seed: int | None = None, **kwargs: Any):
        super().__init__(**kwargs)
        if not 0 <= rate <= 1:
            raise ValueError(
                f"Dropout: rate is the fraction of inputs to drop, in 0 … 1, got {rate}; for half of them Dropout(0.5)"
            )
        self.rate = rate
        self.generator = None if seed is None else random.generator(seed)

    def call(self, inputs: Tensor, training: bool = False) -> Tensor:
        if not training or self.rate == 0:
            return inputs
        if self.rate == 1:
            return inputs * 0.0
        return ops.dropout(inputs, self.rate, self.generator or random.generator())
