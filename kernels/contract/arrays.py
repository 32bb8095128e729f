"""Elementary array operations with NumPy's meaning: what expressions on tensors are made of.

Two-operand functions broadcast as NumPy does and want one dtype. NaN in gives NaN out.
"""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from ..errors import ShapeError
from ..geometry import Pair
from .spec import ArrayLike, ArraySpec, expect_float


def add(a: ArrayLike, b: ArrayLike) -> ArraySpec:
    """y = a + b."""
    return _broadcast("add", a, b)


def subtract(a: ArrayLike, b: ArrayLike) -> ArraySpec:
    """y = a − b."""
    return _broadcast("subtract", a, b)


def multiply(a: ArrayLike, b: ArrayLike) -> ArraySpec:
    """y = a · b, element by element."""
    return _broadcast("multiply", a, b)


def divide(a: ArrayLike, b: ArrayLike) -> ArraySpec:
    """y = a / b, element by element."""
    return _broadcast("divide", a, b)


def power(a: ArrayLike, *, exponent: float) -> ArraySpec:
    """y = aᵉ for a constant e; a⁰ = 1 even for NaN, as in IEEE 754."""
    return ArraySpec(a.shape, expect_float("power", a=a))


def negative(a: ArrayLike) -> ArraySpec:
    """y = −a."""
    return ArraySpec(a.shape, expect_float("negative", a=a))


def absolute(a: ArrayLike) -> ArraySpec:
    """y = |a|."""
    return ArraySpec(a.shape, expect_float("absolute", a=a))


def sign(a: ArrayLike) -> ArraySpec:
    """y = −1, 0 or 1."""
    return ArraySpec(a.shape, expect_float("sign", a=a))


def exp(a: ArrayLike) -> ArraySpec:
    """y = eᵃ."""
    return ArraySpec(a.shape, expect_float("exp", a=a))


def log(a: ArrayLike) -> ArraySpec:
    """y = ln a: −∞ at 0, NaN below."""
    return ArraySpec(a.shape, expect_float("log", a=a))


def sum(a: ArrayLike, *, axis: tuple[int, ...], keepdims: bool = False) -> ArraySpec:
    """y = Σ a over the given axes (non-negative, no repeats)."""
    kept = [1 if i in axis else size for i, size in enumerate(a.shape) if keepdims or i not in axis]
    return ArraySpec(tuple(kept), expect_float("sum", a=a))


def matmul(a: ArrayLike, b: ArrayLike) -> ArraySpec:
    """y[i,j] = Σ_m a[i,m] · b[m,j] for two matrices."""
    if len(a.shape) != 2 or len(b.shape) != 2 or a.shape[1] != b.shape[0]:
        raise ShapeError(
            f"matmul: need (I, M) and (M, J), got {tuple(a.shape)} and {tuple(b.shape)}; must one be transposed?"
        )
    return ArraySpec((a.shape[0], b.shape[1]), expect_float("matmul", a=a, b=b))


def reshape(a: ArrayLike, *, shape: tuple[int, ...]) -> ArraySpec:
    """The same numbers in row-major order under another shape (one entry may be −1)."""
    size = math.prod(a.shape)
    known = math.prod(s for s in shape if s != -1)
    if shape.count(-1) == 1 and known and size % known == 0:
        shape = tuple(size // known if s == -1 else s for s in shape)
    if -1 in shape or math.prod(shape) != size:
        needed = f"a multiple of {known}" if -1 in shape else known
        raise ShapeError(
            f"reshape: {tuple(a.shape)} holds {size} numbers and cannot become {tuple(shape)}, which needs {needed}"
        )
    return ArraySpec(tuple(shape), a.dtype)


def transpose(a: ArrayLike, *, axes: tuple[int, ...]) -> ArraySpec:
    """y's axis i is a's axis axes[i]."""
    if sorted(axes) != list(range(len(a.shape))):
        raise ShapeError(f"transpose: axes {axes} must name each of the {len(a.shape)} axes once")
    return ArraySpec(tuple(a.shape[axis] for axis in axes), a.dtype)


def broadcast_to(a: ArrayLike, *, shape: tuple[int, ...]) -> ArraySpec:
    """a repeated along new axes and axes of length 1."""
    _broadcast_shape("broadcast_to", a.shape, shape, result=shape)
    return ArraySpec(tuple(shape), a.dtype)


def concatenate(arrays: Sequence[ArrayLike], *, axis: int) -> ArraySpec:
    """The arrays one after the other along `axis`; the other axes must agree."""
    first = arrays[0]
    for other in arrays:
        same_rank = len(other.shape) == len(first.shape)
        if not same_rank or any(i != axis and s != t for i, (s, t) in enumerate(zip(first.shape, other.shape))):
            shapes = ", ".join(str(tuple(array.shape)) for array in arrays)
            raise ShapeError(
                f"concatenate: shapes must agree except along axis {axis}, got {shapes}; pad or crop the others"
            )
    length = int(np.sum([array.shape[axis] for array in arrays]))
    dtype = expect_float("concatenate", **{f"input {i}": array for i, array in enumerate(arrays)})
    return ArraySpec((*first.shape[:axis], length, *first.shape[axis + 1 :]), dtype)


def pad(a: ArrayLike, *, widths: tuple[Pair, ...]) -> ArraySpec:
    """a with widths[i] = (before, after) zeros around axis i."""
    if len(widths) != len(a.shape):
        raise ShapeError(f"pad: need (before, after) for each of the {len(a.shape)} axes, got {widths}")
    return ArraySpec(tuple(s + before + after for s, (before, after) in zip(a.shape, widths)), a.dtype)


def getitem(a: ArrayLike, *, key: Any) -> ArraySpec:
    """a[key] with NumPy's indexing."""
    return ArraySpec(_index_shape("getitem", a.shape, key), a.dtype)


def getitem_grad(dy: ArrayLike, *, key: Any, shape: tuple[int, ...]) -> ArraySpec:
    """Zeros of `shape` with dy added at [key]; a place that was read twice gets both."""
    expected = _index_shape("getitem_grad", shape, key)
    if tuple(dy.shape) != expected:
        raise ShapeError(f"getitem_grad: dy must have shape {expected}, got {tuple(dy.shape)}")
    return ArraySpec(tuple(shape), dy.dtype)


def cast(a: ArrayLike, *, dtype: str) -> ArraySpec:
    """a in another dtype, for example uint8 pixels as float32."""
    return ArraySpec(a.shape, np.dtype(dtype))


def _broadcast(kernel: str, a: ArrayLike, b: ArrayLike) -> ArraySpec:
    return ArraySpec(_broadcast_shape(kernel, a.shape, b.shape), expect_float(kernel, a=a, b=b))


def _broadcast_shape(kernel: str, a: Sequence[int], b: Sequence[int], result: Sequence[int] | None = None):
    try:
        shape = np.broadcast_shapes(tuple(a), tuple(b))
    except ValueError:
        shape = None
    if shape is None or (result is not None and shape != tuple(result)):
        raise ShapeError(
            f"{kernel}: shapes {tuple(a)} and {tuple(b)} do not broadcast{_disagreement(a, b)}; "
            "from the last axis backwards, sizes must be equal or one of them 1"
        )
    return shape


def _disagreement(a: Sequence[int], b: Sequence[int]) -> str:
    for place in range(1, min(len(a), len(b)) + 1):
        if a[-place] != b[-place] and 1 not in (a[-place], b[-place]):
            return f": axis −{place} has {a[-place]} and {b[-place]}"
    return ""


def _index_shape(kernel: str, shape: Sequence[int], key: Any) -> tuple[int, ...]:
    nothing = np.broadcast_to(np.empty((), np.bool_), tuple(shape))
    try:
        return nothing[key].shape
    except IndexError as error:
        raise ShapeError(f"{kernel}: cannot index shape {tuple(shape)} with {key!r}: {error}") from None
