"""y = a · b, with NumPy's broadcasting; da = dy·b, db = dy·a."""

from typing import Any

from ..tensor import Tensor
from .broadcasting import reduce_to
from .op import Op


class Multiply(Op):
    def forward(self, k: Any, a: Any, b: Any) -> Any:
        self.save(a, b)
        return k.multiply(a, b)

    def backward(self, k: Any, dy: Any) -> tuple:
        a, b = self.saved
        da = reduce_to(k, k.multiply(dy, b), a.shape) if self.needs[0] else None
        db = reduce_to(k, k.multiply(dy, a), b.shape) if self.needs[1] else None
        return da, db


def multiply(a: Any, b: Any) -> Tensor:
    """a · b, element by element.

    >>> multiply(Tensor([1.0, 2.0]), 3.0).numpy()
    array([3., 6.], dtype=float32)
    """
    return Multiply()(a, b)
