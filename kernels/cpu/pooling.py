"""As portable: not compiled yet."""

from ..portable.pooling import (
    avg_pool2d,
    avg_pool2d_grad,
    global_avg_pool2d,
    global_avg_pool2d_grad,
    global_max_pool2d,
    global_max_pool2d_grad,
    max_pool2d,
    max_pool2d_grad,
)

__all__ = [
    "avg_pool2d",
    "avg_pool2d_grad",
    "global_avg_pool2d",
    "global_avg_pool2d_grad",
    "global_max_pool2d",
    "global_max_pool2d_grad",
    "max_pool2d",
    "max_pool2d_grad",
]
