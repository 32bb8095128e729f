"""Affine transforms of images: image.cu, a thread for each number."""

from ..contract.image import ENDS, FILL_MODES, INTERPOLATIONS
from ..geometry import Pair
from .division import Divisor
from .launch import THREADS, Kernel, blocks
from .machine import Array
from .memory import contiguous, empty

#: by the dtype of the matrices
_TRANSFORMS = {
    "float32": Kernel("image", "affine_transform<float>"),
    "float64": Kernel("image", "affine_transform<double>"),
}


def affine_transform(
    x: Array,
    matrices: Array,
    *,
    output_size: Pair,
    fill_mode: str = "constant",
    fill_value: float = 0.0,
    interpolation: str = "bilinear",
    ends: str = "edges",
) -> Array:
    """y[n,p,q,c] = x[n,·,·,c] at M[n]·(p, q, 1)."""
    y = empty((x.shape[0], *output_size, x.shape[3]))
    options = FILL_MODES.index(fill_mode), INTERPOLATIONS.index(interpolation), ENDS.index(ends), float(fill_value)
    transform = _TRANSFORMS[matrices.dtype.name]
    arrays = contiguous(x), contiguous(matrices), y
    sizes = *x.shape[1:3], *map(Divisor, (x.shape[3], *output_size))
    transform(blocks(y.size), THREADS, *arrays, y.size, *sizes, *options)
    return y
