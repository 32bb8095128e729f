"""GlobalAveragePooling2D and GlobalMaxPooling2D: one number a channel."""

from typing import Any

from .. import ops
from ..tensor import Tensor
from .layer import Layer
from .options import expect_channels_last


class _GlobalPooling2D(Layer):
    def __init__(self, data_format: str | None = None, keepdims: bool = False, **kwargs: Any):
        super().__init__(**kwargs)
        expect_channels_last(data_format)
        self.keepdims = keepdims

    def _shaped(self, y: Tensor) -> Tensor:
        return ops.reshape(y, (y.shape[0], 1, 1, y.shape[1])) if self.keepdims else y


class GlobalAveragePooling2D(_GlobalPooling2D):
    """The mean of each channel: (N, H, W, C) to (N, C).  Source: Lin et al., "Network in network" (2013).

    >>> import numpy as np
    >>> GlobalAveragePooling2D()(np.ones((2, 4, 4, 3))).shape
    (2, 3)
    """

    def call(self, inputs: Tensor) -> Tensor:
        return self._shaped(ops.global_avg_pool2d(inputs))


class GlobalMaxPooling2D(_GlobalPooling2D):
    """The largest value of each channel: (N, H, W, C) to (N, C); the first wins a tie.

    >>> import numpy as np
    >>> GlobalMaxPooling2D(keepdims=True)(np.ones((2, 4, 4, 3))).shape
    (2, 1, 1, 3)
    """

    def call(self, inputs: Tensor) -> Tensor:
        return self._shaped(ops.global_max_pool2d(inputs))
