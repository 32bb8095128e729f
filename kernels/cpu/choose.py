"""Which algorithm computes a convolution or one of its gradients, and why: by shapes and the precision alone.

>>> conv2d((64, 32, 32, 32), (3, 3, 32, 32), (32, 32), pads=((1, 1), (1, 1)))
Choice(algorithm='winograd', why='4.0 times fewer multiplications')
>>> conv2d((64, 32, 32, 32), (5, 5, 32, 32), (28, 28))
Choice(algorithm='direct', why='Winograd is for 3×3 windows')
"""

import contextlib
import functools
from collections.abc import Iterator
from typing import NamedTuple

from ..geometry import NO_PADS, Pads, Pair
from ..precision import precision
from ..winograd import OUTPUTS, POINTS, TAPS
from .col2im import PRODUCTS
from .simd import LANES, TILE_ROWS

Shape = tuple[int, ...]

_TRANSFORM = 330  # multiplications of vectors that take as long as to transform a tile for a vector of channels
_TRANSFORM_WEIGHTS = 360  # and the weights of a vector of filters for a channel
_SUM_WEIGHTS = 1300  # and to write, add up and transform the 36 sums of their gradients
_TILE = 8  # and to begin a tile, for each of its outputs
_EDGE = 20  # and to store an output that is no whole or half vector
_PHASE = 50_000  # and to begin a phase of an input gradient
_RUN, _ADD = 10, 15  # and to add a run of products to an image, and for each vector of it
_TOTAL = 13  # and to add up the lanes of a sum
_AROUND = 1.5  # times as long as this other input gradients take, with padding and all

_preferred: str | None = None


class Choice(NamedTuple):
    """An algorithm, and the reason in a few words."""

    algorithm: str
    why: str


@contextlib.contextmanager
def preferring(algorithm: str) -> Iterator[None]:
    """Take "winograd" or "direct" wherever it applies, fast or not: to test and to measure it."""
    global _preferred
    before, _preferred = _preferred, algorithm
    try:
        yield
    finally:
        _preferred = before


def conv2d(
    images: Shape,
    kernel: Shape,
    size: Pair,
    strides: Pair = (1, 1),
    pads: Pads = NO_PADS,
    dilation: Pair = (1, 1),
    groups: int = 1,
) -> Choice:
    """For images (N, H, W, C), a kernel (R, S, C/g, K) and outputs of size (P, Q)."""
    if pointwise(kernel, strides, pads, groups):
        return _DENSE
    if groups == 1 and _preferred is None and _suit_dots(*kernel):
        return _DOTS
    return _correlation(images, (*size, kernel[3]), kernel, strides, dilation, groups, precision(), _preferred)


def conv2d_input_grad(
    gradients: Shape,
    kernel: Shape,
    size: Pair,
    strides: Pair = (1, 1),
    pads: Pads = NO_PADS,
    dilation: Pair = (1, 1),
    groups: int = 1,
) -> Choice:
    """For gradients (N, P, Q, K), a kernel (R, S, C/g, K) and inputs of size (H, W)."""
    if pointwise(kernel, strides, pads, groups):
        return _DENSE
    arguments = gradients, kernel, (*size,), (*strides,), (*dilation,), groups
    return _input_grad(*arguments, precision(), _preferred)


def conv2d_input_grad_of_pool(
    kernel: Shape, strides: Pair = (1, 1), pads: Pads = NO_PADS, dilation: Pair = (1, 1), groups: int = 1
) -> Choice:
    """The same if 2×2 max-pooling follows: for a kernel (R, S, C/g, K)."""
    if pointwise(kernel, strides, pads, groups):
        return _DENSE
    return _DEPTHWISE if groups > 1 == kernel[2] else _POOLED


def conv2d_weight_grad(
    images: Shape,
    gradients: Shape,
    kernel_size: Pair,
    strides: Pair = (1, 1),
    pads: Pads = NO_PADS,
    dilation: Pair = (1, 1),
    groups: int = 1,
    pooled: bool = False,
) -> Choice:
    """For images (N, H, W, C) and gradients (N, P, Q, K), which may be those behind a 2×2 max-pooling."""
    kernel = *kernel_size, images[3] // groups, gradients[3]
    if pooled and groups == 1:
        return _SPARSE
    if pointwise(kernel, strides, pads, groups):
        return _DENSE
    return _weight_sums(gradients, kernel, (*strides,), (*dilation,), groups, precision(), _preferred)


_DENSE = Choice("dense", "a window of one pixel: a dense layer for every pixel")
_DEPTHWISE = Choice("depthwise", "one channel a group")
_DOTS = Choice("dots", "so few filters would leave most lanes of a vector without work")
_POOLED = Choice("pooled", "one of four outputs has a gradient")
_SPARSE = Choice("sparse", "to leave out the three zeros of four saves more than Winograd's algorithm")


def pointwise(kernel: Shape, strides: Pair, pads: Pads, groups: int) -> bool:
    """Whether a convolution is a dense layer for every pixel."""
    return kernel[:2] == strides == (1, 1) and pads == NO_PADS and groups == 1


def _suit_dots(rows: int, columns: int, channels: int, filters: int) -> bool:
    """Whether vectors of channels take less time than those of filters, half a vector of which has two numbers."""
    taps = rows * columns
    return filters <= LANES // 2 and filters * (taps * -(-channels // LANES) + _TOTAL) < taps * channels / 2


@functools.lru_cache(maxsize=256)
def _correlation(
    images: Shape,
    out: Shape,
    kernel: Shape,
    strides: Pair,
    dilation: Pair,
    groups: int,
    precision: str,
    preferred: str | None,
) -> Choice:
    choice = _without_winograd(kernel, strides, dilation, groups, precision, preferred)
    return choice or _winograd_or_direct(images, *out)


@functools.lru_cache(maxsize=256)
def _input_grad(
    gradients: Shape,
    kernel: Shape,
    size: Pair,
    strides: Pair,
    dilation: Pair,
    groups: int,
    precision: str,
    preferred: str | None,
) -> Choice:
    channels = kernel[2] * groups
    choice = _correlation(gradients, (*size, channels), kernel, strides, dilation, groups, precision, preferred)
    if choice.algorithm == "depthwise" or preferred or gradients[1] * gradients[2] < TILE_ROWS:
        return choice
    time = _col2im(gradients, kernel, size, dilation, groups)
    if choice.algorithm == "winograd":
        other = _AROUND * sum(_winograd(gradients, *size, channels))
    else:
        other = _AROUND * _phases(gradients, kernel, size, strides, groups)
    return Choice("col2im", f"{choice.algorithm} takes {other / time:.1f} times as long") if time < other else choice


def _col2im(gradients: Shape, kernel: Shape, size: Pair, dilation: Pair, groups: int) -> float:
    """How long it takes to multiply whole windows, and to add them up."""
    outputs, depth = gradients[0] * gradients[1] * gradients[2] * groups, gradients[3] // groups
    rows, columns, channels = kernel[:3]
    runs, run = (rows, columns * channels) if dilation[1] == 1 else (rows * columns, channels)
    vectors = -(-rows * columns * channels // LANES)
    again = vectors * LANES * depth / (2 * max(TILE_ROWS, PRODUCTS // (vectors * LANES)))  # the weights are read
    added = gradients[0] * size[0] * size[1] * groups * channels / 4
    return outputs * (vectors * (depth + _TILE) + again + runs * (_RUN + _ADD * -(-run // LANES))) + added


def _phases(gradients: Shape, kernel: Shape, size: Pair, strides: Pair, groups: int) -> float:
    """How long it takes to multiply what the pixels of each phase read."""
    pixels, channels, phases = gradients[0] * size[0] * size[1] * groups, kernel[2], strides[0] * strides[1]
    taps, rest = kernel[0] * kernel[1] / phases, channels % LANES
    edge = _EDGE if (groups > 1 or phases > 1) and rest not in (0, LANES // 2) else 0
    multiplied = taps * (gradients[3] // groups) * _vectors(channels) + (-(-channels // LANES) + 1) * _TILE + edge
    return pixels * multiplied + _PHASE * phases


def _vectors(filters: int) -> float:
    """As many as a direct sum computes: it leaves out a half without a filter."""
    whole, rest = divmod(filters, LANES)
    return whole + (0 if rest == 0 else 0.5 if rest <= LANES // 2 else 1)


@functools.lru_cache(maxsize=256)
def _weight_sums(
    gradients: Shape,
    kernel: Shape,
    strides: Pair,
    dilation: Pair,
    groups: int,
    precision: str,
    preferred: str | None,
) -> Choice:
    choice = _without_winograd(kernel, strides, dilation, groups, precision, preferred)
    return choice or _winograd_or_direct_weights(gradients, kernel[2])


def _without_winograd(
    kernel: Shape, strides: Pair, dilation: Pair, groups: int, precision: str, preferred: str | None
) -> Choice | None:
    """The choice, unless it depends on how long Winograd's algorithm takes."""
    if groups > 1 == kernel[2]:
        return _DEPTHWISE
    if kernel[:2] != (TAPS, TAPS):
        return Choice("direct", "Winograd is for 3×3 windows")
    if strides != (1, 1) or dilation != (1, 1) or groups > 1:
        return Choice("direct", "Winograd is for windows without stride, dilation and groups")
    if precision == "exact":
        return Choice("direct", "precision is exact")
    return Choice(preferred, "preferred") if preferred else None


def _winograd_or_direct(images: Shape, down: int, across: int, filters: int) -> Choice:
    """Winograd's transforms must not take longer than the multiplications that it saves."""
    sums = images[0] * down * across * TAPS**2 * images[3] * _vectors(filters)
    return _faster(sums, *_winograd(images, down, across, filters))


def _winograd(images: Shape, down: int, across: int, filters: int) -> tuple[int, int]:
    """How long the products and the transforms take."""
    tiles = images[0] * -(-down // OUTPUTS) * -(-across // OUTPUTS)
    channels, inputs, outputs = images[3], -(-images[3] // LANES), -(-filters // LANES)
    transforms = _TRANSFORM * tiles * (inputs + outputs) + _TRANSFORM_WEIGHTS * channels * outputs
    return tiles * POINTS**2 * channels * outputs, transforms


def _winograd_or_direct_weights(gradients: Shape, channels: int) -> Choice:
    """The same for sums over the tiles."""
    images, down, across, filters = gradients
    tiles = images * -(-down // OUTPUTS) * -(-across // OUTPUTS)
    inputs, outputs, rows = -(-channels // LANES), -(-filters // LANES), -(-channels // TILE_ROWS) * TILE_ROWS
    sums = images * down * across * TAPS**2 * channels * outputs
    products = tiles * POINTS**2 * rows * outputs
    return _faster(sums, products, _TRANSFORM * tiles * (inputs + outputs) + _SUM_WEIGHTS * channels * outputs)


def _faster(sums: float, products: int, transforms: int) -> Choice:
    if products + transforms < sums:
        return Choice("winograd", f"{sums / products:.1f} times fewer multiplications")
    return Choice("direct", f"Winograd would take {(products + transforms) / sums:.1f} times as long")
