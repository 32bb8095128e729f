"""Elementary array operations.

What only looks at an array in another way is NumPy's own, and so are keys that list elements.
"""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from .. import portable
from ..geometry import Pair
from ..keys import is_view, parts_of
from ..portable.arrays import broadcast_to, transpose
from . import matmul as products
from .elementwise import NUMBER, PAIR, copy_into, elementwise, of_numbers, of_pairs
from .exponential import exp as power_of_e
from .fill import cleared
from .memory import computed, contiguous, empty
from .parallel import parallel, unpack
from .sums import sum_axes


def add(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """y = a + b."""
    return _pairwise(_add, a, b)


def subtract(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """y = a − b."""
    return _pairwise(_subtract, a, b)


def multiply(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """y = a · b."""
    return _pairwise(_multiply, a, b)


def divide(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """y = a / b.

    >>> divide(np.array([1, 0], np.float32), np.array([0, 0], np.float32))
    array([inf, nan], dtype=float32)
    """
    return _pairwise(_divide, a, b)


def power(a: np.ndarray, *, exponent: float) -> np.ndarray:
    """y = aᵉ; the square and the square root are exact to the last digit.

    >>> power(np.array([9, 2], np.float32), exponent=0.5)
    array([3.       , 1.4142135], dtype=float32)
    """
    if exponent == 0.5:
        return _each(_square_root, a)
    return _pairwise(_multiply, a, a) if exponent == 2 else _pairwise(_power, a, np.array(exponent, np.float32))


def negative(a: np.ndarray) -> np.ndarray:
    """y = −a."""
    return _each(_negative, a)


def absolute(a: np.ndarray) -> np.ndarray:
    """y = |a|."""
    return _each(_absolute, a)


def sign(a: np.ndarray) -> np.ndarray:
    """y = −1, 0 or 1, NaN for NaN."""
    return _each(_sign, a)


def exp(a: np.ndarray) -> np.ndarray:
    """y = eᵃ."""
    return _each(_exp, a)


def log(a: np.ndarray) -> np.ndarray:
    """y = ln a."""
    return _each(_log, a)


def sum(a: np.ndarray, *, axis: tuple[int, ...], keepdims: bool = False) -> np.ndarray:
    """Σ a.

    >>> sum(np.ones((2, 3, 4), np.float32), axis=(0, 2))
    array([8., 8., 8.], dtype=float32)
    """
    total = sum_axes(contiguous(a), axis)
    return total if keepdims else total.squeeze(axis)


def matmul(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """y = a · b.

    >>> matmul(np.array([[1, 2]], np.float32), np.array([[3], [4]], np.float32))
    array([[11.]], dtype=float32)
    """
    return products.matmul(_matrix(a), _matrix(b), empty((a.shape[0], b.shape[1])))


def reshape(a: np.ndarray, *, shape: tuple[int, ...]) -> np.ndarray:
    """The same numbers in row-major order under another shape."""
    return contiguous(a).reshape(shape)


def concatenate(arrays: Sequence[np.ndarray], *, axis: int) -> np.ndarray:
    """The arrays one after the other."""
    *ends, length = np.cumsum([a.shape[axis] for a in arrays]).tolist()
    out = empty((*arrays[0].shape[:axis], length, *arrays[0].shape[axis + 1 :]))
    for a, start, end in zip(arrays, [0, *ends], [*ends, length]):
        copy_into(out[(*[slice(None)] * axis, slice(start, end))], a)
    return out


def pad(a: np.ndarray, *, widths: tuple[Pair, ...]) -> np.ndarray:
    """a inside a frame of zeros.

    >>> pad(np.array([1, 2], np.float32), widths=((1, 2),))
    array([0., 1., 2., 0., 0.], dtype=float32)
    """
    shape = tuple(before + size + after for size, (before, after) in zip(a.shape, widths))
    inner = tuple(slice(before, before + size) for size, (before, _) in zip(a.shape, widths))
    return _placed(a, inner, shape)


def getitem(a: np.ndarray, *, key: Any) -> np.ndarray:
    """a[key]."""
    if is_view(key):
        return np.asarray(a[key])
    return computed(lambda: a[key], np.broadcast_to(a.dtype.type(), a.shape)[key].shape, a.dtype)


def cast(a: np.ndarray, *, dtype: str) -> np.ndarray:
    """a in another dtype; a itself where it has that dtype already."""
    return a if a.dtype == dtype else computed(lambda: portable.cast(a, dtype=dtype), a.shape, dtype)


def getitem_grad(dy: np.ndarray, *, key: Any, shape: tuple[int, ...]) -> np.ndarray:
    """Zeros with dy added at [key].

    >>> getitem_grad(np.array([1, 2], np.float32), key=slice(0, 4, 2), shape=(4,))
    array([1., 0., 2., 0.], dtype=float32)
    """
    if not is_view(key):
        return computed(lambda: portable.getitem_grad(dy, key=key, shape=shape), shape)
    return _placed(dy, parts_of(key), shape)


def _placed(a: np.ndarray, key: tuple, shape: tuple[int, ...]) -> np.ndarray:
    """Zeros of a shape, with a at [key], where no element is named twice."""
    out = cleared(shape)
    copy_into(out[key if ... in key else (*key, ...)], a)  # without ... a single element would not be a view
    return out


def _matrix(a: np.ndarray) -> np.ndarray:
    """A matrix that is contiguous or the transpose of a contiguous one."""
    return a if a.flags.f_contiguous else contiguous(a)


def _each(kernel: Callable, a: np.ndarray) -> np.ndarray:
    out = empty(a.shape)
    elementwise(kernel, a, out)
    return out


def _pairwise(kernel: Callable, a: np.ndarray, b: np.ndarray) -> np.ndarray:
    out = empty(np.broadcast_shapes(a.shape, b.shape))
    elementwise(kernel, a, b, out)
    return out


@of_pairs
def _sum_of(a, b):
    return a + b


@parallel(PAIR)
def _add(worker, workers, arguments):
    _sum_of(unpack(arguments), worker, workers)


@of_pairs
def _difference(a, b):
    return a - b


@parallel(PAIR)
def _subtract(worker, workers, arguments):
    _difference(unpack(arguments), worker, workers)


@of_pairs
def _product(a, b):
    return a * b


@parallel(PAIR)
def _multiply(worker, workers, arguments):
    _product(unpack(arguments), worker, workers)


@of_pairs
def _quotient(a, b):
    return a / b


@parallel(PAIR)
def _divide(worker, workers, arguments):
    _quotient(unpack(arguments), worker, workers)


@of_pairs
def _raised(a, b):
    return a**b


@parallel(PAIR)
def _power(worker, workers, arguments):
    _raised(unpack(arguments), worker, workers)


@of_numbers
def _root(a):
    return np.sqrt(a)


@parallel(NUMBER)
def _square_root(worker, workers, arguments):
    _root(unpack(arguments), worker, workers)


@of_numbers
def _opposite(a):
    return -a


@parallel(NUMBER)
def _negative(worker, workers, arguments):
    _opposite(unpack(arguments), worker, workers)


@of_numbers
def _size(a):
    return abs(a)


@parallel(NUMBER)
def _absolute(worker, workers, arguments):
    _size(unpack(arguments), worker, workers)


@of_numbers
def _sign_of(a):
    return a if a == 0 or a != a else np.copysign(np.float32(1), a)


@parallel(NUMBER)
def _sign(worker, workers, arguments):
    _sign_of(unpack(arguments), worker, workers)


@of_numbers
def _exponential(a):
    return power_of_e(a)


@parallel(NUMBER)
def _exp(worker, workers, arguments):
    _exponential(unpack(arguments), worker, workers)


@of_numbers
def _logarithm(a):
    return np.log(a)


@parallel(NUMBER)
def _log(worker, workers, arguments):
    _logarithm(unpack(arguments), worker, workers)


__all__ = [
    "absolute",
    "add",
    "broadcast_to",
    "cast",
    "concatenate",
    "divide",
    "exp",
    "getitem",
    "getitem_grad",
    "log",
    "matmul",
    "multiply",
    "negative",
    "pad",
    "power",
    "reshape",
    "sign",
    "subtract",
    "sum",
    "transpose",
]
