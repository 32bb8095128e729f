"""Depthwise convolution, one filter a channel: no matrix product, but vectors of 16 channels, tap after tap."""

import numpy as np

from .parallel import parallel, unpack, workers_for
from .simd import LANES, fma, get, load, put, store, zeros
from .windows import Window

_STRETCH = 256  # outputs of one task, or of one partial sum of the weight gradient


def correlate(x: np.ndarray, w: np.ndarray, bias: np.ndarray, out: np.ndarray, window: Window) -> None:
    """out[n, targets[m], c] = bias[c] + Σ_t x[n, sources[m, t], c] · w[taps[t], c]."""
    workers = workers_for(len(out) * window.sources.size * w.shape[3])
    taps = w.reshape(-1, w.shape[3])[window.taps]
    _correlate(workers, _pixels(x), window.sources, taps, bias, window.targets, _pixels(out))


def weight_grad(x: np.ndarray, dy: np.ndarray, window: Window) -> np.ndarray:
    """dw[t, c] = Σ_{n,m} x[n, sources[m, t], c] · dy[n, m, c], over stretches that are summed in order."""
    outputs, taps, channels = dy.size // dy.shape[3], window.sources.shape[1], dy.shape[3]
    sums = np.zeros((-(-outputs // _STRETCH), taps, channels), np.float32)
    _weight_grad(workers_for(dy.size * taps), _pixels(x), window.sources, dy.reshape(outputs, channels), sums)
    return sums.sum(axis=0)


def _pixels(images: np.ndarray) -> np.ndarray:
    return images.reshape(len(images), -1, images.shape[3])


@parallel("f4[:, :, ::1], i4[:, ::1], f4[:, ::1], f4[::1], intp[::1], f4[:, :, ::1]")
def _correlate(worker, workers, arguments):
    x, sources, w, bias, targets, out = unpack(arguments)
    outputs, channels = len(x) * len(targets), x.shape[2]
    pixels, weights, results = x.reshape(-1), w.reshape(-1), out.reshape(-1)
    whole = channels // LANES * LANES
    for first in range(worker * _STRETCH, outputs, workers * _STRETCH):
        for output in range(first, min(first + _STRETCH, outputs)):
            n, m = divmod(output, len(targets))
            image, place = n * x.shape[1], (n * out.shape[1] + targets[m]) * channels
            for c in range(0, whole, LANES):
                total = load(bias, c)
                for t in range(len(w)):
                    source = sources[m, t]
                    # beyond the border a true zero is multiplied, for the sake of an infinite weight
                    pixel = load(pixels, (image + source) * channels + c) if source >= 0 else zeros()
                    total = fma(pixel, load(weights, t * channels + c), total)
                store(results, place + c, total)
            for c in range(whole, channels):
                single = get(bias, c)
                for t in range(len(w)):
                    source = sources[m, t]
                    number = get(pixels, (image + source) * channels + c) if source >= 0 else np.float32(0)
                    single += number * get(weights, t * channels + c)
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
