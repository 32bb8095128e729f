"""y = (1/M) Σ x over some axes, M numbers each."""

import math

from ..tensor import Tensor
from .sum import normalize_axes
from .sum import sum as sum_


def mean(x: Tensor, axis: int | tuple[int, ...] | None = None, keepdims: bool = False) -> Tensor:
    """Mean over one axis, several, or all.

    >>> mean(Tensor([[1.0, 2.0], [3.0, 4.0]])).item()
    2.5
    """
    count = math.prod(x.shape[a] for a in normalize_axes(axis, x.ndim))
    return sum_(x, axis, keepdims) / float(count)
