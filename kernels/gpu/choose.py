"""Which kernels compute a convolution or one of its gradients on a GPU, and why: by shapes and the precision alone.

>>> conv2d((64, 32, 32, 32), (3, 3, 32, 64), (32, 32), pads=((1, 1), (1, 1))).algorithm
'tensor cores'
>>> conv2d((64, 32, 32, 32), (5, 5, 32, 64), (28, 28))
Choice(algorithm='direct', why='tensor cores are for 3×3 windows')
"""

import contextlib
from collections.abc import Iterator
from math import prod
from typing import NamedTuple

from ..geometry import NO_PADS, Pads, Pair
from ..precision import precision

Shape = tuple[int, ...]

_TILE = 16  # pixels, down and across
_CHANNELS = 8  # the fewest that are multiplied at once
_FILTERS = 32  # the fewest of a block

#: how many times as fast as direct sums tensor cores are thought to be on a whole tile: not measured on a GPU
_FASTER = {"tf32": 5.0, "float32": 2.0}

_preferred: str | None = None


class Choice(NamedTuple):
    """An algorithm, and the reason in a few words."""

    algorithm: str
    why: str


@contextlib.contextmanager
def preferring(algorithm: str) -> Iterator[None]:
    """Take "tensor cores" or "direct" wherever it applies, fast or not: to test and to measure it."""
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
    return _direct(kernel, strides, dilation, groups) or _by_share(size, kernel[2], kernel[3])


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
    if kernel[2] % 4:
        return Choice("direct", "tensor cores give gradients to channels in multiples of 4")
    return _direct(kernel, strides, dilation, groups) or _by_share(size, kernel[3], kernel[2])


def conv2d_weight_grad(
    images: Shape,
    gradients: Shape,
    kernel_size: Pair,
    strides: Pair = (1, 1),
    pads: Pads = NO_PADS,
    dilation: Pair = (1, 1),
    groups: int = 1,
) -> Choice:
    """For images (N, H, W, C) and gradients (N, P, Q, K)."""
    kernel = *kernel_size, images[3] // groups, gradients[3]
    return _direct(kernel, strides, dilation, groups) or _by_share(gradients[1:3], images[3], gradients[3])


def _direct(kernel: Shape, strides: Pair, dilation: Pair, groups: int) -> Choice | None:
    """What forbids tensor cores."""
    if kernel[:2] != (3, 3):
        return Choice("direct", "tensor cores are for 3×3 windows")
    if (*strides, *dilation, groups) != (1, 1, 1, 1, 1):
        return Choice("direct", "tensor cores are for windows without stride, dilation and groups")
    if kernel[3] % 4:
        return Choice("direct", "tensor cores take filters in multiples of 4")
    if precision() == "exact":
        return Choice("direct", "precision is exact")
    return Choice(_preferred, "preferred") if _preferred else None


def _by_share(size: Shape, channels: int, filters: int) -> Choice:
    """Tensor cores compute whole tiles, whatever part of them there is."""
    parts = (size[0], _TILE), (size[1], _TILE), (channels, _CHANNELS), (filters, _FILTERS)
    share = prod(length / (-(-length // tile) * tile) for length, tile in parts)
    if share * _FASTER[precision()] > 1:
        return Choice("tensor cores", f"{share:.0%} of the tiles are used")
    return Choice("direct", f"only {share:.0%} of the tiles of tensor cores would be used")
