"""Add, Multiply and Concatenate: where branches of a model meet."""

import functools
from collections.abc import Sequence
from typing import Any

from .. import ops
from ..kernels import ShapeError
from ..tensor import Tensor
from .layer import Layer, Shape


class _Merge(Layer):
    """A layer over a list of at least two inputs."""

    def build(self, input_shape: Sequence[Shape]) -> None:
        if not isinstance(input_shape, (list, tuple)) or len(input_shape) < 2 or not isinstance(input_shape[0], tuple):
            raise ShapeError(f"merges a list of at least two inputs, as in {type(self).__name__}()([a, b])")


class Add(_Merge):
    """The sum of the inputs: the meeting point of a residual connection.  Source: He et al. (2015).

    >>> import numpy as np
    >>> Add()([np.ones((1, 2)), np.ones((1, 2))]).numpy()
    array([[2., 2.]], dtype=float32)
    """

    def call(self, inputs: Sequence[Tensor]) -> Tensor:
        return functools.reduce(ops.add, inputs)


class Multiply(_Merge):
    """The product of the inputs, element by element: a gate.

    >>> import numpy as np
    >>> Multiply()([np.full((1, 2), 3.0), np.full((1, 2), 2.0)]).numpy()
    array([[6., 6.]], dtype=float32)
    """

    def call(self, inputs: Sequence[Tensor]) -> Tensor:
        return functools.reduce(ops.multiply, inputs)


class Concatenate(_Merge):
    """The inputs one after the other along `axis`, usually the channels.

    >>> import numpy as np
    >>> Concatenate()([np.ones((1, 4, 4, 2)), np.ones((1, 4, 4, 3))]).shape
    (1, 4, 4, 5)
    """

    def __init__(self, axis: int = -1, **kwargs: Any):
        super().__init__(**kwargs)
        self.axis = axis

    def call(self, inputs: Sequence[Tensor]) -> Tensor:
        return ops.concatenate(inputs, self.axis)
