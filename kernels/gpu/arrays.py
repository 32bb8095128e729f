"""Elementary array operations: arrays.cu, and what only looks at an array in another way."""

from collections.abc import Sequence
from itertools import accumulate
from typing import Any

import numpy as np

from ..geometry import Pair
from ..keys import is_view, parts_of
from .dense import product
from .elementwise import each_number
from .launch import THREADS, Kernel, blocks
from .lists import add_at, take
from .machine import Array
from .memory import contiguous, copied, empty, layouts, zeros
from .sum_axes import sum_axes

_add, _subtract = Kernel("arrays", "add"), Kernel("arrays", "subtract")
_multiply, _divide = Kernel("arrays", "multiply"), Kernel("arrays", "divide")
_power, _square_root = Kernel("arrays", "power"), Kernel("arrays", "square_root")
_negative, _absolute, _sign = Kernel("arrays", "negative"), Kernel("arrays", "absolute"), Kernel("arrays", "sign")
_exponential, _logarithm = Kernel("arrays", "exponential"), Kernel("arrays", "logarithm")


def add(a: Array, b: Array) -> Array:
    """y = a + b."""
    return _pairwise(_add, a, b)


def subtract(a: Array, b: Array) -> Array:
    """y = a − b."""
    return _pairwise(_subtract, a, b)


def multiply(a: Array, b: Array) -> Array:
    """y = a · b."""
    return _pairwise(_multiply, a, b)


def divide(a: Array, b: Array) -> Array:
    """y = a / b."""
    return _pairwise(_divide, a, b)


def power(a: Array, *, exponent: float) -> Array:
    """y = aᵉ; the square and the square root are exact to the last digit."""
    if exponent == 0.5:
        return each_number(_square_root, a)
    return multiply(a, a) if exponent == 2 else each_number(_power, a, numbers=(exponent,))


def negative(a: Array) -> Array:
    """y = −a."""
    return each_number(_negative, a)


def absolute(a: Array) -> Array:
    """y = |a|."""
    return each_number(_absolute, a)


def sign(a: Array) -> Array:
    """y = −1, 0 or 1, NaN for NaN."""
    return each_number(_sign, a)


def exp(a: Array) -> Array:
    """y = eᵃ."""
    return each_number(_exponential, a)


def log(a: Array) -> Array:
    """y = ln a."""
    return each_number(_logarithm, a)


def sum(a: Array, *, axis: tuple[int, ...], keepdims: bool = False) -> Array:
    """Σ a."""
    total = sum_axes(contiguous(a), axis)
    return total if keepdims else total.reshape(tuple(n for i, n in enumerate(total.shape) if i not in axis))


def matmul(a: Array, b: Array) -> Array:
    """y = a·b; one of them may lie in memory as its transpose."""
    if 0 in (*a.shape, *b.shape):
        return zeros((a.shape[0], b.shape[1]))
    if b.flags.f_contiguous:
        return product(a, b.transpose(), b_transposed=True)
    return product(a.transpose(), b, a_transposed=True) if a.flags.f_contiguous else product(a, b)


def reshape(a: Array, *, shape: tuple[int, ...]) -> Array:
    """The same numbers in row-major order under another shape."""
    return contiguous(a).reshape(shape)


def transpose(a: Array, *, axes: tuple[int, ...]) -> Array:
    """y's axis i is a's axis axes[i]."""
    return a.transpose(axes)


def broadcast_to(a: Array, *, shape: tuple[int, ...]) -> Array:
    """a repeated along new axes and axes of length 1."""
    return copied(a, empty(shape, a.dtype))


def concatenate(arrays: Sequence[Array], *, axis: int) -> Array:
    """The arrays one after the other."""
    ends = list(accumulate(a.shape[axis] for a in arrays))
    y = empty((*arrays[0].shape[:axis], ends[-1], *arrays[0].shape[axis + 1 :]), arrays[0].dtype)
    for a, end in zip(arrays, ends):
        copied(a, y[(*[slice(None)] * axis, slice(end - a.shape[axis], end))])
    return y


def pad(a: Array, *, widths: tuple[Pair, ...]) -> Array:
    """a inside a frame of zeros."""
    y = zeros(tuple(before + size + after for size, (before, after) in zip(a.shape, widths)), a.dtype)
    copied(a, y[(*(slice(before, before + size) for size, (before, _) in zip(a.shape, widths)), ...)])
    return y


def getitem(a: Array, *, key: Any) -> Array:
    """a[key]."""
    return a[_with_dots(key)] if is_view(key) else take(contiguous(a), key)


def getitem_grad(dy: Array, *, key: Any, shape: tuple[int, ...]) -> Array:
    """Zeros with dy added at [key]."""
    dx = zeros(shape, dy.dtype)
    if is_view(key):
        copied(dy, dx[_with_dots(key)])
    else:
        add_at(dx, key, contiguous(dy))
    return dx


def _with_dots(key: Any) -> tuple:
    """The same key, of which even a single element is a view."""
    parts = parts_of(key)
    return parts if ... in parts else (*parts, ...)


def _pairwise(kernel: Kernel, a: Array, b: Array) -> Array:
    y = empty(np.broadcast_shapes(a.shape, b.shape))
    kernel(blocks(y.size), THREADS, a, b, y, y.size, *layouts(y.shape, a, b))
    return y
