"""y = min(max(x, low), high); dx = dy where low ≤ x ≤ high, else 0."""

from dataclasses import dataclass
from typing import Any

from ..tensor import Tensor
from .op import Op


@dataclass(eq=False)
class Clip(Op):
    low: float
    high: float

    def forward(self, k: Any, x: Any) -> Any:
        self.save(x)
        return k.clip(x, low=self.low, high=self.high)

    def backward(self, k: Any, dy: Any) -> tuple:
        (x,) = self.saved
        return (k.clip_grad(dy, x, low=self.low, high=self.high),)


def clip(x: Tensor, low: float, high: float) -> Tensor:
    """x kept between low and high.

    >>> clip(Tensor([-1.0, 2.0, 9.0]), 0.0, 6.0).numpy()
    array([0., 2., 6.], dtype=float32)
    """
    return Clip(low, high)(x)
