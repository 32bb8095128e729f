"""Geometry of (N, H, W, C) images: every output pixel shows a position of the input between its pixels.

    (h, v) = M[n]·(p, q, 1)        h = M₀₀·p + M₀₁·q + M₀₂ rows from the top, v = M₁₀·p + M₁₁·q + M₁₂ columns

Positions are computed in float64 whatever the images are, as (M₀₀·p + M₀₂) + M₀₁·q, so that every backend looks at the
same pixels. Centres of pixels lie at whole numbers. "nearest" takes the nearest pixel, of two the one farther from 0;
"bilinear" mixes the four around, each weighted by how near it is. A pixel of weight 0 takes no part, so where M maps
pixels to pixels, these are copied, NaN and ±∞ too. A position that is not finite shows NaN.

What a position beyond the image shows (a b c d a row of W = 4 pixels, k the fill value):

    "constant"    k k k k | a b c d | k k k k
    "nearest"     a a a a | a b c d | d d d d
    "reflect"     d c b a | a b c d | d c b a
    "wrap"        a b c d | a b c d | a b c d

Libraries differ in where an image ends. With ends="edges" it ends at the outer edges of its border pixels: "constant"
fades from the border pixel to k, and "wrap" repeats the image every W pixels; between d and the next a it shows d on
the left of the image and a on its right. So does TensorFlow's ImageProjectiveTransformV3, Keras's `affine_transform`,
but that it repeats the image only once on either side, without the farthest pixel. With ends="centres" it ends at the
centres of its border pixels: "constant" shows k from there on, and "wrap" repeats it every W − 1 pixels, so that d and
a fall together. These are scipy.ndimage's modes of the same names.
"""

import numpy as np

from ..errors import ShapeError, expect_one_of
from ..geometry import Pair
from .spec import ArrayLike, ArraySpec, expect_axes, expect_float, expect_shape

FILL_MODES = ("constant", "nearest", "reflect", "wrap")
INTERPOLATIONS = ("nearest", "bilinear")
ENDS = ("edges", "centres")


def affine_transform(
    x: ArrayLike,
    matrices: ArrayLike,
    *,
    output_size: Pair,
    fill_mode: str = "constant",
    fill_value: float = 0.0,
    interpolation: str = "bilinear",
    ends: str = "edges",
) -> ArraySpec:
    """y[n,p,q,c] = x[n,·,·,c] at M[n]·(p, q, 1): x (N, H, W, C), matrices M (N, 2, 3) → y (N, P, Q, C).

    Raises ShapeError for matrices or an output size that do not fit, ValueError for a mode that is not listed above.
    """
    expect_axes("affine_transform", "input x", x, "NHWC")
    dtype = expect_float("affine_transform", x=x)
    expect_float("affine_transform", matrices=matrices)
    expect_shape("affine_transform", "matrices", matrices, (x.shape[0], 2, 3), "N..")
    if min(output_size) < 1:
        raise ShapeError(f"affine_transform: output_size must be positive, got {output_size}")
    expect_one_of("affine_transform: fill_mode", fill_mode, FILL_MODES)
    expect_one_of("affine_transform: interpolation", interpolation, INTERPOLATIONS)
    expect_one_of("affine_transform: ends", ends, ENDS)
    return ArraySpec((x.shape[0], *output_size, x.shape[3]), np.dtype(dtype))
