"""y has x's numbers in row-major order under another shape; dx = dy under x's shape."""

from dataclasses import dataclass
from typing import Any

from ..tensor import Tensor
from .op import Op


@dataclass(eq=False)
class Reshape(Op):
    shape: tuple[int, ...]

    def forward(self, k: Any, x: Any) -> Any:
        self.save(x.shape)
        return k.reshape(x, shape=self.shape)

    def backward(self, k: Any, dy: Any) -> tuple:
        (shape,) = self.saved
        return (k.reshape(dy, shape=tuple(shape)),)


def reshape(x: Tensor, shape: tuple[int, ...]) -> Tensor:
    """The same numbers under another shape; one entry may be −1.

    >>> reshape(Tensor([1.0, 2.0, 3.0, 4.0]), (2, -1)).shape
    (2, 2)
    """
    return Reshape(tuple(shape))(x)
