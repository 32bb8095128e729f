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
        image, rows, columns = n * height * width * channels, matrices[n, 0], matrices[n, 1]
        for q in range(y.shape[2]):
            h, v = rows[0] * p + rows[1] * q + rows[2], columns[0] * p + columns[1] * q + columns[2]
            place = (line * y.shape[2] + q) * channels
            is_inside = 0 <= h < height - 1 and 0 <= v < width - 1
            if not is_inside:
                if not (math.isfinite(h) and math.isfinite(v)):
                    results[place : place + channels] = np.nan
                    continue
                h, v = _within(h, height, fill_mode, ends), _within(v, width, fill_mode, ends)
            if interpolation == _NEAREST:
                _copy_nearest(images, image, h, v, height, width, channels, fill, results, place)
            elif is_inside:
                _mix_inside(images, image, h, v, width, channels, results, place)
            else:
                _mix_anywhere(images, image, h, v, height, width, channels, fill, results, place)


@inlined
def _copy_nearest(images, image, h, v, height, width, channels, fill, results, place):
    i, j = _nearest(h), _nearest(v)
    source, is_inside = _place(image, i, j, height, width, channels)
    for c in range(channels):
        put(results, place + c, get(images, source + c) if is_inside else fill)


@inlined
def _mix_inside(images, image, h, v, width, channels, results, place):
    """The four pixels around a position lie inside."""
    i, j = int(h), int(v)
    above, below, left, right = _weights(h - i, v - j)
    upper = image + (i * width + j) * channels
    lower = upper + width * channels
    if channels == 3:  # a loop of unknown length costs more than it does
        _mix_four(images, upper, lower, channels, above, below, left, right, results, place)
        _mix_four(images, upper + 1, lower + 1, channels, above, below, left, right, results, place + 1)
        _mix_four(images, upper + 2, lower + 2, channels, above, below, left, right, results, place + 2)
    else:
        for c in range(channels):
            _mix_four(images, upper + c, lower + c, channels, above, below, left, right, results, place + c)


@inlined
def _mix_four(images, upper, lower, step, above, below, left, right, results, place):
    """One number of the four pixels."""
    top = _mixed(get(images, upper), get(images, upper + step), left, right)
    bottom = _mixed(get(images, lower), get(images, lower + step), left, right)
    put(results, place, _mixed(top, bottom, above, below))


@compiled
def _mix_anywhere(images, image, h, v, height, width, channels, fill, results, place):
    i, j = math.floor(h), math.floor(v)
    above, below, left, right = _weights(h - i, v - j)
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
def _weights(down, right):
    """Of the rows above and below, and of the columns left and right of a position."""
    return np.float32(1 - down), np.float32(down), np.float32(1 - right), np.float32(right)


@inlined
def _mixed(a, b, weight_of_a, weight_of_b):
    """The weighted sum of two numbers; one of weight 0 takes no part, even if it is NaN."""
    a = a if weight_of_a > 0 else np.float32(0)
    b = b if weight_of_b > 0 else np.float32(0)
    return weight_of_a * a + weight_of_b * b


@inlined
def _place(image, i, j, height, width, channels):
    """Where a pixel's numbers begin, and whether it is one of the image; or else a place that may be read."""
    is_inside = 0 <= i < height and 0 <= j < width
    return image + ((i * width + j) * channels if is_inside else 0), is_inside


@inlined
def _pixel(images, image, i, j, height, width, channels, c, fill):
    """A number of an image, or the fill value outside of it."""
    source, is_inside = _place(image, i, j, height, width, channels)
    return get(images, source + c) if is_inside else fill


@inlined
def _nearest(position):
    """The pixel nearest to a position, of two the one farther from 0."""
    return int(position + 0.5) if position >= 0 else int(position - 0.5)


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
