"""Max-, average- and global pooling over (N, H, W, C) images, and their gradients.

The window of output (p, q) is h = p·σ + r − π₀, v = q·σ + s − π₀ for r < R, s < S. Pixels on the padding do
not take part: they never win a maximum and are not counted in an average (TensorFlow's rule).

Ties of a maximum go to the first in row-major order of the window. A NaN wins over every number (the first
NaN of a window wins), so it is never lost. The winner's place r·S + s is handed to the gradient as a code.
Where windows overlap, the gradient of a pixel sums over its windows in row-major order of (p, q).
"""

import numpy as np

from ..errors import ShapeError
from ..geometry import NO_PADS, Pads, Pair, code_dtype, window_output
from .spec import ArrayLike, ArraySpec, expect_axes, expect_float, expect_shape


def max_pool2d(x: ArrayLike, *, pool_size: Pair, strides: Pair, pads: Pads = NO_PADS) -> tuple[ArraySpec, ArraySpec]:
    """y[n,p,q,c] = max over the window; code[n,p,q,c] = r·S + s of the first maximum."""
    shape, dtype = _pooled(x, "max_pool2d", pool_size, strides, pads)
    return ArraySpec(shape, dtype), ArraySpec(shape, code_dtype(pool_size))


def max_pool2d_grad(
    dy: ArrayLike, code: ArrayLike, *, input_size: Pair, pool_size: Pair, strides: Pair, pads: Pads = NO_PADS
) -> ArraySpec:
    """dx[n,h,v,c] = Σ dy[n,p,q,c] over the windows whose code names pixel (h, v)."""
    spec = _unpooled(dy, "max_pool2d_grad", input_size, pool_size, strides, pads)
    expect_shape("max_pool2d_grad", "code", code, dy.shape, "NPQC")
    return spec


def avg_pool2d(x: ArrayLike, *, pool_size: Pair, strides: Pair, pads: Pads = NO_PADS) -> ArraySpec:
    """y[n,p,q,c] = mean over those pixels of the window that lie inside the image."""
    shape, dtype = _pooled(x, "avg_pool2d", pool_size, strides, pads)
    return ArraySpec(shape, dtype)


def avg_pool2d_grad(
    dy: ArrayLike, *, input_size: Pair, pool_size: Pair, strides: Pair, pads: Pads = NO_PADS
) -> ArraySpec:
    """dx[n,h,v,c] = Σ dy[n,p,q,c] / (pixels of window (p, q) inside the image)."""
    return _unpooled(dy, "avg_pool2d_grad", input_size, pool_size, strides, pads)


def global_avg_pool2d(x: ArrayLike) -> ArraySpec:
    """y[n,c] = (1 / H·W) Σ_{h,v} x[n,h,v,c].  Source: Lin et al., "Network in network" (2013)."""
    expect_axes("global_avg_pool2d", "input x", x, "NHWC")
    return ArraySpec((x.shape[0], x.shape[3]), expect_float("global_avg_pool2d", x=x))


def global_avg_pool2d_grad(dy: ArrayLike, *, input_size: Pair) -> ArraySpec:
    """dx[n,h,v,c] = dy[n,c] / (H·W)."""
    expect_axes("global_avg_pool2d_grad", "gradient dy", dy, "NC")
    return ArraySpec((dy.shape[0], *input_size, dy.shape[1]), expect_float("global_avg_pool2d_grad", dy=dy))


def global_max_pool2d(x: ArrayLike) -> tuple[ArraySpec, ArraySpec]:
    """y[n,c] = max_{h,v} x[n,h,v,c]; index[n,c] = h·W + v of the first maximum (int64)."""
    expect_axes("global_max_pool2d", "input x", x, "NHWC")
    shape = (x.shape[0], x.shape[3])
    return ArraySpec(shape, expect_float("global_max_pool2d", x=x)), ArraySpec(shape, np.dtype(np.int64))


def global_max_pool2d_grad(dy: ArrayLike, index: ArrayLike, *, input_size: Pair) -> ArraySpec:
    """dx[n,h,v,c] = dy[n,c] where index[n,c] = h·W + v, else 0."""
    expect_axes("global_max_pool2d_grad", "gradient dy", dy, "NC")
    expect_shape("global_max_pool2d_grad", "index", index, dy.shape, "NC")
    return ArraySpec((dy.shape[0], *input_size, dy.shape[1]), expect_float("global_max_pool2d_grad", dy=dy))


def _pooled(x: ArrayLike, kernel: str, pool_size: Pair, strides: Pair, pads: Pads):
    expect_axes(kernel, "input x", x, "NHWC")
    _expect_pads(kernel, pool_size, pads)
    size = window_output(x.shape[1:3], pool_size, strides, pads)
    return (x.shape[0], *size, x.shape[3]), expect_float(kernel, x=x)


def _unpooled(dy: ArrayLike, kernel: str, input_size: Pair, pool_size: Pair, strides: Pair, pads: Pads) -> ArraySpec:
    expect_axes(kernel, "gradient dy", dy, "NPQC")
    _expect_pads(kernel, pool_size, pads)
    size = window_output(input_size, pool_size, strides, pads)
    expect_shape(kernel, "gradient dy", dy, (dy.shape[0], *size, dy.shape[3]), "NPQC")
    return ArraySpec((dy.shape[0], *input_size, dy.shape[3]), expect_float(kernel, dy=dy))


def _expect_pads(kernel: str, pool_size: Pair, pads: Pads) -> None:
    """A window wholly on the padding would have no maximum and no mean."""
    if any(max(pad) >= window for window, pad in zip(pool_size, pads)):
        raise ShapeError(f"{kernel}: padding {pads} must be smaller than the window {pool_size} on every side")
