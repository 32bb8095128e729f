"""Two-dimensional convolution (cross-correlation, as every framework calls it) and its gradients.

    x   (N, H, W, C)        images
    w   (R, S, C/g, K)      kernel; group j reads channels j·C/g … and writes channels j·K/g …
    b   (K,)                bias
    y   (N, P, Q, K)        P = ⌊(H + π − ((R − 1)·δ + 1)) / σ⌋ + 1, Q likewise

With h = p·σ + r·δ − π₀ and v = q·σ + s·δ − π₀, and x = 0 outside the image:

    y[n,p,q,k]  = b[k] + Σ_{r,s,c} x[n,h,v,c] · w[r,s,c,k]
    dx[n,h,v,c] = Σ_{r,s,k : (p,q) exists} dy[n,p,q,k] · w[r,s,c,k]
    dw[r,s,c,k] = Σ_{n,p,q} x[n,h,v,c] · dy[n,p,q,k]
    db[k]       = Σ_{n,p,q} dy[n,p,q,k]

A NaN or infinity in an input reaches every output whose sum contains it, and no other; taps that
fall on the padding multiply a true zero, so an infinite weight there gives NaN as it would in a
padded image. Every sum has a fixed order: the same bits at any thread count
(portable leaves the order of matrix products to BLAS).
In precision "float32" a convolution or one of its gradients with 3×3 windows, without stride, dilation and groups, may
be computed by Winograd's algorithm in tiles of 4×4 outputs: an output's error is then bounded by the magnitudes of all
pixels that its tile reads, a weight gradient's by those of all tiles (bounds/winograd.py), typically twice that of a
sum. What reaches an output stays as above; but outputs that would be equal may differ by rounding.
In precision "tf32" the same convolutions may be computed of numbers that are rounded to TF32, of 10 bits of mantissa.
Source: Dumoulin & Visin, "A guide to convolution arithmetic for deep learning" (2016).
"""

from ..errors import ShapeError, letters
from ..geometry import NO_PADS, Pads, Pair, window_output
from .spec import ArrayLike, ArraySpec, expect_axes, expect_float, expect_shape


def conv2d(
    x: ArrayLike,
    w: ArrayLike,
    b: ArrayLike | None = None,
    *,
    strides: Pair = (1, 1),
    pads: Pads = NO_PADS,
    dilation: Pair = (1, 1),
    groups: int = 1,
) -> ArraySpec:
    """y[n,p,q,k] = b[k] + Σ_{r,s,c} x[n, p·σ + r·δ − π₀, q·σ + s·δ − π₀, c] · w[r,s,c,k]."""
    expect_axes("conv2d", "input x", x, "NHWC")
    expect_axes("conv2d", "kernel w", w, "RSCK")
    dtype = expect_float("conv2d", x=x, w=w, b=b)
    _expect_groups("conv2d", x.shape[3], w, groups)
    if b is not None:
        expect_shape("conv2d", "bias b", b, (w.shape[3],), "K")
    size = window_output(x.shape[1:3], w.shape[:2], strides, pads, dilation)
    return ArraySpec((x.shape[0], *size, w.shape[3]), dtype)


def conv2d_input_grad(
    dy: ArrayLike,
    w: ArrayLike,
    *,
    input_size: Pair,
    strides: Pair = (1, 1),
    pads: Pads = NO_PADS,
    dilation: Pair = (1, 1),
    groups: int = 1,
) -> ArraySpec:
    """dx[n,h,v,c] = Σ_{r,s,k} dy[n,p,q,k] · w[r,s,c,k] over the (p, q) that read pixel (h, v).

    `input_size` is (H, W): with a stride, several input sizes give the same output size.
    """
    expect_axes("conv2d_input_grad", "gradient dy", dy, "NPQK")
    expect_axes("conv2d_input_grad", "kernel w", w, "RSCK")
    dtype = expect_float("conv2d_input_grad", dy=dy, w=w)
    channels = w.shape[2] * groups
    _expect_groups("conv2d_input_grad", channels, w, groups)
    size = window_output(input_size, w.shape[:2], strides, pads, dilation)
    expect_shape("conv2d_input_grad", "gradient dy", dy, (dy.shape[0], *size, w.shape[3]), "NPQK")
    return ArraySpec((dy.shape[0], *input_size, channels), dtype)


def conv2d_weight_grad(
    x: ArrayLike,
    dy: ArrayLike,
    *,
    kernel_size: Pair,
    strides: Pair = (1, 1),
    pads: Pads = NO_PADS,
    dilation: Pair = (1, 1),
    groups: int = 1,
) -> ArraySpec:
    """dw[r,s,c,k] = Σ_{n,p,q} x[n, p·σ + r·δ − π₀, q·σ + s·δ − π₀, c] · dy[n,p,q,k]."""
    expect_axes("conv2d_weight_grad", "input x", x, "NHWC")
    expect_axes("conv2d_weight_grad", "gradient dy", dy, "NPQK")
    dtype = expect_float("conv2d_weight_grad", x=x, dy=dy)
    size = window_output(x.shape[1:3], kernel_size, strides, pads, dilation)
    expect_shape("conv2d_weight_grad", "gradient dy", dy, (x.shape[0], *size, dy.shape[3]), "NPQK")
    if x.shape[3] % groups or dy.shape[3] % groups:
        raise ShapeError(f"conv2d_weight_grad: {groups} groups do not divide C={x.shape[3]} and K={dy.shape[3]}")
    return ArraySpec((*kernel_size, x.shape[3] // groups, dy.shape[3]), dtype)


def bias_grad(dy: ArrayLike) -> ArraySpec:
    """db[k] = Σ dy[…,k] over every axis but the last, for convolution and dense layers alike."""
    dtype = expect_float("bias_grad", dy=dy)
    return ArraySpec((dy.shape[-1],), dtype)


def _expect_groups(kernel: str, channels: int, w: ArrayLike, groups: int) -> None:
    if groups < 1 or channels % groups or w.shape[3] % groups:
        raise ShapeError(
            f"{kernel}: groups={groups} must divide the input channels (C={channels}) and the filters (K={w.shape[3]})"
        )
    if w.shape[2] * groups != channels:
        expected = f"{w.shape[2]}" if groups == 1 else f"{w.shape[2]} · {groups} groups = {w.shape[2] * groups}"
        raise ShapeError(
            f"{kernel}: the input has C={channels} channels but the kernel {letters(w.shape, 'RSCK')} expects "
            f"{expected}; give images with that many channels, or a kernel made for {channels}"
        )
