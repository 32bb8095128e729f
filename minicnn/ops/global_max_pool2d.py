"""y[n,c] = max_{h,v} x[n,h,v,c]; dx = dy at the first maximum, else 0."""

from typing import Any

from ..tensor import Tensor
from .op import Op


class GlobalMaxPool2D(Op):
    def forward(self, k: Any, x: Any) -> Any:
        y, index = k.global_max_pool2d(x)
        self.save(index, x.shape[1:3])
        return y

    def backward(self, k: Any, dy: Any) -> tuple:
        index, size = self.saved
        return (k.global_max_pool2d_grad(dy, index, input_size=tuple(size)),)


def global_max_pool2d(x: Tensor) -> Tensor:
    """Largest value of every channel of images x (N, H, W, C), giving (N, C); the first wins a tie.

    >>> global_max_pool2d(Tensor([[1.0, 2.0], [4.0, 3.0]]).reshape(1, 2, 2, 1)).numpy()
    array([[4.]], dtype=float32)
    """
    return GlobalMaxPool2D()(x)
