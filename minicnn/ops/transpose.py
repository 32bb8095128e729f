"""y's axis i is x's axis axes[i]; dx by the inverse permutation."""

from dataclasses import dataclass
from typing import Any

from ..tensor import Tensor
from .op import Op


@dataclass(eq=False)
class Transpose(Op):
    axes: tuple[int, ...]

    def forward(self, k: Any, x: Any) -> Any:
        return k.transpose(x, axes=self.axes)

    def backward(self, k: Any, dy: Any) -> tuple:
        inverse = tuple(self.axes.index(i) for i in range(len(self.axes)))
        return (k.transpose(dy, axes=inverse),)


def transpose(x: Tensor, axes: tuple[int, ...] | None = None) -> Tensor:
    """x with its axes in another order; reversed when `axes` is left out.

    >>> transpose(Tensor([[1.0, 2.0, 3.0]])).shape
    (3, 1)
    """
    return Transpose(tuple(axes) if axes is not None else tuple(reversed(range(x.ndim))))(x)
