"""Bounds of the convolutions: sums of products, each product rounded once and at most n − 1 times in its sum of n.

In precision "float32", convolutions of 3×3 windows may be computed by Winograd's algorithm: see winograd.py. In
precision "tf32", they may also be computed of numbers rounded to TF32.
"""

import math
from typing import Any

import numpy as np

from ... import reference
from ...geometry import NO_PADS, Pads, Pair
from . import winograd
from .rounding import Rounding


def conv2d(
    e: Rounding,
    x: np.ndarray,
    w: np.ndarray,
    b: np.ndarray | None = None,
    *,
    strides: Pair = (1, 1),
    pads: Pads = NO_PADS,
    dilation: Pair = (1, 1),
    groups: int = 1,
) -> Any:
    """R·S·C/g products and the bias."""
    x, w, b = np.abs(x), np.abs(w), b if b is None else np.abs(b)
    sums = reference.conv2d(x, w, b, strides=strides, pads=pads, dilation=dilation, groups=groups)
    direct = e.after(math.prod(w.shape[:3]) + (b is not None), sums)
    if not winograd.applies(e, w, strides, dilation, groups):
        return direct
    return winograd.widened(direct + e.of_products(sums), e, x, w, 0 if b is None else b, pads)


def conv2d_input_grad(
    e: Rounding,
    dy: np.ndarray,
    w: np.ndarray,
    *,
    input_size: Pair,
    strides: Pair = (1, 1),
    pads: Pads = NO_PADS,
    dilation: Pair = (1, 1),
    groups: int = 1,
) -> Any:
    """At most R·S·K/g products: taps that reach no output give fewer."""
    dy, w = np.abs(dy), np.abs(w)
    sums = reference.conv2d_input_grad(
        dy, w, input_size=input_size, strides=strides, pads=pads, dilation=dilation, groups=groups
    )
    direct = e.after(w.shape[0] * w.shape[1] * w.shape[3] // groups, sums)
    if not winograd.applies(e, w, strides, dilation, groups):
        return direct
    around = (2 - pads[0][0], 2 - pads[0][1]), (2 - pads[1][0], 2 - pads[1][1])
    return winograd.widened(direct + e.of_products(sums), e, dy, w[::-1, ::-1].swapaxes(2, 3), 0, around)


def conv2d_weight_grad(
    e: Rounding,
    x: np.ndarray,
    dy: np.ndarray,
    *,
    kernel_size: Pair,
    strides: Pair = (1, 1),
    pads: Pads = NO_PADS,
    dilation: Pair = (1, 1),
    groups: int = 1,
) -> Any:
    """N·P·Q products."""
    x, dy = np.abs(x), np.abs(dy)
    sums = reference.conv2d_weight_grad(
        x, dy, kernel_size=kernel_size, strides=strides, pads=pads, dilation=dilation, groups=groups
    )
    direct = e.after(math.prod(dy.shape[:3]), sums)
    if not winograd.applies(e, sums, strides, dilation, groups):
        return direct
    return winograd.widened_weights(direct + e.of_products(sums), e, x, dy, pads)


def bias_grad(e: Rounding, dy: np.ndarray) -> Any:
    return e.after(dy[..., 0].size - 1, reference.bias_grad(np.abs(dy)))
