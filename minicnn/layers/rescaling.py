"""Rescaling: pixels 0 … 255 to 0 … 1 inside the model, where nobody can forget it."""

from typing import Any

import numpy as np

from ..tensor import Tensor
from .layer import Layer


class Rescaling(Layer):
    """y = x·scale + offset; scale and offset are numbers, or one number a channel.

    >>> import numpy as np
    >>> Rescaling(1 / 255)(np.array([[0, 51, 255]], np.uint8)).numpy().round(4)
    array([[0. , 0.2, 1. ]], dtype=float32)
    """

    def __init__(self, scale: Any, offset: Any = 0.0, **kwargs: Any):
        super().__init__(**kwargs)
        self.scale, self.offset = scale, offset

    def call(self, inputs: Tensor) -> Tensor:
        return inputs * np.asarray(self.scale, self.dtype) + np.asarray(self.offset, self.dtype)
