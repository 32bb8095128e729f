"""MaxPooling2D and AveragePooling2D: one number for every window of every channel."""

from typing import Any

from .. import ops
from ..kernels.geometry import Padding, Pair, expect_padding
from ..ops.pairs import pair
from ..tensor import Tensor
from .layer import Layer
from .options import expect_channels_last


class _Pooling2D(Layer):
    """What both poolings share: window, strides (the window when left out) and padding."""

    def __init__(
        self,
        pool_size: int | Pair = (2, 2),
        strides: int | Pair | None = None,
        padding: Padding = "valid",
        data_format: str | None = None,
        **kwargs: Any,
    ):
        super().__init__(**kwargs)
        expect_channels_last(data_format)
        expect_padding(padding)
        self.pool_size = pair(pool_size, "pool_size")
        self.strides = self.pool_size if strides is None else pair(strides, "strides")
        self.padding = padding


class MaxPooling2D(_Pooling2D):
    """The largest value of each window: (N, H, W, C) to (N, P, Q, C); the first wins a tie.

    >>> import numpy as np
    >>> MaxPooling2D(2)(np.zeros((1, 28, 28, 6))).shape
    (1, 14, 14, 6)
    """

    def call(self, inputs: Tensor) -> Tensor:
        return ops.max_pool2d(inputs, self.pool_size, self.strides, self.padding)


class AveragePooling2D(_Pooling2D):
    """The mean of each window: (N, H, W, C) to (N, P, Q, C); padding is not counted.

    >>> import numpy as np
    >>> AveragePooling2D(2)(np.ones((1, 4, 4, 1))).numpy().ravel()
    array([1., 1., 1., 1.], dtype=float32)
    """

    def call(self, inputs: Tensor) -> Tensor:
        return ops.avg_pool2d(inputs, self.pool_size, self.strides, self.padding)
