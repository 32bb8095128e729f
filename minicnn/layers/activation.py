"""Activations as layers of their own."""

import math
from typing import Any

from .. import activations, ops
from ..tensor import Tensor
from .layer import Layer
from .options import on_last_axis


class Activation(Layer):
    """An activation by name or function.

    >>> import numpy as np
    >>> Activation("relu")(np.array([[-1.0, 2.0]])).numpy()
    array([[0., 2.]], dtype=float32)
    """

    def __init__(self, activation: Any, **kwargs: Any):
        super().__init__(**kwargs)
        self.activation = activations.get(activation)

    def call(self, inputs: Tensor) -> Tensor:
        return self.activation(inputs)


class ReLU(Layer):
    """y = x above the threshold θ (at most max_value), negative_slope·(x − θ) below it.

    >>> import numpy as np
    >>> ReLU(max_value=6.0)(np.array([[-1.0, 2.0, 9.0]])).numpy()
    array([[0., 2., 6.]], dtype=float32)
    """

    def __init__(
        self, max_value: float | None = None, negative_slope: float = 0.0, threshold: float = 0.0, **kwargs: Any
    ):
        super().__init__(**kwargs)
        for name, value in (("max_value", max_value), ("negative_slope", negative_slope), ("threshold", threshold)):
            if value is not None and value < 0:
                raise ValueError(f"{name} of a ReLU layer must not be negative, got {value}")
        self.max_value = max_value
        self.negative_slope = negative_slope
        self.threshold = threshold

    def call(self, inputs: Tensor) -> Tensor:
        if self.negative_slope or self.threshold:
            y = ops.leaky_relu(inputs, self.negative_slope, self.threshold)
        else:
            y = ops.relu(inputs)
        return y if self.max_value is None else ops.clip(y, -math.inf, self.max_value)


class LeakyReLU(Layer):
    """y = x where x ≥ 0, else negative_slope·x.  Source: Maas et al. (2013).

    >>> import numpy as np
    >>> LeakyReLU(0.5)(np.array([[-1.0, 2.0]])).numpy()
    array([[-0.5,  2. ]], dtype=float32)
    """

    def __init__(self, negative_slope: float = 0.3, **kwargs: Any):
        super().__init__(**kwargs)
        self.negative_slope = negative_slope

    def call(self, inputs: Tensor) -> Tensor:
        return ops.leaky_relu(inputs, self.negative_slope)


class Softmax(Layer):
    """Probabilities along one axis.

    >>> import numpy as np
    >>> Softmax()(np.array([[0.0, 0.0]])).numpy()
    array([[0.5, 0.5]], dtype=float32)
    """

    def __init__(self, axis: int = -1, **kwargs: Any):
        super().__init__(**kwargs)
        self.axis = axis

    def call(self, inputs: Tensor) -> Tensor:
        return on_last_axis(ops.softmax, inputs, self.axis)
