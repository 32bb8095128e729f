"""y = x where x ≥ θ, else α·(x − θ); dx = dy where x > θ, else α·dy."""

from dataclasses import dataclass
from typing import Any

from ..tensor import Tensor
from .op import Op


@dataclass(eq=False)
class LeakyReLU(Op):
    negative_slope: float
    threshold: float

    def forward(self, k: Any, x: Any) -> Any:
        self.save(x)
        return k.leaky_relu(x, negative_slope=self.negative_slope, threshold=self.threshold)

    def backward(self, k: Any, dy: Any) -> tuple:
        (x,) = self.saved
        return (k.leaky_relu_grad(dy, x, negative_slope=self.negative_slope, threshold=self.threshold),)


def leaky_relu(x: Tensor, negative_slope: float = 0.2, threshold: float = 0.0) -> Tensor:
    """ReLU that lets a little through below θ.  Source: Maas et al. (2013).

    >>> leaky_relu(Tensor([-1.0, 2.0]), negative_slope=0.5).numpy()
    array([-0.5,  2. ], dtype=float32)
    """
    return LeakyReLU(negative_slope, threshold)(x)
