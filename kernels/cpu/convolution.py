"""Convolution and its gradients, each by the way that suits its shape.

    dense         a dense layer for every pixel (dense.py)
    depthwise     channel by channel (depthwise.py, depthwise_weight_grad.py)
    winograd      by a quarter of the multiplications (winograd.py)
    thin          an input gradient collected from the products dy·wᵀ
    direct        without copies of windows (direct.py, weight_grad.py)

choose.py says which.
Source: Dumoulin & Visin, "A guide to convolution arithmetic for deep learning" (2016).
"""

from typing import Any

import numpy as np

from .. import portable
from ..geometry import NO_PADS, Pads, Pair, window_output
from . import choose, depthwise, direct, winograd
from .capture import expect_finite
from .dense import dense, dense_input_grad, dense_weight_grad
from .depthwise_weight_grad import weight_grad as depthwise_weight_grad
from .fill import cleared
from .matmul import matmul
from .memory import computed, contiguous, empty
from .parallel import parallel, unpack, workers_for
from .reduction import channel_sums
from .simd import get, put
from .weight_grad import weight_grad
from .windows import Window, backward_phases, backward_windows, forward_reach
from .winograd_weight_grad import weight_grad as winograd_weight_grad

_PRODUCTS = 1 << 20  # numbers: some megabytes, which the last cache holds


def conv2d(
    x: np.ndarray,
    w: np.ndarray,
    b: np.ndarray | None = None,
    *,
    strides: Pair = (1, 1),
    pads: Pads = NO_PADS,
    dilation: Pair = (1, 1),
    groups: int = 1,
) -> np.ndarray:
    """y = b + Σ over the taps.

    >>> image = np.arange(9, dtype=np.float32).reshape(1, 3, 3, 1)
    >>> conv2d(image, np.ones((2, 2, 1, 1), np.float32))[0, :, :, 0]
    array([[ 8., 12.],
           [20., 24.]], dtype=float32)
    """
    x, w = contiguous(x), contiguous(w)
    size = window_output(x.shape[1:3], w.shape[:2], strides, pads, dilation)
    algorithm, _ = choose.conv2d(x.shape, w.shape, size, strides, pads, dilation, groups)
    if algorithm == "dense":
        return dense(_rows(x), w[0, 0], b).reshape(*x.shape[:3], -1)
    y, reach = empty((x.shape[0], *size, w.shape[3])), forward_reach(w.shape[:2], strides, pads, dilation)
    if algorithm == "winograd":
        winograd.conv2d(x, w, b, pads, y)
    elif algorithm == "depthwise":
        depthwise.correlate(x, w, np.arange(w[..., 0, 0].size, dtype=np.intp), b, y, size, reach)
    else:
        direct.correlate(x, direct.packed(w, groups), b, y, size, reach, groups)
    return y


def conv2d_input_grad(
    dy: np.ndarray,
    w: np.ndarray,
    *,
    input_size: Pair,
    strides: Pair = (1, 1),
    pads: Pads = NO_PADS,
    dilation: Pair = (1, 1),
    groups: int = 1,
) -> np.ndarray:
    """dx of the pixels that the outputs were computed from."""
    dy, w = contiguous(dy), contiguous(w)
    algorithm, _ = choose.conv2d_input_grad(dy.shape, w.shape, (*input_size,), strides, pads, dilation, groups)
    if algorithm == "dense":
        return dense_input_grad(_rows(dy), w[0, 0]).reshape(*dy.shape[:3], -1)
    if algorithm == "winograd":
        dx = empty((dy.shape[0], *input_size, w.shape[2]))
        winograd.conv2d_input_grad(dy, w, pads, dx)
        return dx
    if algorithm == "thin":
        windows = backward_windows(input_size, dy.shape[1:3], w.shape[:2], strides, pads, dilation)
        return _thin_input_grad(dy, w, input_size, windows)
    if not expect_finite(w):  # at the border an infinite weight must not meet the zeros around dy
        options: dict[str, Any] = {
            "input_size": input_size,
            "strides": strides,
            "pads": pads,
            "dilation": dilation,
            "groups": groups,
        }
        shape = dy.shape[0], *input_size, w.shape[2] * groups
        return computed(lambda: portable.conv2d_input_grad(dy, w, **options), shape)
    if algorithm == "depthwise":
        return _depthwise_input_grad(dy, w, groups, input_size, strides, pads, dilation)
    return direct.input_grad(dy, w, (*input_size,), strides, pads, dilation, groups)


def _depthwise_input_grad(
    dy: np.ndarray, w: np.ndarray, groups: int, input_size: Pair, strides: Pair, pads: Pads, dilation: Pair
) -> np.ndarray:
    """dx where every filter has one channel of its own."""
    phases, shape = backward_phases((*input_size,), w.shape[:2], strides, pads, dilation), (*input_size, w.shape[3])
    skipping = any(phase.taps.size == 0 for phase in phases)  # a long stride reads not all pixels
    dx = (cleared if skipping else empty)((len(dy), *shape))
    for phase in phases:
        if phase.taps.size > 0:
            depthwise.correlate(dy, w, phase.taps, None, dx, phase.size, phase.reach)
    return depthwise.summed(dx, groups)


def conv2d_weight_grad(
    x: np.ndarray,
    dy: np.ndarray,
    *,
    kernel_size: Pair,
    strides: Pair = (1, 1),
    pads: Pads = NO_PADS,
    dilation: Pair = (1, 1),
    groups: int = 1,
) -> np.ndarray:
    """dw = windowsᵀ · dy."""
    x, dy = contiguous(x), contiguous(dy)
    algorithm, _ = choose.conv2d_weight_grad(x.shape, dy.shape, kernel_size, strides, pads, dilation, groups)
    if algorithm == "dense":
        return dense_weight_grad(_rows(x), _rows(dy))[None, None]
    if algorithm == "winograd":
        return winograd_weight_grad(x, dy, pads)
    reach = forward_reach(kernel_size, strides, pads, dilation)
    if algorithm == "depthwise":
        return depthwise_weight_grad(x, dy, reach).reshape(*kernel_size, 1, -1)
    return weight_grad(x, dy, reach, groups).reshape(*kernel_size, -1, dy.shape[3])


def bias_grad(dy: np.ndarray) -> np.ndarray:
    """db[k] = Σ dy[…,k].

    >>> bias_grad(np.ones((2, 3, 3, 1), np.float32))
    array([18.], dtype=float32)
    """
    return channel_sums(dy)


def _rows(images: np.ndarray) -> np.ndarray:
    """(N, H, W, C) → (N·H·W, C)."""
    return images.reshape(-1, images.shape[3])


def _thin_input_grad(dy: np.ndarray, w: np.ndarray, input_size: Pair, windows: list[Window]) -> np.ndarray:
    """dx of few channels: all products dy·wᵀ, a few images at a time, of which each pixel of dx collects its own.

    Products of windows would leave most lanes of a vector without a channel.
    """
    outputs, entries, filters = dy[0, ..., 0].size, w[..., 0].size, w.shape[3]
    dx = empty((len(dy), *input_size, w.shape[2]))
    images = max(1, _PRODUCTS // (outputs * entries))
    for start in range(0, len(dy), images):
        part = dy[start : start + images]
        products = empty((len(part) * outputs, entries))
        matmul(part.reshape(-1, filters), w.reshape(entries, filters).T, products)
        for window in windows:
            arrays = products.reshape(len(part), outputs, -1), window.sources, window.taps, window.targets
            _collect(workers_for(products.size), *arrays, _pixels(dx[start : start + images]))
    return dx


def _pixels(images: np.ndarray) -> np.ndarray:
    """(N, H, W, C) → (N, H·W, C)."""
    return images.reshape(len(images), -1, images.shape[3])


@parallel("f4[:, :, ::1], i4[:, ::1], intp[::1], intp[::1], f4[:, :, ::1]")
def _collect(worker, workers, arguments):
    """dx[:, targets[m], c] = Σ_t products[:, sources[m, t], tap t, c]."""
    products, sources, taps, targets, dx = unpack(arguments)
    images, outputs, entries = products.shape
    channels = dx.shape[2]
    numbers, results = products.reshape(-1), dx.reshape(-1)
    for pixel in range(worker, images * len(targets), workers):
        n, m = divmod(pixel, len(targets))
        place = (n * dx.shape[1] + targets[m]) * channels
        for c in range(channels):
            put(results, place + c, np.float32(0))
        for t in range(len(taps)):
            if sources[m, t] >= 0:
                product = (n * outputs + sources[m, t]) * entries + taps[t] * channels
                for c in range(channels):
                    put(results, place + c, get(results, place + c) + get(numbers, product + c))
