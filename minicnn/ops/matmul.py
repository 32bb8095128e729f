"""y = a·b for matrices; da = dy·bᵀ, db = aᵀ·dy."""

from typing import Any

from ..tensor import Tensor
from .op import Op


class MatMul(Op):
    def forward(self, k: Any, a: Any, b: Any) -> Any:
        self.save(a, b)
        return k.matmul(a, b)

    def backward(self, k: Any, dy: Any) -> tuple:
        a, b = self.saved
        da = k.matmul(dy, k.transpose(b, axes=(1, 0))) if self.needs[0] else None
        db = k.matmul(k.transpose(a, axes=(1, 0)), dy) if self.needs[1] else None
        return da, db


def matmul(a: Any, b: Any) -> Tensor:
    """Matrix product of (I, M) and (M, J). Raises ShapeError for anything else.

    >>> matmul(Tensor([[1.0, 2.0]]), Tensor([[3.0], [4.0]])).numpy()
    array([[11.]], dtype=float32)
    """
    return MatMul()(a, b)
