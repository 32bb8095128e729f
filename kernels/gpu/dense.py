"""Dense layers: products of matrices, in float32 (dense.cu)."""

import ctypes

from .gemm import cut, has_vectors, in_parts, kernels
from .machine import Array
from .memory import contiguous
from .sums import NO_FINISH, Finish

#: by whether A and B lie along the depth
_PRODUCTS = {
    (True, False): kernels("dense", "product<{}, true, false>"),
    (True, True): kernels("dense", "product<{}, true, true>"),
    (False, False): kernels("dense", "product<{}, false, false>"),
}


class Product(ctypes.Structure):
    """The struct of dense.cu."""

    _fields_ = tuple(
        (name, ctypes.c_int) for name in ("rows", "columns", "depth", "part", "vectors_a", "vectors_b", "vectors_y")
    )


def dense(x: Array, w: Array, b: Array | None = None) -> Array:
    """y = x·w + b."""
    return product(x, w, Finish(_contiguous(b)))


def dense_relu(x: Array, w: Array, b: Array | None = None) -> Array:
    """y = max(x·w + b, 0)."""
    return product(x, w, Finish(_contiguous(b), relu=True))


def dense_input_grad(dy: Array, w: Array) -> Array:
    """dx = dy·wᵀ."""
    return product(dy, w, b_transposed=True)


def dense_input_grad_relu(dy: Array, w: Array, y: Array) -> Array:
    """dx where y > 0, else 0."""
    return product(dy, w, Finish(mask=contiguous(y)), b_transposed=True)


def dense_weight_grad(x: Array, dy: Array) -> Array:
    """dw = xᵀ·dy."""
    return product(x, dy, a_transposed=True)


def product(
    a: Array, b: Array, finish: Finish = NO_FINISH, *, a_transposed: bool = False, b_transposed: bool = False
) -> Array:
    """A·B of two matrices, of which one may be given as its transpose."""
    a, b = contiguous(a), contiguous(b)
    depth, rows = a.shape if a_transposed else a.shape[::-1]
    columns = b.shape[0 if b_transposed else 1]
    how = cut(rows, columns, depth)
    kernels = _PRODUCTS[not a_transposed, b_transposed]

    def compute(y: Array, finish: Finish) -> None:
        vectors = has_vectors(a.shape[1], a), has_vectors(b.shape[1], b), has_vectors(columns, y)
        described = Product(rows, columns, depth, how.depth, *vectors)
        grid = how.tiles, how.parts, 1
        how.start(kernels, grid, a, b, finish.bias, finish.mask, y, int(finish.relu), described)

    return in_parts(how.parts, (rows, columns), compute, finish)


def _contiguous(array: Array | None) -> Array | None:
    return None if array is None else contiguous(array)
