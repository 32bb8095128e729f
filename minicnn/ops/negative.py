"""y = −x; dx = −dy."""

from typing import Any

from ..tensor import Tensor
from .op import Op


class Negative(Op):
    def forward(self, k: Any, x: Any) -> Any:
        return k.negative(x)

    def backward(self, k: Any, dy: Any) -> tuple:
        return (k.negative(dy),)


def negative(x: Tensor) -> Tensor:
    """−x.

    >>> negative(Tensor([1.0, -2.0])).numpy()
    array([-1.,  2.], dtype=float32)
    """
    return Negative()(x)
