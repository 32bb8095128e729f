"""Cases of convolution: kernels larger than the image, strides beyond the kernel, dilation, groups, any padding."""

import math
from typing import Any

from hypothesis import strategies as st

from ...kernels.geometry import window_output
from .arrays import Drawn
from .numbers import Numbers
from .shapes import lengths, products, shapes

MOST_PRODUCTS = 4000


def conv2d(draw: st.DrawFn, numbers: Numbers) -> Drawn:
    x, w, _, options = _convolution(draw)
    b = draw(numbers(w[3])) if draw(st.booleans()) else None
    return [draw(numbers(*x)), draw(numbers(*w)), b], options


def conv2d_input_grad(draw: st.DrawFn, numbers: Numbers) -> Drawn:
    x, w, y, options = _convolution(draw)
    return [draw(numbers(*y)), draw(numbers(*w))], {"input_size": x[1:3], **options}


def conv2d_weight_grad(draw: st.DrawFn, numbers: Numbers) -> Drawn:
    x, w, y, options = _convolution(draw)
    return [draw(numbers(*x)), draw(numbers(*y))], {"kernel_size": w[:2], **options}


def bias_grad(draw: st.DrawFn, numbers: Numbers) -> Drawn:
    return [draw(numbers(*draw(shapes(least=1))))], {}


def _convolution(draw: st.DrawFn) -> tuple[tuple, tuple, tuple, dict[str, Any]]:
    """Shapes of x, w and y, and the options."""
    common = draw(st.integers(0, 3)) == 3  # 3×3 windows and nothing else, which have an algorithm of their own
    h, r, down, rows, spread_down = _axis(draw, common)
    v, s, across, columns, spread_across = _axis(draw, common)
    options: dict[str, Any] = {
        "strides": (down, across),
        "pads": (rows, columns),
        "dilation": (spread_down, spread_across),
    }
    size = window_output((h, v), (r, s), **options)
    groups = 1 if common else draw(st.integers(1, 3))
    room = MOST_PRODUCTS // (math.prod(size) * r * s * groups)
    channels, filters, images = draw(products(3, most=max(1, room)))
    options["groups"] = groups
    x, w = (images, h, v, channels * groups), (r, s, channels, filters * groups)
    return x, w, (images, *size, filters * groups), options


_windows = st.tuples(lengths(3, longest=15), st.integers(1, 4), st.integers(1, 3))


def _axis(draw: st.DrawFn, common: bool) -> tuple[int, int, int, tuple[int, int], int]:
    """Size, window, stride, padding and dilation along one axis; a window that does not fit gets more of something."""
    size = draw(lengths(6, longest=17))
    window, stride, dilation = (3, 1, 1) if common else draw(_windows)
    before, after = draw(st.integers(0, 3)), draw(st.integers(0, 3))
    missing = max(0, (window - 1) * dilation + 1 - size - before - after)
    if draw(st.booleans()):
        return size + missing, window, stride, (before, after), dilation
    return size, window, stride, (before, after + missing), dilation
