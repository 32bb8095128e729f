"""y = x with zeros around; dx = the inner part of dy."""

from dataclasses import dataclass
from typing import Any

from ..tensor import Tensor
from .op import Op


@dataclass(eq=False)
class Pad(Op):
    widths: tuple[tuple[int, int], ...]

    def forward(self, k: Any, x: Any) -> Any:
        self.save(x.shape)
        return k.pad(x, widths=self.widths)

    def backward(self, k: Any, dy: Any) -> tuple:
        (shape,) = self.saved
        inner = tuple(slice(before, before + size) for (before, _), size in zip(self.widths, shape))
        return (k.getitem(dy, key=inner),)


def pad(x: Tensor, widths: tuple[tuple[int, int], ...]) -> Tensor:
    """x with widths[i] = (before, after) zeros around axis i.

    >>> pad(Tensor([[1.0]]), ((0, 0), (1, 2))).numpy()
    array([[0., 1., 0., 0.]], dtype=float32)
    """
    return Pad(tuple((before, after) for before, after in widths))(x)
