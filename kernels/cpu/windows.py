"""Windows as tables of pixel numbers: all that stride, padding and dilation mean, worked out once for each shape."""

import functools
from dataclasses import dataclass

import numpy as np

from ..geometry import Pads, Pair
from .simd import LANES


@dataclass(eq=False)
class Window:
    """What a correlation reads and writes in each image; pixels are numbered in row-major order."""

    sources: np.ndarray  # (M, T): the pixel under tap t for output m, −1 where there is none
    taps: np.ndarray  # (T,): which taps of the kernel these are, r·S + s
    targets: np.ndarray  # (M,): the pixel to which output m is written


@functools.lru_cache(maxsize=64)
def forward_window(
    input_size: Pair, output_size: Pair, kernel_size: Pair, strides: Pair, pads: Pads, dilation: Pair
) -> Window:
    """A convolution's window: tap (r, s) of output (p, q) lies at (p·σ + r·δ − π₀, q·σ + s·δ − π₀).

    >>> forward_window((1, 3), (1, 3), (1, 2), (1, 1), ((0, 0), (0, 1)), (1, 1)).sources.tolist()
    [[0, 1], [1, 2], [2, -1]]
    """
    p, q, r, s = np.ogrid[: output_size[0], : output_size[1], : kernel_size[0], : kernel_size[1]]
    h, v = p * strides[0] + r * dilation[0] - pads[0][0], q * strides[1] + s * dilation[1] - pads[1][0]
    sources = _numbers(h, v, input_size)
    return Window(sources, np.arange(sources.shape[1]), np.arange(len(sources)))


@functools.lru_cache(maxsize=64)
def backward_windows(
    input_size: Pair, output_size: Pair, kernel_size: Pair, strides: Pair, pads: Pads, dilation: Pair
) -> list[Window]:
    """The window of each phase, pixels (h, v) with the same (h + π₀) mod σ and (v + π₀) mod σ, over the outputs.

    Tap (r, s) was read by output p = (h + π₀ − r·δ) / σ, q likewise, where both are whole: for all pixels of a
    phase or for none.

    >>> [window.taps.tolist() for window in backward_windows((1, 4), (1, 2), (1, 3), (1, 2), ((0, 0), (1, 0)), (1, 1))]
    [[1], [0, 2]]
    """
    windows = []
    for phase in np.ndindex(min(strides[0], input_size[0]), min(strides[1], input_size[1])):
        first = np.s_[phase[0] : input_size[0] : strides[0], phase[1] : input_size[1] : strides[1]]
        h, v, r, s = np.ogrid[*first, : kernel_size[0], : kernel_size[1]]
        p, p_rest = np.divmod(h + pads[0][0] - r * dilation[0], strides[0])
        q, q_rest = np.divmod(v + pads[1][0] - s * dilation[1], strides[1])
        taps = np.flatnonzero((p_rest + q_rest)[0, 0] == 0)
        windows.append(Window(_numbers(p, q, output_size)[:, taps], taps, (h * input_size[1] + v).ravel()))
    return windows


@functools.lru_cache(maxsize=64)
def runs(window: Window, channels: int, groups: int) -> tuple[np.ndarray, int]:
    """(sources, run): where in an image of `channels` each run begins.

    A run is what can be copied at once: all channels of a group under one tap, or, where these are too few to
    fill a vector, each channel of each tap.
    """
    group = channels // groups
    run = group if group >= LANES else 1
    first = window.sources[..., None]
    sources = np.where(first < 0, -1, first * channels + np.arange(0, group, run))
    return np.ascontiguousarray(sources.reshape(len(first), -1), np.int32), run


@functools.lru_cache(maxsize=64)
def run_starts(window: Window, channels: int, run: int, tap_step: int, channel_step: int) -> np.ndarray:
    """Where in the weights the numbers of each run begin."""
    return (window.taps[:, None] * tap_step + np.arange(0, channels, run) * channel_step).ravel()


def _numbers(h: np.ndarray, v: np.ndarray, size: Pair) -> np.ndarray:
    """The numbers of pixels (h, v) in an image of this size, −1 outside it: first two axes by last two."""
    inside = (h >= 0) & (h < size[0]) & (v >= 0) & (v < size[1])
    numbers = np.where(inside, h * size[1] + v, -1).astype(np.int32)
    return numbers.reshape(numbers.shape[0] * numbers.shape[1], -1)
