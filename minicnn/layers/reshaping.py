"""Flatten, Reshape and ZeroPadding2D: the same numbers in another shape."""

from typing import Any

from .. import ops
from ..kernels.geometry import Pads, Pair
from ..tensor import Tensor
from .layer import Layer
from .options import expect_channels_last


class Flatten(Layer):
    """(N, …) to (N, features), row-major.

    >>> import numpy as np
    >>> Flatten()(np.zeros((2, 4, 4, 3))).shape
    (2, 48)
    """

    def __init__(self, data_format: str | None = None, **kwargs: Any):
        super().__init__(**kwargs)
        expect_channels_last(data_format)

    def call(self, inputs: Tensor) -> Tensor:
        return ops.reshape(inputs, (inputs.shape[0], -1))


class Reshape(Layer):
    """(N, …) to (N, *target_shape); one entry of the target may be −1.

    >>> import numpy as np
    >>> Reshape((4, -1))(np.zeros((2, 12))).shape
    (2, 4, 3)
    """

    def __init__(self, target_shape: tuple[int, ...], **kwargs: Any):
        super().__init__(**kwargs)
        self.target_shape = tuple(target_shape)

    def call(self, inputs: Tensor) -> Tensor:
        return ops.reshape(inputs, (inputs.shape[0], *self.target_shape))


class ZeroPadding2D(Layer):
    """Zeros around images: padding is one number, (rows, columns) or ((top, bottom), (left, right)).

    >>> import numpy as np
    >>> ZeroPadding2D(((1, 0), (2, 2)))(np.ones((1, 4, 4, 3))).shape
    (1, 5, 8, 3)
    """

    def __init__(self, padding: int | Pair | Pads = (1, 1), data_format: str | None = None, **kwargs: Any):
        super().__init__(**kwargs)
        expect_channels_last(data_format)
        rows, columns = (padding, padding) if isinstance(padding, int) else padding
        self.padding: Any = tuple((side, side) if isinstance(side, int) else tuple(side) for side in (rows, columns))

    def call(self, inputs: Tensor) -> Tensor:
        return ops.pad(inputs, ((0, 0), *self.padding, (0, 0)))
