"""BatchNormalization: each channel shifted and scaled to mean 0 and variance 1, then to β and γ."""

from typing import Any

import numpy as np

from .. import ops
from ..device import kernels_for
from ..kernels import ShapeError
from ..tensor import Tensor
from .layer import Layer, Shape
from .options import on_last_axis


class BatchNormalization(Layer):
    """y = γ·(x − μ)/√(v + ε) + β over all axes but `axis`.

    Training uses the batch's statistics and moves the moving ones towards them,
    moving ← momentum·moving + (1 − momentum)·batch; inference, and a frozen layer, use the moving ones.
    Source: Ioffe & Szegedy, "Batch normalization" (2015).

    >>> import numpy as np
    >>> layer = BatchNormalization()
    >>> layer(np.array([[1.0], [3.0]]), training=True).numpy().ravel().round(2)
    array([-1.,  1.], dtype=float32)
    >>> layer.moving_mean.numpy().round(2)
    array([0.02], dtype=float32)
    """

    def __init__(
        self,
        axis: int = -1,
        momentum: float = 0.99,
        epsilon: float = 1e-3,
        center: bool = True,
        scale: bool = True,
        beta_initializer: Any = "zeros",
        gamma_initializer: Any = "ones",
        moving_mean_initializer: Any = "zeros",
        moving_variance_initializer: Any = "ones",
        beta_regularizer: Any = None,
        gamma_regularizer: Any = None,
        **kwargs: Any,
    ):
        super().__init__(**kwargs)
        self.axis, self.momentum, self.epsilon = axis, momentum, epsilon
        self.center, self.scale = center, scale
        self.beta_initializer, self.gamma_initializer = beta_initializer, gamma_initializer
        self.moving_mean_initializer = moving_mean_initializer
        self.moving_variance_initializer = moving_variance_initializer
        self.beta_regularizer, self.gamma_regularizer = beta_regularizer, gamma_regularizer

    def build(self, input_shape: Shape) -> None:
        rank = len(input_shape)
        channels = input_shape[self.axis] if -rank <= self.axis < rank else None
        if channels is None:
            raise ShapeError(
                f"axis={self.axis} of {tuple(input_shape)} has no fixed size to normalise over; "
                "the channels of images (N, H, W, C) are axis=-1"
            )
        self.gamma = self._scale_or_shift(self.scale, channels, self.gamma_initializer, "gamma", self.gamma_regularizer)
        self.beta = self._scale_or_shift(self.center, channels, self.beta_initializer, "beta", self.beta_regularizer)
        self.moving_mean = self.add_weight(
            (channels,), self.moving_mean_initializer, trainable=False, name="moving_mean"
        )
        self.moving_variance = self.add_weight(
            (channels,), self.moving_variance_initializer, trainable=False, name="moving_variance"
        )

    def _scale_or_shift(self, wanted: bool, channels: int, initializer: Any, name: str, regularizer: Any) -> Tensor:
        """A variable γ or β, or the constant that leaves things as they are."""
        if wanted:
            return self.add_weight((channels,), initializer, regularizer=regularizer, name=name)
        return Tensor(np.broadcast_to(np.asarray(name == "gamma", self.dtype), (channels,)))

    def call(self, inputs: Tensor, training: bool = False) -> Tensor:
        return on_last_axis(lambda x: self._normalize(x, training), inputs, self.axis)

    def _normalize(self, x: Tensor, training: bool) -> Tensor:
        if not (training and self.trainable):
            return ops.batch_norm_inference(
                x, self.gamma, self.beta, self.moving_mean, self.moving_variance, self.epsilon
            )
        y, mean, variance = ops.batch_norm(x, self.gamma, self.beta, self.epsilon)
        k = kernels_for([x.data])
        k.update_moving_average(self.moving_mean.data, mean, momentum=self.momentum)
        k.update_moving_average(self.moving_variance.data, variance, momentum=self.momentum)
        return y
