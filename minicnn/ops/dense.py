"""y = x·w + b; dx = dy·wᵀ, dw = xᵀ·dy, db[k] = Σ_n dy[n,k]."""

from typing import Any

from ..tensor import Tensor
from .op import Op


class Dense(Op):
    def forward(self, k: Any, x: Any, w: Any, b: Any) -> Any:
        self.save(x, w)
        return k.dense(x, w, b)

    def backward(self, k: Any, dy: Any) -> tuple:
        x, w = self.saved
        dx = k.dense_input_grad(dy, w) if self.needs[0] else None
        dw = k.dense_weight_grad(x, dy) if self.needs[1] else None
        db = k.bias_grad(dy) if self.needs[2] else None
        return dx, dw, db


def dense(x: Tensor, w: Any, bias: Any = None) -> Tensor:
    """Fully connected: x (N, C) times weights w (C, K) plus bias (K,), giving (N, K).

    Raises ShapeError when they do not fit.

    >>> dense(Tensor([[1.0, 2.0]]), Tensor([[3.0], [4.0]]), Tensor([0.5])).numpy()
    array([[11.5]], dtype=float32)
    """
    return Dense()(x, w, bias)
