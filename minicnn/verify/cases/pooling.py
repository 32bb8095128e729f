"""Cases of pooling: windows that overlap, leave gaps or hang over the edge; ties come from the numbers."""

import math
from typing import Any

from hypothesis import strategies as st

from ... import kernels
from ...kernels.geometry import window_output
from .arrays import Drawn
from .numbers import Numbers
from .shapes import lengths, products

MOST_PIXELS = 4000

reference = kernels.backend("reference")


def max_pool2d(draw: st.DrawFn, numbers: Numbers) -> Drawn:
    x, _, options = _pooling(draw)
    return [draw(numbers(*x))], options


def max_pool2d_grad(draw: st.DrawFn, numbers: Numbers) -> Drawn:
    x, y, options = _pooling(draw)
    _, code = reference.max_pool2d(draw(numbers(*x)), **options)
    return [draw(numbers(*y)), code], {"input_size": x[1:3], **options}


avg_pool2d = max_pool2d


def avg_pool2d_grad(draw: st.DrawFn, numbers: Numbers) -> Drawn:
    x, y, options = _pooling(draw)
    return [draw(numbers(*y))], {"input_size": x[1:3], **options}


def global_avg_pool2d(draw: st.DrawFn, numbers: Numbers) -> Drawn:
    return [draw(numbers(*draw(products(4, MOST_PIXELS))))], {}


def global_avg_pool2d_grad(draw: st.DrawFn, numbers: Numbers) -> Drawn:
    n, h, v, c = draw(products(4, MOST_PIXELS))
    return [draw(numbers(n, c))], {"input_size": (h, v)}


global_max_pool2d = global_avg_pool2d


def global_max_pool2d_grad(draw: st.DrawFn, numbers: Numbers) -> Drawn:
    n, h, v, c = draw(products(4, MOST_PIXELS))
    _, index = reference.global_max_pool2d(draw(numbers(n, h, v, c)))
    return [draw(numbers(n, c)), index], {"input_size": (h, v)}


def _pooling(draw: st.DrawFn) -> tuple[tuple, tuple, dict[str, Any]]:
    """Shapes of x and y, and the options."""
    h, r, down, rows = _axis(draw)
    v, s, across, columns = _axis(draw)
    options: dict[str, Any] = {"pool_size": (r, s), "strides": (down, across), "pads": (rows, columns)}
    size = window_output((h, v), (r, s), (down, across), (rows, columns))
    images, channels = draw(products(2, max(1, MOST_PIXELS // (math.prod(size) * r * s))))
    return (images, h, v, channels), (images, *size, channels), options


def _axis(draw: st.DrawFn) -> tuple[int, int, int, tuple[int, int]]:
    """Size, window, stride and padding along one axis; padding is smaller than the window, as the contract wants."""
    size, window, stride = draw(lengths(7, longest=33)), draw(lengths(4, longest=17)), draw(st.integers(1, 5))
    before, after = draw(st.integers(0, min(3, window - 1))), draw(st.integers(0, min(3, window - 1)))
    return max(size, window - before - after), window, stride, (before, after)
