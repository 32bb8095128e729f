"""y = aᵉ for a constant e; da = e·aᵉ⁻¹·dy."""

from dataclasses import dataclass
from typing import Any

from ..tensor import Tensor
from .op import Op


@dataclass(eq=False)
class Power(Op):
    exponent: float

    def forward(self, k: Any, a: Any) -> Any:
        self.save(a)
        return k.power(a, exponent=self.exponent)

    def backward(self, k: Any, dy: Any) -> tuple:
        (a,) = self.saved
        e = a.dtype.type(self.exponent)
        below = self.exponent - 1 if self.exponent else 0  # a⁰ is constant, at a = 0 too: no 0 · ∞
        return (k.multiply(dy, k.multiply(e, k.power(a, exponent=below))),)


def power(a: Tensor, exponent: float) -> Tensor:
    """aᵉ; the exponent is a number, not a tensor.

    >>> power(Tensor([2.0, 3.0]), 2).numpy()
    array([4., 9.], dtype=float32)
    """
    if isinstance(exponent, Tensor):
        raise TypeError("the exponent must be a number; gradients with respect to exponents are not supported")
    return Power(exponent)(a)
