"""y = Σ x over some axes; dx = dy, repeated along them."""

from dataclasses import dataclass
from typing import Any

from ..tensor import Tensor
from .op import Op


@dataclass(eq=False)
class Sum(Op):
    axis: tuple[int, ...]
    keepdims: bool

    def forward(self, k: Any, x: Any) -> Any:
        self.save(x.shape)
        return k.sum(x, axis=self.axis, keepdims=self.keepdims)

    def backward(self, k: Any, dy: Any) -> tuple:
        (shape,) = self.saved
        ones_kept = tuple(1 if i in self.axis else size for i, size in enumerate(shape))
        return (k.broadcast_to(k.reshape(dy, shape=ones_kept), shape=tuple(shape)),)


def sum(x: Tensor, axis: int | tuple[int, ...] | None = None, keepdims: bool = False) -> Tensor:
    """Sum over one axis, several, or all.

    >>> sum(Tensor([[1.0, 2.0], [3.0, 4.0]]), axis=0).numpy()
    array([4., 6.], dtype=float32)
    """
    return Sum(normalize_axes(axis, x.ndim), keepdims)(x)


def normalize_axes(axis: int | tuple[int, ...] | None, ndim: int) -> tuple[int, ...]:
    """Axes as sorted non-negative numbers; all of them for None. Raises ValueError for one that is not there."""
    axes = tuple(range(ndim)) if axis is None else (axis,) if isinstance(axis, int) else tuple(axis)
    if any(not -ndim <= a < ndim for a in axes):
        raise ValueError(f"axis {axis} does not exist in a tensor of {ndim} axes")
    return tuple(sorted({a % ndim for a in axes}))
