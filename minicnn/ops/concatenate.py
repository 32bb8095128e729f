"""y = the inputs one after the other along an axis; each gets its own slice of dy."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from ..tensor import Tensor
from .op import Op
from .sum import normalize_axes


@dataclass(eq=False)
class Concatenate(Op):
    axis: int

    def forward(self, k: Any, *arrays: Any) -> Any:
        self.save([a.shape[self.axis] for a in arrays])
        return k.concatenate(arrays, axis=self.axis)

    def backward(self, k: Any, dy: Any) -> tuple:
        (lengths,) = self.saved
        before = (slice(None),) * self.axis
        starts = [sum(lengths[:i]) for i in range(len(lengths))]
        return tuple(k.getitem(dy, key=(*before, slice(i, i + n))) for i, n in zip(starts, lengths))


def concatenate(tensors: Sequence[Tensor], axis: int = -1) -> Tensor:
    """Join tensors along an axis; their other axes must agree (ShapeError).

    Raises ValueError for an axis that is not there.

    >>> concatenate([Tensor([[1.0]]), Tensor([[2.0, 3.0]])]).numpy()
    array([[1., 2., 3.]], dtype=float32)
    """
    (axis,) = normalize_axes(axis, tensors[0].ndim)
    return Concatenate(axis)(*tensors)
