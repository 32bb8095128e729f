"""y = max(x, 0); dx = dy where y > 0, else 0."""

from typing import Any

from ..tensor import Tensor
from .op import Op


class ReLU(Op):
    def forward(self, k: Any, x: Any) -> Any:
        y = k.relu(x)
        self.save(y)
        return y

    def backward(self, k: Any, dy: Any) -> tuple:
        (y,) = self.saved
        return (k.relu_grad(dy, y),)


def relu(x: Tensor) -> Tensor:
    """max(x, 0); the gradient at 0 is 0.  Source: Nair & Hinton (2010).

    >>> relu(Tensor([-1.0, 2.0])).numpy()
    array([0., 2.], dtype=float32)
    """
    return ReLU()(x)
