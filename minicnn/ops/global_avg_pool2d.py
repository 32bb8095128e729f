"""y[n,c] = (1/H·W) Σ_{h,v} x[n,h,v,c]; dx[n,h,v,c] = dy[n,c] / (H·W)."""

from typing import Any

from ..tensor import Tensor
from .op import Op


class GlobalAvgPool2D(Op):
    def forward(self, k: Any, x: Any) -> Any:
        self.save(x.shape[1:3])
        return k.global_avg_pool2d(x)

    def backward(self, k: Any, dy: Any) -> tuple:
        (size,) = self.saved
        return (k.global_avg_pool2d_grad(dy, input_size=tuple(size)),)


def global_avg_pool2d(x: Tensor) -> Tensor:
    """Mean of every channel of images x (N, H, W, C), giving (N, C).  Source: Lin et al. (2013).

    >>> global_avg_pool2d(Tensor([[1.0, 2.0], [4.0, 3.0]]).reshape(1, 2, 2, 1)).numpy()
    array([[2.5]], dtype=float32)
    """
    return GlobalAvgPool2D()(x)
