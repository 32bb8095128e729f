"""Pooling, window by window, with the channels in the innermost loop: they lie side by side."""

from typing import Any

import numpy as np

from .. import portable
from ..geometry import NO_PADS, Pads, Pair, code_dtype, window_output
from . import max_pool_of_four
from .capture import every_run
from .compile import compiled
from .matmul import copy
from .memory import computed, contiguous, empty
from .parallel import parallel, unpack, workers_for
from .reduction import repeated
from .simd import LANES, get, put

_LONG = 256  # numbers worth copying at once
_CODES = 256  # places that a uint8 code can name; larger windows are left to portable


def max_pool2d(x: np.ndarray, *, pool_size: Pair, strides: Pair, pads: Pads = NO_PADS) -> tuple[np.ndarray, np.ndarray]:
    """y = max over the window, and the place of the first maximum or NaN.

    >>> x = np.array([[1, 3], [3, 2]], np.float32)[None, :, :, None]
    >>> y, code = max_pool2d(x, pool_size=(2, 2), strides=(2, 2))
    >>> y.item(), code.item()
    (3.0, 1)
    """
    if max_pool_of_four.suits(x.shape[3], pool_size, strides, pads):
        return max_pool_of_four.max_pool(contiguous(x), -np.inf)
    size = window_output(x.shape[1:3], pool_size, strides, pads)
    y = empty((x.shape[0], *size, x.shape[3]))
    code = empty(y.shape, code_dtype(pool_size))
    if pool_size[0] * pool_size[1] > _CODES:
        every_run(lambda: _pool_by_numpy(x, y, code, pool_size=pool_size, strides=strides, pads=pads))
        return y, code
    workers = workers_for(y.size * pool_size[0] * pool_size[1])
    _max_pool(workers, x, y, code, *pool_size, *strides, pads[0][0], pads[1][0])
    return y, code


def _pool_by_numpy(x: np.ndarray, y: np.ndarray, code: np.ndarray, **options: Any) -> None:
    y[...], code[...] = portable.max_pool2d(x, **options)


def max_pool2d_grad(
    dy: np.ndarray, code: np.ndarray, *, input_size: Pair, pool_size: Pair, strides: Pair, pads: Pads = NO_PADS
) -> np.ndarray:
    """dy goes to the pixel that the code names, window by window in row-major order."""
    if pool_size[0] * pool_size[1] > _CODES:
        options: dict[str, Any] = {"input_size": input_size, "pool_size": pool_size, "strides": strides, "pads": pads}
        shape = dy.shape[0], *input_size, dy.shape[3]
        return computed(lambda: portable.max_pool2d_grad(dy, code, **options), shape)
    dx = empty((dy.shape[0], *input_size, dy.shape[3]))
    _max_pool_grad(workers_for(dx.size + dy.size), dy, code, dx, *pool_size, *strides, pads[0][0], pads[1][0])
    return dx


def avg_pool2d(x: np.ndarray, *, pool_size: Pair, strides: Pair, pads: Pads = NO_PADS) -> np.ndarray:
    """y = the mean over those pixels of the window that lie inside the image."""
    size = window_output(x.shape[1:3], pool_size, strides, pads)
    y = empty((x.shape[0], *size, x.shape[3]))
    workers = workers_for(y.size * pool_size[0] * pool_size[1])
    _avg_pool(workers, x, y, *pool_size, *strides, pads[0][0], pads[1][0])
    return y


def avg_pool2d_grad(
    dy: np.ndarray, *, input_size: Pair, pool_size: Pair, strides: Pair, pads: Pads = NO_PADS
) -> np.ndarray:
    """Every pixel of a window gets the same share of dy."""
    dx = empty((dy.shape[0], *input_size, dy.shape[3]))
    workers = workers_for(dx.size + dy.size * pool_size[0] * pool_size[1])
    _avg_pool_grad(workers, dy, dx, *pool_size, *strides, pads[0][0], pads[1][0])
    return dx


def global_avg_pool2d(x: np.ndarray) -> np.ndarray:
    """y[n,c] = the mean of channel c of image n."""
    y = empty((x.shape[0], x.shape[3]))
    _global_avg(workers_for(x.size), x, y)
    return y


def global_avg_pool2d_grad(dy: np.ndarray, *, input_size: Pair) -> np.ndarray:
    """Every pixel gets dy / (H·W)."""
    dx = empty((dy.shape[0], *input_size, dy.shape[1]))
    _global_avg_grad(workers_for(dx.size), dy, dx)
    return dx


def global_max_pool2d(x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The maximum of each channel, and the pixel of the first maximum or NaN."""
    y = empty((x.shape[0], x.shape[3]))
    index = empty(y.shape, np.int64)
    _global_max(workers_for(x.size), x, y, index)
    return y, index


def global_max_pool2d_grad(dy: np.ndarray, index: np.ndarray, *, input_size: Pair) -> np.ndarray:
    """dy goes to the pixel that the index names."""
    dx = empty((dy.shape[0], *input_size, dy.shape[1]))
    _global_max_grad(workers_for(dx.size), dy, index, dx)
    return dx


@compiled
def _inside(position, window, stride, pad, size):
    """(first, end): the places of a window that lie inside the image, along one axis."""
    start = position * stride - pad
    return max(0, -start), min(window, size - start)


@compiled
def _reached(place, positions, stride, pad, size):
    """(first, end, pixel): the windows that have this place inside the image, along one axis; the first one's pixel."""
    first = max(0, (pad - place + stride - 1) // stride)
    end = min(positions, (size - 1 + pad - place) // stride + 1)
    return first, max(first, end), first * stride + place - pad


@compiled
def _table(positions, window, stride, pad, size):
    """What `_reached` says of each place of a window."""
    table = np.empty((window, 3), np.intp)
    for place in range(window):
        table[place, 0], table[place, 1], table[place, 2] = _reached(place, positions, stride, pad, size)
    return table


@compiled
def _starts_and_widths(positions, channels, window, stride, pad, size):
    """The first place inside the image and the number of such places, for each number of a line of windows."""
    starts, widths = np.empty(positions * channels, np.int32), np.empty(positions * channels, np.float32)
    for q in range(positions):
        first, end = _inside(q, window, stride, pad, size)
        for i in range(q * channels, (q + 1) * channels):
            starts[i], widths[i] = first, end - first
    return starts, widths


@compiled
def _gather(pixels, place, stride, channels, row, count):
    """row = every so many pixels side by side: so a vector is full however few channels there are."""
    if channels < count:  # the longer loop is the inner one
        for c in range(channels):
            for q in range(count):
                put(row, q * channels + c, get(pixels, place + q * stride * channels + c))
    else:
        for q in range(count):
            for c in range(channels):
                put(row, q * channels + c, get(pixels, place + q * stride * channels + c))


@compiled
def _scatter(row, start, pixels, place, stride, channels, count):
    """Add the numbers of the row from `start` on to every so many pixels."""
    if channels < count:
        for c in range(channels):
            for q in range(count):
                target = place + q * stride * channels + c
                put(pixels, target, get(pixels, target) + get(row, start + q * channels + c))
    else:
        for q in range(count):
            for c in range(channels):
                target = place + q * stride * channels + c
                put(pixels, target, get(pixels, target) + get(row, start + q * channels + c))


@compiled
def _challenge(best, codes, challengers, place):
    """Let a challenger win where it is larger or NaN; nothing beats a NaN."""
    for i in range(len(best)):
        champion, challenger, old = best[i], challengers[i], codes[i]
        wins = (not challenger <= champion) & (champion == champion)
        best[i] = challenger if wins else champion
        codes[i] = place if wins else old


@parallel("f4[:, :, :, ::1], f4[:, :, :, ::1], u1[:, :, :, ::1], intp, intp, intp, intp, intp, intp")
def _max_pool(worker, workers, arguments):
    x, y, code, pool_h, pool_w, stride_h, stride_w, top, left = unpack(arguments)
    lines, channels = y.shape[0] * y.shape[1], y.shape[3]
    starts, _ = _starts_and_widths(y.shape[2], channels, pool_w, stride_w, left, x.shape[2])
    table = _table(y.shape[2], pool_w, stride_w, left, x.shape[2])
    length = len(starts)
    codes, best, row = np.empty(length, np.int32), np.empty(length, np.float32), np.empty(length, np.float32)
    images, results, places = x.reshape(-1), y.reshape(-1), code.reshape(-1)
    for line in range(lines * worker // workers, lines * (worker + 1) // workers):
        n, p = divmod(line, y.shape[1])
        r_first, r_end = _inside(p, pool_h, stride_h, top, x.shape[1])
        for i in range(length):
            best[i] = -np.inf
            codes[i] = np.int32(r_first * pool_w) + starts[i]
        for r in range(r_first, r_end):
            pixels = (n * x.shape[1] + p * stride_h + r - top) * x.shape[2]
            for s in range(pool_w):
                first, end = table[s, 0], table[s, 1]
                _gather(images, (pixels + table[s, 2]) * channels, stride_w, channels, row, end - first)
                reached = slice(first * channels, end * channels)
                _challenge(best[reached], codes[reached], row, np.int32(r * pool_w + s))
        for i in range(length):
            results[line * length + i] = best[i]
            places[line * length + i] = codes[i]


@parallel("f4[:, :, :, ::1], u1[:, :, :, ::1], f4[:, :, :, ::1], intp, intp, intp, intp, intp, intp")
def _max_pool_grad(worker, workers, arguments):
    dy, code, dx, pool_h, pool_w, stride_h, stride_w, top, left = unpack(arguments)
    channels = dx.shape[3]
    offsets = np.empty(pool_h * pool_w, np.intp)
    for place in range(len(offsets)):
        offsets[place] = (place // pool_w * dx.shape[2] + place % pool_w) * channels
    for n in range(worker, len(dx), workers):
        image = dx[n].reshape(-1)
        image[:] = 0
        for p in range(dy.shape[1]):
            for q in range(dy.shape[2]):
                corner = ((p * stride_h - top) * dx.shape[2] + q * stride_w - left) * channels
                for c in range(channels):
                    place = corner + offsets[code[n, p, q, c]] + c
                    put(image, place, get(image, place) + dy[n, p, q, c])


@parallel("f4[:, :, :, ::1], f4[:, :, :, ::1], intp, intp, intp, intp, intp, intp")
def _avg_pool(worker, workers, arguments):
    x, y, pool_h, pool_w, stride_h, stride_w, top, left = unpack(arguments)
    lines, channels = y.shape[0] * y.shape[1], y.shape[3]
    _, widths = _starts_and_widths(y.shape[2], channels, pool_w, stride_w, left, x.shape[2])
    table = _table(y.shape[2], pool_w, stride_w, left, x.shape[2])
    length = len(widths)
    sums, row = np.empty(length, np.float32), np.empty(length, np.float32)
    images, results = x.reshape(-1), y.reshape(-1)
    for line in range(lines * worker // workers, lines * (worker + 1) // workers):
        n, p = divmod(line, y.shape[1])
        r_first, r_end = _inside(p, pool_h, stride_h, top, x.shape[1])
        sums[:] = 0
        for r in range(r_first, r_end):
            pixels = (n * x.shape[1] + p * stride_h + r - top) * x.shape[2]
            for s in range(pool_w):
                first, count = table[s, 0], table[s, 1] - table[s, 0]
                _gather(images, (pixels + table[s, 2]) * channels, stride_w, channels, row, count)
                for i in range(count * channels):
                    put(sums, first * channels + i, get(sums, first * channels + i) + get(row, i))
        for i in range(length):
            results[line * length + i] = sums[i] / (np.float32(r_end - r_first) * widths[i])


@parallel("f4[:, :, :, ::1], f4[:, :, :, ::1], intp, intp, intp, intp, intp, intp")
def _avg_pool_grad(worker, workers, arguments):
    dy, dx, pool_h, pool_w, stride_h, stride_w, top, left = unpack(arguments)
    channels = dy.shape[3]
    _, widths = _starts_and_widths(dy.shape[2], channels, pool_w, stride_w, left, dx.shape[2])
    table = _table(dy.shape[2], pool_w, stride_w, left, dx.shape[2])
    length = len(widths)
    share, gradients, images = np.empty(length, np.float32), dy.reshape(-1), dx.reshape(-1)
    for n in range(len(dx) * worker // workers, len(dx) * (worker + 1) // workers):
        dx[n] = 0
        for p in range(dy.shape[1]):
            line = n * dy.shape[1] + p
            r_first, r_end = _inside(p, pool_h, stride_h, top, dx.shape[1])
            for i in range(length):
                share[i] = gradients[line * length + i] / (np.float32(r_end - r_first) * widths[i])
            for r in range(r_first, r_end):
                pixels = (n * dx.shape[1] + p * stride_h + r - top) * dx.shape[2]
                for s in range(pool_w - 1, -1, -1):  # a pixel's windows from left to right see it from right to left
                    first, count = table[s, 0], table[s, 1] - table[s, 0]
                    _scatter(
                        share, first * channels, images, (pixels + table[s, 2]) * channels, stride_w, channels, count
                    )


@parallel("f4[:, :, :, ::1], f4[:, ::1]")
def _global_avg(worker, workers, arguments):
    x, y = unpack(arguments)
    total, line = np.empty(x.shape[3]), np.empty(x.shape[3], np.float32)
    for n in range(worker, len(x), workers):
        total[:] = 0
        for h in range(x.shape[1]):
            line[:] = 0
            for v in range(x.shape[2]):
                for c in range(len(line)):
                    line[c] += x[n, h, v, c]
            for c in range(len(line)):
                total[c] += line[c]
        for c in range(len(total)):
            y[n, c] = total[c] / (x.shape[1] * x.shape[2])


@parallel("f4[:, ::1], f4[:, :, :, ::1]")
def _global_avg_grad(worker, workers, arguments):
    dy, dx = unpack(arguments)
    count, width = np.float32(dx.shape[1] * dx.shape[2]), dx.shape[2] * dx.shape[3]
    lines, images = dx.shape[0] * dx.shape[1], dx.reshape(-1)
    image, pixels = -1, np.empty(0, np.float32)
    for line in range(lines * worker // workers, lines * (worker + 1) // workers):
        if image != line // dx.shape[1]:
            image = line // dx.shape[1]
            pixels = repeated(dy[image] / count, _LONG)
        for start in range(0, width, len(pixels)):
            copy(pixels, 0, images, line * width + start, min(len(pixels), width - start))


@parallel("f4[:, :, :, ::1], f4[:, ::1], i8[:, ::1]")
def _global_max(worker, workers, arguments):
    x, y, index = unpack(arguments)
    pixels, channels = x.shape[1] * x.shape[2], x.shape[3]
    numbers, codes = x.reshape(-1), np.empty(channels, np.int32)
    for n in range(len(x) * worker // workers, len(x) * (worker + 1) // workers):
        best, start = y[n], n * pixels * channels
        best[:] = -np.inf
        codes[:] = 0
        if channels < LANES:
            for c in range(channels):
                best[c], codes[c] = _first_largest(numbers, start + c, pixels, channels)
        else:
            for pixel in range(pixels):
                _challenge(best, codes, numbers[start + pixel * channels :], np.int32(pixel))
        index[n] = codes


@compiled
def _first_largest(numbers, start, count, step):
    """The largest or the first NaN of every so many numbers, and which it is."""
    best, code = get(numbers, start), 0
    for i in range(1, count):
        number = get(numbers, start + i * step)
        if not number <= best:
            if best != best:
                break
            best, code = number, i
    return best, code


@parallel("f4[:, ::1], i8[:, ::1], f4[:, :, :, ::1]")
def _global_max_grad(worker, workers, arguments):
    dy, index, dx = unpack(arguments)
    for n in range(worker, len(dx), workers):
        dx[n] = 0
        for c in range(dx.shape[3]):
            h, v = divmod(index[n, c], dx.shape[2])
            dx[n, h, v, c] = dy[n, c]
