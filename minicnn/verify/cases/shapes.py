"""Shapes: small as a rule, 1 often, and now and then an axis that is longer than the blocks that kernels work in."""

import math

from hypothesis import strategies as st

LONG = (7, 15, 16, 17, 33, 64, 129, 257, 600)


def lengths(most: int = 5, longest: int = 0) -> st.SearchStrategy[int]:
    """1 … most, or one time in four one of the LONG up to `longest`. One choice from one list: it shrinks well."""
    short = range(1, max(1, min(most, longest or most)) + 1)
    long = [n for n in LONG if n <= longest]
    return st.sampled_from([*short] * max(1, 3 * len(long) // len(short)) + long)


@st.composite
def shapes(draw: st.DrawFn, least: int = 0, most: int = 4) -> tuple[int, ...]:
    """Between `least` and `most` axes, one of them perhaps long."""
    shape = draw(st.lists(st.integers(1, 4), min_size=least, max_size=most))
    if shape:
        shape[draw(st.integers(0, len(shape) - 1))] = draw(lengths(longest=600))
    return tuple(shape)


@st.composite
def products(draw: st.DrawFn, axes: int, most: int) -> tuple[int, ...]:
    """`axes` lengths whose product is at most `most`: what the loops of the reference can bear."""
    chosen: list[int] = []
    for _ in range(axes):
        chosen.append(draw(lengths(longest=max(1, most // math.prod(chosen)))))
    return tuple(chosen)
