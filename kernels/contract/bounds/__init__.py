"""How far a kernel's result may lie from the exact one, and why.

`error_bounds("conv2d", args, options, "float32")` gives, for every number a kernel computes in that dtype, the
largest error that rounding can explain, whatever order the sums are taken in. A result outside its bound is a bug.

    a sum of n terms        each term goes through at most n − 1 roundings, whatever the order: γ·Σ|terms|
                            (Higham, "Accuracy and stability of numerical algorithms", 2002, chapter 4)
    a formula               γ·(the sum of the magnitudes that it adds or subtracts), so that cancellation is counted
    e^d, ln, tanh, powers   what mathematical libraries promise; and where d itself was rounded, |d| roundings more
    copies, comparisons     max-pooling, ReLU, clipping, reshaping, codes and masks are exact: their bound is 0

Σ|terms| is what the reference kernel gives for absolute values. Each function here has the name of its kernel, takes
the kernel's arguments in float64 after a `Rounding`, and returns a bound for each of the kernel's results, in order;
for a kernel that works in place, a bound for each of its arrays (0 for those that it only reads).

Options that are compared with numbers (`low`, `high`, `threshold`) are taken to be numbers of the dtype.
"""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from .. import KERNELS
from . import activation, arrays, convolution, dense, dropout, image, loss, normalization, optimizer, pooling
from .rounding import Rounding

_FAMILIES = (arrays, convolution, pooling, activation, dense, normalization, dropout, image, loss, optimizer)

#: name of every kernel → the function that bounds its error
BOUNDS: dict[str, Callable] = {
    name: vars(family)[name] for family in _FAMILIES for name in KERNELS if name in vars(family)
}


def error_bounds(kernel: str, args: Sequence[Any], options: dict[str, Any], dtype: Any) -> tuple[Any, ...]:
    """For each result of a kernel, the largest |computed in `dtype` − reference in float64|, element by element.

    args    the arguments, floating-point arrays in float64; results that are not finite have no meaningful bound

    >>> a = np.array([1.0, 2.0, 4.0])
    >>> (bound,) = error_bounds("sum", (a,), {"axis": (0,)}, "float32")
    >>> round(float(bound / np.finfo("float32").eps), 3)  # 2 additions, each wrong by at most ½ ε·7
    7.0
    """
    with np.errstate(all="ignore"):
        bounds = BOUNDS[kernel](Rounding.of(dtype), *args, **options)
    return bounds if isinstance(bounds, tuple) else (bounds,)


__all__ = ["BOUNDS", "Rounding", "error_bounds"]
