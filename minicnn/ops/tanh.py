"""y = tanh x; dx = dy·(1 − y²)."""

from typing import Any

from ..tensor import Tensor
from .op import Op


class Tanh(Op):
    def forward(self, k: Any, x: Any) -> Any:
        y = k.tanh(x)
        self.save(y)
        return y

    def backward(self, k: Any, dy: Any) -> tuple:
        (y,) = self.saved
        return (k.tanh_grad(dy, y),)


def tanh(x: Tensor) -> Tensor:
    """Hyperbolic tangent.

    >>> tanh(Tensor([0.0])).numpy()
    array([0.], dtype=float32)
    """
    return Tanh()(x)
