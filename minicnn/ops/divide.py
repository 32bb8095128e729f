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
        da = k.divide(dy, b)
        db = reduce_to(k, k.negative(k.multiply(da, k.divide(a, b))), b.shape) if self.needs[1] else None
        return reduce_to(k, da, a.shape), db


def divide(a: Any, b: Any) -> Tensor:
    """a / b, element by element.

    >>> divide(Tensor([1.0, 2.0]), 2.0).numpy()
    array([0.5, 1. ], dtype=float32)
    """
    return Divide()(a, b)
