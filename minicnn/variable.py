"""Variable: a tensor that a layer owns and an optimizer changes."""

from typing import TYPE_CHECKING, Any

import numpy as np

from .kernels import ShapeError
from .tensor import Tensor

if TYPE_CHECKING:
    from .regularizers import Regularizer


class Variable(Tensor):
    """A named, assignable tensor.

    trainable       whether optimizers change it; frozen variables get no gradient
    regularizer     adds a penalty on this variable to the loss, or None

    >>> v = Variable([1.0, 2.0], name="bias")
    >>> v.assign([3.0, 4.0])
    >>> v.numpy()
    array([3., 4.], dtype=float32)
    """

    def __init__(
        self, data: Any, name: str = "variable", trainable: bool = True, regularizer: "Regularizer | None" = None
    ):
        super().__init__(data, requires_grad=trainable, name=name)
        self.regularizer = regularizer
        self.path = name

    @property
    def trainable(self) -> bool:
        return self.requires_grad

    @trainable.setter
    def trainable(self, value: bool) -> None:
        self.requires_grad = bool(value)

    def assign(self, value: Any) -> None:
        """Replace the numbers; raises ShapeError unless the shape is the same."""
        value = np.array(value, self.dtype)
        if value.shape != self.shape:
            raise ShapeError(f"variable {self.path!r} has shape {self.shape}, cannot take {value.shape}")
        self.data = value
