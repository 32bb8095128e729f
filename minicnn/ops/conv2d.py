"""y[n,p,q,k] = b[k] + Σ_{r,s,c} x[n, p·σ + r·δ − π₀, q·σ + s·δ − π₀, c] · w[r,s,c,k].

dx[n,h,v,c] = Σ_{r,s,k : (p,q) exists} dy[n,p,q,k] · w[r,s,c,k]       (the flipped kernel slides over dy)
dw[r,s,c,k] = Σ_{n,p,q} x[n,h,v,c] · dy[n,p,q,k]
db[k]       = Σ_{n,p,q} dy[n,p,q,k]
"""

from dataclasses import asdict, dataclass
from typing import Any

from ..kernels.geometry import Padding, Pads, Pair, resolve_pads
from ..tensor import Tensor
from .op import Op
from .pairs import pair


@dataclass(eq=False)
class Conv2D(Op):
    strides: Pair
    pads: Pads
    dilation: Pair
    groups: int

    def forward(self, k: Any, x: Any, w: Any, b: Any) -> Any:
        self.save(x, w)
        return k.conv2d(x, w, b, **asdict(self))

    def backward(self, k: Any, dy: Any) -> tuple:
        x, w = self.saved
        window = asdict(self)
        dx = k.conv2d_input_grad(dy, w, input_size=tuple(x.shape[1:3]), **window) if self.needs[0] else None
        dw = k.conv2d_weight_grad(x, dy, kernel_size=tuple(w.shape[:2]), **window) if self.needs[1] else None
        db = k.bias_grad(dy) if self.needs[2] else None
        return dx, dw, db


def conv2d(
    x: Tensor,
    w: Any,
    bias: Any = None,
    strides: int | Pair = 1,
    padding: Padding = "valid",
    dilation_rate: int | Pair = 1,
    groups: int = 1,
) -> Tensor:
    """Convolve images x (N, H, W, C) with kernels w (R, S, C/groups, K), giving (N, P, Q, K).

    padding     "valid", "same" (P = ⌈H / stride⌉), a number, or ((top, bottom), (left, right))

    Raises ShapeError when channels, groups or sizes do not fit.
    Source: Dumoulin & Visin, "A guide to convolution arithmetic for deep learning" (2016).

    >>> image = Tensor([[1, 1, 1, 0, 0], [0, 1, 1, 1, 0], [0, 0, 1, 1, 1], [0, 0, 1, 1, 0], [0, 1, 1, 0, 0]])
    >>> kernel = Tensor([[1, 0, 1], [0, 1, 0], [1, 0, 1]])
    >>> conv2d(image.reshape(1, 5, 5, 1), kernel.reshape(3, 3, 1, 1)).numpy()[0, :, :, 0]
    array([[4., 3., 4.],
           [2., 4., 3.],
           [2., 3., 4.]], dtype=float32)
    """
    strides, dilation = pair(strides, "strides"), pair(dilation_rate, "dilation_rate")
    pads = resolve_pads(padding, x.shape[1:3], w.shape[:2], strides, dilation)
    return Conv2D(strides, pads, dilation, groups)(x, w, bias)
