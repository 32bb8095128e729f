"""Dense: every output sees every input."""

from typing import Any

from .. import activations, ops
from ..kernels import ShapeError
from ..tensor import Tensor
from .layer import Layer, Shape
from .options import positive_integer


class Dense(Layer):
    """Features (N, …, C) to (N, …, units): y = activation(x·kernel + bias); kernel (C, units), bias (units,).

    Source: Rumelhart, Hinton & Williams (1986).

    >>> import numpy as np
    >>> layer = Dense(10, activation="softmax")
    >>> layer(np.zeros((2, 84))).shape, layer.count_params()
    ((2, 10), 850)
    """

    def __init__(
        self,
        units: int,
        activation: Any = None,
        use_bias: bool = True,
        kernel_initializer: Any = "glorot_uniform",
        bias_initializer: Any = "zeros",
        kernel_regularizer: Any = None,
        bias_regularizer: Any = None,
        **kwargs: Any,
    ):
        super().__init__(**kwargs)
        self.units = positive_integer("Dense", "units", units)
        self.activation = activations.get(activation)
        self.use_bias = use_bias
        self.kernel_initializer, self.bias_initializer = kernel_initializer, bias_initializer
        self.kernel_regularizer, self.bias_regularizer = kernel_regularizer, bias_regularizer

    def build(self, input_shape: Shape) -> None:
        features = input_shape[-1]
        if len(input_shape) < 2 or features is None:
            raise ShapeError(f"expects (N, …, C), got only {len(input_shape)} axis; add the batch axis with x[None]")
        self.kernel = self.add_weight(
            (features, self.units), self.kernel_initializer, regularizer=self.kernel_regularizer, name="kernel"
        )
        self.bias = (
            self.add_weight((self.units,), self.bias_initializer, regularizer=self.bias_regularizer, name="bias")
            if self.use_bias
            else None
        )

    def call(self, inputs: Tensor) -> Tensor:
        if inputs.ndim == 2:
            return self.activation(ops.dense(inputs, self.kernel, self.bias))
        rows = ops.dense(ops.reshape(inputs, (-1, inputs.shape[-1])), self.kernel, self.bias)
        return self.activation(ops.reshape(rows, (*inputs.shape[:-1], self.units)))
