"""How cases are drawn: one strategy a kernel, in files that are named as in the contract.

Each function has the name of its kernel, takes hypothesis's `draw` and `Numbers` to fill arrays with, and gives the
kernel's arguments and options. Shapes are drawn by hypothesis number by number, the values of an array as a kind and
a seed, so that a failure shrinks to a small shape and plain values.
"""

from hypothesis import strategies as st

from ...kernels.contract import KERNELS
from ..case import LAYOUTS, Case
from ..operations import OPERATIONS
from . import activation, arrays, convolution, dense, dropout, image, loss, normalization, optimizer, pooling
from .numbers import FINITE, KINDS, Numbers

_FAMILIES = (arrays, convolution, pooling, activation, dense, normalization, dropout, image, loss, optimizer)

#: name of every kernel → (draw, numbers) → (arguments, options)
DRAWN = {name: vars(family)[name] for family in _FAMILIES for name in KERNELS if name in vars(family)}


@st.composite
def kernel_cases(draw: st.DrawFn, name: str, dtype: str) -> Case:
    """Cases of a kernel: any legal shapes, numbers and memory layout."""
    args, options = DRAWN[name](draw, Numbers(dtype, KINDS))
    return Case(name, dtype, args, options, draw(st.sampled_from(sorted(LAYOUTS))))


@st.composite
def smooth_cases(draw: st.DrawFn, name: str, dtype: str) -> Case:
    """Cases of an operation where it has a derivative, and one of moderate size."""
    kind = "positive" if OPERATIONS[name].positive else "distinct"
    args, options = DRAWN[OPERATIONS[name].kernel](draw, Numbers(dtype, (kind,)))
    return Case(name, dtype, args, options)


@st.composite
def plain_cases(draw: st.DrawFn, name: str) -> Case:
    """Cases of an operation with finite numbers of moderate size and many ties, in float64."""
    kinds = ("positive",) if OPERATIONS[name].positive else FINITE
    args, options = DRAWN[OPERATIONS[name].kernel](draw, Numbers("float64", kinds))
    return Case(name, "float64", args, options)


__all__ = ["DRAWN", "kernel_cases", "plain_cases", "smooth_cases"]
