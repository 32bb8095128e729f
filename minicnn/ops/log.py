"""y = ln x; dx = dy / x."""

from typing import Any

from ..tensor import Tensor
from .op import Op


class Log(Op):
    def forward(self, k: Any, x: Any) -> Any:
        y = k.log(x)
        self.save(x)
        return y

    def backward(self, k: Any, dy: Any) -> tuple:
        (x,) = self.saved
        return (k.divide(dy, x),)


def log(x: Tensor) -> Tensor:
    """Natural logarithm.

    >>> log(Tensor([1.0])).numpy()
    array([0.], dtype=float32)
    """
    return Log()(x)
