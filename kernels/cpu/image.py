"""Affine transforms, output line by output line; inside the image the four pixels around are read unasked."""

import math

import numpy as np

from ..contract.image import ENDS, FILL_MODES, INTERPOLATIONS
from ..geometry import Pair
from .compile import compiled, inlined
from .memory import empty
from .parallel import parallel, unpack, workers_for
from .simd import get, put

_CONSTANT, _REFLECT, _WRAP = (FILL_MODES.index(name) for name in ("constant", "reflect", "wrap"))
_NEAREST, _CENTRES = INTERPOLATIONS.index("nearest"), ENDS.index("centres")
_PIXEL = 8  # elementary steps for a pixel, beside those for its channels


def affine_transform(
    x: np.ndarray,
    matrices: np.ndarray,
    *,
    output_size: Pair,
    fill_mode: str = "constant",
    fill_value: float = 0.0,
    interpolation: str = "bilinear",
    ends: str = "edges",
) -> np.ndarray:
    """y[n,p,q,c] = x[n,·,·,c] at M[n]·(p, q, 1).

    >>> half_a_pixel_to_the_right = np.array([[[1, 0, 0], [0, 1, -0.5]]])
    >>> image = np.array([2, 4], np.float32).reshape(1, 1, 2, 1)
    >>> affine_transform(image, half_a_pixel_to_the_right, output_size=(1, 3)).ravel()
    array([1., 3., 2.], dtype=float32)
    """
    y = empty((len(x), *output_size, x.shape[3]))
    workers = workers_for(y.size * (1 + _PIXEL // x.shape[3]))
    options = FILL_MODES.index(fill_mode), ENDS.index(ends), INTERPOLATIONS.index(interpolation)
    _transform(workers, x, matrices, y, *options, float(fill_value))
    return y


@parallel("f4[:, :, :, ::1], f8[:, :, ::1], f4[:, :, :, ::1], intp, intp, intp, f8")
def _transform(worker, workers, arguments):
    x, matrices, y, fill_mode, ends, interpolation, fill_value = unpack(arguments)
    height, width, channels = x.shape[1:]
    images, results, fill = x.reshape(-1), y.reshape(-1), np.float32(fill_value)
    lines = y.shape[0] * y.shape[1]
    for line in range(lines * worker // workers, lines * (worker + 1) // workers):
        n, p = divmod(line, y.shape[1])
        rows, columns, image = matrices[n, 0], matrices[n, 1], n * height * width * channels
        first_h, h_step = rows[0] * p + rows[2], rows[1]
        first_v, v_step = columns[0] * p + columns[2], columns[1]
        for q in range(y.shape[2]):
            h, v = first_h + h_step * q, first_v + v_step * q
            place = (line * y.shape[2] + q) * channels
            if not _is_inside(h, v, height, width):
                if not (math.isfinite(h) and math.isfinite(v)):
                    _fill(results, place, channels, np.float32(np.nan))
                    continue
                h, v = _within(h, height, fill_mode, ends), _within(v, width, fill_mode, ends)
            if interpolation == _NEAREST:
                h, v = _nearest(h), _nearest(v)
            if _is_inside(h, v, height, width):
                _mix_inside(images, image, h, v, width, channels, results, place)
            elif h <= -1 or h >= height or v <= -1 or v >= width:
                _fill(results, place, channels, fill)
            else:
                _mix_on_border(images, image, h, v, height, width, channels, fill, results, place)


@inlined
def _is_inside(h, v, height, width):
    """Whether a position lies between centres of pixels."""
    return 0 <= h <= height - 1 and 0 <= v <= width - 1


@inlined
def _fill(results, place, channels, number):
    for c in range(channels):
        put(results, place + c, number)


@inlined
def _nearest(position):
    """The pixel nearest to a position, of two the one farther from 0."""
    return np.trunc(position + 0.5) if position >= 0 else np.trunc(position - 0.5)


@inlined
def _mix_inside(images, image, h, v, width, channels, results, place):
    """The four pixels around a position inside. One of weight 0 is not read, but its neighbour in its place."""
    i, j = int(h), int(v)
    above, below, down = _shares(np.float32(1 - (h - i)), np.float32(h - i), width * channels)
    left, right, across = _shares(np.float32(1 - (v - j)), np.float32(v - j), channels)
    weights = above * left, above * right, below * left, below * right
    a = image + (i * width + j) * channels
    if channels == 3:  # a loop of unknown length costs more than it does
        put(results, place, _mixed_four(images, a, across, down, weights))
        put(results, place + 1, _mixed_four(images, a + 1, across, down, weights))
        put(results, place + 2, _mixed_four(images, a + 2, across, down, weights))
    else:
        for c in range(channels):
            put(results, place + c, _mixed_four(images, a + c, across, down, weights))


@inlined
def _mixed_four(images, a, across, down, weights):
    """The weighted sum of four numbers; summed in pairs, so that halves and quarters of one number are this number."""
    top = weights[0] * get(images, a) + weights[1] * get(images, a + across)
    bottom = weights[2] * get(images, a + down) + weights[3] * get(images, a + down + across)
    return top + bottom


@inlined
def _shares(near, far, step):
    """The weights of two pixels, and how far the second is: where it would have none, it is the first once more."""
    if far > 0:
        return near, far, step
    return np.float32(0.5), np.float32(0.5), 0


@compiled
def _mix_on_border(images, image, h, v, height, width, channels, fill, results, place):
    """The four pixels around a position, some of them beyond the image."""
    i, j = math.floor(h), math.floor(v)
    above, below, left, right = np.float32(1 - (h - i)), np.float32(h - i), np.float32(1 - (v - j)), np.float32(v - j)
    for c in range(channels):
        top = _mixed(
            _pixel(images, image, i, j, height, width, channels, c, fill),
            _pixel(images, image, i, j + 1, height, width, channels, c, fill),
            left,
            right,
        )
        bottom = _mixed(
            _pixel(images, image, i + 1, j, height, width, channels, c, fill),
            _pixel(images, image, i + 1, j + 1, height, width, channels, c, fill),
            left,
            right,
        )
        put(results, place + c, _mixed(top, bottom, above, below))


@inlined
def _mixed(a, b, weight_of_a, weight_of_b):
    """The weighted sum of two numbers; one of weight 0 takes no part, even if it is NaN."""
    a = a if weight_of_a > 0 else np.float32(0)
    b = b if weight_of_b > 0 else np.float32(0)
    return weight_of_a * a + weight_of_b * b


@inlined
def _pixel(images, image, i, j, height, width, channels, c, fill):
    """A number of an image, or the fill value outside of it."""
    if 0 <= i < height and 0 <= j < width:
        return get(images, image + (i * width + j) * channels + c)
    return fill


@compiled
def _within(position, size, fill_mode, ends):
    """The position in [−1, size] that shows the same: from −1 down and from `size` up there is nothing but fill."""
    last = size - 1
    if fill_mode == _CONSTANT:
        if ends == _CENTRES and not 0 <= position <= last:
            return -1.0
        return min(max(position, -1.0), float(size))
    if fill_mode == _REFLECT:
        position -= 2 * size * np.floor(position / (2 * size))
        if position >= size:
            position = 2 * size - 1 - position
    elif fill_mode == _WRAP and last > 0:
        gap = 0 if ends == _CENTRES else 1  # from the last pixel to the first
        if position < 0:
            position += (last + gap) * np.ceil(-position / (last + gap))
        elif position > last:
            position -= (last + gap) * np.floor((position + gap) / (last + gap))
    return min(max(position, 0.0), float(last))
