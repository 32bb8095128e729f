"""y = a / b, with NumPy's broadcasting; da = dy / b, db = −dy·a / b²."""

from typing import Any

from ..tensor import Tensor
from .broadcasting import reduce_to
from .op import Op


class Divide(Op):
    def forward(self, k: Any, a: Any, b: Any) -> Any:
        self.save(a, b)
        return k.divide(a, b)

    def backward(self, k: Any, dy: Any) -> tuple:
        a, b = self.saved
        quotient = k.divide(dy, b)
        da = reduce_to(k, quotient, a.shape) if self.needs[0] else None
        db = reduce_to(k, k.negative(k.multiply(quotient, k.divide(a, b))), b.shape) if self.needs[1] else None
        return da, db


def divide(a: Any, b: Any) -> Tensor:
    """a / b, element by element.

    >>> divide(Tensor([1.0, 2.0]), 2.0).numpy()
    array([0.5, 1. ], dtype=float32)
    """
    return Divide()(a, b)
