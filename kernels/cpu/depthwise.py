"""Depthwise convolution, one input channel a filter: no matrix product, but vectors of filters, tap after tap.

Where a channel has several filters, its copies stand side by side, one for each.
"""

import numpy as np

from .memory import empty
from .parallel import parallel, share, unpack, workers_for
from .simd import LANES, fma, get, load, put, store, zeros
from .sums import sum_parts
from .windows import Window

_STRETCH = 256  # outputs of one task, or of one partial sum of the weight gradient


def correlate(x: np.ndarray, w: np.ndarray, bias: np.ndarray, out: np.ndarray, window: Window) -> None:
    """out[n, targets[m], k] = bias[k] + Σ_t x[n, sources[m, t], k // (K/C)] · w[taps[t], k]."""
    workers = workers_for(len(out) * window.sources.size * w.shape[3])
    pixels, taps = _pixels(repeated(x, w.shape[3])), w.reshape(-1, w.shape[3])
    _correlate(workers, pixels, window.sources, taps, window.taps, bias, window.targets, _pixels(out))


def weight_grad(x: np.ndarray, dy: np.ndarray, window: Window) -> np.ndarray:
    """dw[t, k] = Σ_{n,m} x[n, sources[m, t], k // (K/C)] · dy[n, m, k], over stretches that are summed in order."""
    outputs, taps, filters = dy.size // dy.shape[3], window.sources.shape[1], dy.shape[3]
    sums = empty((-(-outputs // _STRETCH), taps, filters))
    workers = workers_for(dy.size * taps)
    _weight_grad(workers, _pixels(repeated(x, filters)), window.sources, dy.reshape(outputs, filters), sums)
    return sum_parts(sums, empty((taps, filters)))


def repeated(images: np.ndarray, filters: int) -> np.ndarray:
    """As many copies of each channel, side by side, as it has filters.

    >>> repeated(np.array([[1, 2]], np.float32), 4)
    array([[1., 1., 2., 2.]], dtype=float32)
    """
    if images.shape[-1] == filters:
        return images
    copies = empty((*images.shape[:-1], filters))
    _repeat(workers_for(copies.size), images, copies.reshape(images.size, -1))
    return copies


def summed(copies: np.ndarray, channels: int) -> np.ndarray:
    """The sums of the copies of each channel.

    >>> summed(np.array([[1, 2, 3, 4]], np.float32), 2)
    array([[3., 7.]], dtype=float32)
    """
    if copies.shape[-1] == channels:
        return copies
    sums = empty((*copies.shape[:-1], channels))
    _sum(workers_for(copies.size), copies.reshape(sums.size, -1), sums)
    return sums


def _pixels(images: np.ndarray) -> np.ndarray:
    return images.reshape(len(images), -1, images.shape[3])


@parallel("f4[:, :, ::1], i4[:, ::1], f4[:, ::1], intp[::1], f4[::1], intp[::1], f4[:, :, ::1]")
def _correlate(worker, workers, arguments):
    x, sources, w, taps, bias, targets, out = unpack(arguments)
    outputs, channels = len(x) * len(targets), x.shape[2]
    pixels, weights, results = x.reshape(-1), w.reshape(-1), out.reshape(-1)
    whole = channels // LANES * LANES
    for first in range(worker * _STRETCH, outputs, workers * _STRETCH):
        for output in range(first, min(first + _STRETCH, outputs)):
            n, m = divmod(output, len(targets))
            image, place = n * x.shape[1], (n * out.shape[1] + targets[m]) * channels
            for c in range(0, whole, LANES):
                total = load(bias, c)
                for t in range(len(taps)):
                    source = sources[m, t]
                    # beyond the border a true zero is multiplied, for the sake of an infinite weight
                    pixel = load(pixels, (image + source) * channels + c) if source >= 0 else zeros()
                    total = fma(pixel, load(weights, taps[t] * channels + c), total)
                store(results, place + c, total)
            for c in range(whole, channels):
                single = get(bias, c)
                for t in range(len(taps)):
                    source = sources[m, t]
                    number = get(pixels, (image + source) * channels + c) if source >= 0 else np.float32(0)
                    single += number * get(weights, taps[t] * channels + c)
                put(results, place + c, single)


@parallel("f4[:, :, ::1], i4[:, ::1], f4[:, ::1], f4[:, :, ::1]")
def _weight_grad(worker, workers, arguments):
    x, sources, dy, sums = unpack(arguments)
    outputs, channels = dy.shape
    pixels, gradients = x.reshape(-1), dy.reshape(-1)
    whole = channels // LANES * LANES
    for stretch in range(worker, len(sums), workers):
        first, end = stretch * _STRETCH, min((stretch + 1) * _STRETCH, outputs)
        for t in range(sources.shape[1]):
            total = sums[stretch, t]
            total[:] = 0
            for output in range(first, end):
                n, m = divmod(output, len(sources))
                source = sources[m, t]
                start = (n * x.shape[1] + source) * channels
                for c in range(0, whole, LANES):
                    pixel = load(pixels, start + c) if source >= 0 else zeros()
                    store(total, c, fma(pixel, load(gradients, output * channels + c), load(total, c)))
                for c in range(whole, channels):
                    number = get(pixels, start + c) if source >= 0 else np.float32(0)
                    put(total, c, get(total, c) + number * get(gradients, output * channels + c))


@parallel("f4[::1], f4[:, ::1]")
def _repeat(worker, workers, arguments):
    images, copies = unpack(arguments)
    images, copies = share(images, worker, workers), share(copies, worker, workers)
    for i in range(len(images)):
        for j in range(copies.shape[1]):
            copies[i, j] = images[i]


@parallel("f4[:, ::1], f4[::1]")
def _sum(worker, workers, arguments):
    copies, sums = unpack(arguments)
    copies, sums = share(copies, worker, workers), share(sums, worker, workers)
    for i in range(len(sums)):
        total = np.float32(0)
        for j in range(copies.shape[1]):
            total += copies[i, j]
        sums[i] = total
