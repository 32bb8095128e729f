"""As portable: not compiled yet."""

from ..portable.normalization import (
    batch_norm,
    batch_norm_grad,
    batch_norm_inference,
    batch_norm_inference_grad,
    update_moving_average,
)

__all__ = [
    "batch_norm",
    "batch_norm_grad",
    "batch_norm_inference",
    "batch_norm_inference_grad",
    "update_moving_average",
]
