"""y = x[key]; dx is dy put back at [key], zero elsewhere."""

from dataclasses import dataclass
from typing import Any

from ..tensor import Tensor
from .op import Op


@dataclass(eq=False)
class GetItem(Op):
    key: Any

    def forward(self, k: Any, x: Any) -> Any:
        self.save(x.shape)
        return k.getitem(x, key=self.key)

    def backward(self, k: Any, dy: Any) -> tuple:
        (shape,) = self.saved
        return (k.getitem_grad(dy, key=self.key, shape=tuple(shape)),)


def getitem(x: Tensor, key: Any) -> Tensor:
    """NumPy's indexing: numbers, slices, integer and boolean arrays.

    >>> getitem(Tensor([1.0, 2.0, 3.0]), slice(1, None)).numpy()
    array([2., 3.], dtype=float32)
    """
    return GetItem(key)(x)
