"""y = |x|; dx = dy·sign(x), 0 at the kink."""

from typing import Any

from ..tensor import Tensor
from .op import Op


class Absolute(Op):
    def forward(self, k: Any, x: Any) -> Any:
        y = k.absolute(x)
        self.save(x)
        return y

    def backward(self, k: Any, dy: Any) -> tuple:
        (x,) = self.saved
        return (k.multiply(dy, k.sign(x)),)


def absolute(x: Tensor) -> Tensor:
    """|x|; the gradient at 0 is 0, as in TensorFlow.

    >>> absolute(Tensor([1.0, -2.0])).numpy()
    array([1., 2.], dtype=float32)
    """
    return Absolute()(x)
