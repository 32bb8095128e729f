"""y = 1 / (1 + e⁻ˣ); dx = dy·y·(1 − y)."""

from typing import Any

from ..tensor import Tensor
from .op import Op


class Sigmoid(Op):
    def forward(self, k: Any, x: Any) -> Any:
        y = k.sigmoid(x)
        self.save(y)
        return y

    def backward(self, k: Any, dy: Any) -> tuple:
        (y,) = self.saved
        return (k.sigmoid_grad(dy, y),)


def sigmoid(x: Tensor) -> Tensor:
    """1 / (1 + e⁻ˣ), without overflow.

    >>> sigmoid(Tensor([0.0])).numpy()
    array([0.5], dtype=float32)
    """
    y = Sigmoid()(x)
    y.logits = x
    return y
