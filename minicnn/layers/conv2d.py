"""Conv2D: a bank of K kernels slid over the image."""

from typing import Any

from .. import activations, ops
from ..kernels import ShapeError
from ..kernels.geometry import Padding, Pair, expect_padding
from ..ops.pairs import pair
from ..tensor import Tensor
from .layer import Layer, Shape
from .options import expect_channels_last, positive_integer


class Conv2D(Layer):
    """Images (N, H, W, C) to (N, P, Q, filters): y = activation(conv2d(x, kernel) + bias).

    kernel (R, S, C/groups, filters), bias (filters,); padding "valid", "same", a number or explicit pairs.
    Source: LeCun et al., "Gradient-based learning applied to document recognition" (1998).

    >>> import numpy as np
    >>> layer = Conv2D(6, 5, padding="same", activation="relu")
    >>> layer(np.zeros((2, 28, 28, 1))).shape, layer.count_params()
    ((2, 28, 28, 6), 156)
    """

    def __init__(
        self,
        filters: int,
        kernel_size: int | Pair,
        strides: int | Pair = (1, 1),
        padding: Padding = "valid",
        data_format: str | None = None,
        dilation_rate: int | Pair = (1, 1),
        groups: int = 1,
        activation: Any = None,
        use_bias: bool = True,
        kernel_initializer: Any = "glorot_uniform",
        bias_initializer: Any = "zeros",
        kernel_regularizer: Any = None,
        bias_regularizer: Any = None,
        **kwargs: Any,
    ):
        super().__init__(**kwargs)
        expect_channels_last(data_format)
        expect_padding(padding)
        self.filters = positive_integer("Conv2D", "filters", filters)
        self.groups = positive_integer("Conv2D", "groups", groups)
        if filters % groups:
            raise ValueError(f"Conv2D: filters={filters} must be a multiple of groups={groups}")
        self.kernel_size = pair(kernel_size, "kernel_size")
        self.strides = pair(strides, "strides")
        self.padding = padding
        self.dilation_rate = pair(dilation_rate, "dilation_rate")
        self.activation = activations.get(activation)
        self.use_bias = use_bias
        self.kernel_initializer, self.bias_initializer = kernel_initializer, bias_initializer
        self.kernel_regularizer, self.bias_regularizer = kernel_regularizer, bias_regularizer

    def build(self, input_shape: Shape) -> None:
        channels = image_channels(input_shape)
        if channels % self.groups:
            raise ShapeError(f"groups={self.groups} must divide the input's C={channels} channels")
        shape = (*self.kernel_size, channels // self.groups, self.filters)
        self.kernel = self.add_weight(
            shape, self.kernel_initializer, regularizer=self.kernel_regularizer, name="kernel"
        )
        self.bias = (
            self.add_weight((self.filters,), self.bias_initializer, regularizer=self.bias_regularizer, name="bias")
            if self.use_bias
            else None
        )

    def call(self, inputs: Tensor) -> Tensor:
        y = ops.conv2d(inputs, self.kernel, self.bias, self.strides, self.padding, self.dilation_rate, self.groups)
        return self.activation(y)


def image_channels(input_shape: Shape) -> int:
    """C of an (N, H, W, C) shape. Raises ShapeError, with the likely fix, for any other shape."""
    if len(input_shape) != 4 or input_shape[-1] is None:
        raise ShapeError(
            f"expects images (N, H, W, C), got {len(input_shape)} axes: {tuple(input_shape)}{_hint(input_shape)}"
        )
    return input_shape[-1]


def _hint(input_shape: Shape) -> str:
    if len(input_shape) == 5:
        return "; Input(shape=…) is the shape of one image: leave the batch axis out"
    if len(input_shape) != 3:
        return ""
    if input_shape[-1] in (1, 3, 4):
        return "; is that a single image (H, W, C)? add the batch axis with x[None]"
    return "; grey images need a channel axis too: x[..., None], or Input(shape=(H, W, 1))"
