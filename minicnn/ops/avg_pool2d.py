"""y[n,p,q,c] = mean over a window of x; dx spreads dy evenly over the window."""

from dataclasses import asdict, dataclass
from typing import Any

from ..kernels.geometry import Padding, Pads, Pair, resolve_pads
from ..tensor import Tensor
from .op import Op
from .pairs import pair


@dataclass(eq=False)
class AvgPool2D(Op):
    pool_size: Pair
    strides: Pair
    pads: Pads

    def forward(self, k: Any, x: Any) -> Any:
        self.save(x.shape[1:3])
        return k.avg_pool2d(x, **asdict(self))

    def backward(self, k: Any, dy: Any) -> tuple:
        (size,) = self.saved
        return (k.avg_pool2d_grad(dy, input_size=tuple(size), **asdict(self)),)


def avg_pool2d(
    x: Tensor, pool_size: int | Pair = 2, strides: int | Pair | None = None, padding: Padding = "valid"
) -> Tensor:
    """Mean of each window of images x (N, H, W, C); strides default to the window size.

    Padding is not counted in the mean.

    >>> avg_pool2d(Tensor([[1.0, 2.0], [4.0, 3.0]]).reshape(1, 2, 2, 1)).item()
    2.5
    """
    window = pair(pool_size, "pool_size")
    steps = window if strides is None else pair(strides, "strides")
    return AvgPool2D(window, steps, resolve_pads(padding, x.shape[1:3], window, steps))(x)
