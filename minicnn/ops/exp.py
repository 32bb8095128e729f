"""y = eˣ; dx = dy·y."""

from typing import Any

from ..tensor import Tensor
from .op import Op


class Exp(Op):
    def forward(self, k: Any, x: Any) -> Any:
        y = k.exp(x)
        self.save(y)
        return y

    def backward(self, k: Any, dy: Any) -> tuple:
        (y,) = self.saved
        return (k.multiply(dy, y),)


def exp(x: Tensor) -> Tensor:
    """eˣ.

    >>> exp(Tensor([0.0])).numpy()
    array([1.], dtype=float32)
    """
    return Exp()(x)
