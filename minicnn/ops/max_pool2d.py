"""y[n,p,q,c] = max over a window of x; dx = dy at each window's first maximum, else 0."""

from dataclasses import asdict, dataclass
from typing import Any

from ..kernels.geometry import Padding, Pads, Pair, resolve_pads
from ..tensor import Tensor
from .op import Op
from .pairs import pair


@dataclass(eq=False)
class MaxPool2D(Op):
    pool_size: Pair
    strides: Pair
    pads: Pads

    def forward(self, k: Any, x: Any) -> Any:
        y, code = k.max_pool2d(x, **asdict(self))
        self.save(code, x.shape[1:3])
        return y

    def backward(self, k: Any, dy: Any) -> tuple:
        code, size = self.saved
        return (k.max_pool2d_grad(dy, code, input_size=tuple(size), **asdict(self)),)


def max_pool2d(
    x: Tensor, pool_size: int | Pair = 2, strides: int | Pair | None = None, padding: Padding = "valid"
) -> Tensor:
    """Largest value of each window of images x (N, H, W, C); strides default to the window size.

    Ties go to the first maximum in row-major order; padding never wins.

    >>> max_pool2d(Tensor([[1.0, 2.0], [4.0, 3.0]]).reshape(1, 2, 2, 1)).item()
    4.0
    """
    window = pair(pool_size, "pool_size")
    steps = window if strides is None else pair(strides, "strides")
    return MaxPool2D(window, steps, resolve_pads(padding, x.shape[1:3], window, steps))(x)
