"""y = a + b, with NumPy's broadcasting; da = dy, db = dy."""

from typing import Any

from ..tensor import Tensor
from .broadcasting import reduce_to
from .op import Op


class Add(Op):
    def forward(self, k: Any, a: Any, b: Any) -> Any:
        self.save(a.shape, b.shape)
        return k.add(a, b)

    def backward(self, k: Any, dy: Any) -> tuple:
        a_shape, b_shape = self.saved
        da = reduce_to(k, dy, a_shape) if self.needs[0] else None
        db = reduce_to(k, dy, b_shape) if self.needs[1] else None
        return da, db


def add(a: Any, b: Any) -> Tensor:
    """a + b.

    >>> add(Tensor([1.0, 2.0]), 10.0).numpy()
    array([11., 12.], dtype=float32)
    """
    return Add()(a, b)
