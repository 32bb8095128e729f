"""Affine transforms as their definition: for every output pixel find its position, then mix the pixels around."""

import math

import numpy as np

from ..geometry import Pair


@np.errstate(over="ignore", invalid="ignore")
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
    >>> image = np.array([2.0, 4.0]).reshape(1, 1, 2, 1)
    >>> affine_transform(image, half_a_pixel_to_the_right, output_size=(1, 3)).ravel()
    array([1., 3., 2.])
    """
    y = np.empty((len(x), *output_size, x.shape[3]), x.dtype)
    for n, p, q in np.ndindex(y.shape[:3]):
        h, v = (float(m[0]) * p + float(m[2]) + float(m[1]) * q for m in matrices[n])
        y[n, p, q] = np.nan
        if math.isfinite(h) and math.isfinite(v):
            row, column = (_within(i, size, fill_mode, ends) for i, size in ((h, x.shape[1]), (v, x.shape[2])))
            y[n, p, q] = 0
            for i, row_weight in _pixels(row, interpolation):
                for j, column_weight in _pixels(column, interpolation):
                    is_inside = 0 <= i < x.shape[1] and 0 <= j < x.shape[2]
                    y[n, p, q] += row_weight * column_weight * (x[n, i, j] if is_inside else float(fill_value))
    return y


def _within(position: float, size: int, fill_mode: str, ends: str) -> float:
    """The position in [−1, size] that shows the same: from −1 down and from `size` up there is nothing but fill."""
    last = size - 1
    if fill_mode == "constant":
        if ends == "centres" and not 0 <= position <= last:
            return -1.0
        return min(max(position, -1.0), float(size))
    if fill_mode == "reflect":
        position -= 2 * size * np.floor(position / (2 * size))
        if position >= size:
            position = 2 * size - 1 - position
    elif fill_mode == "wrap" and last > 0:
        gap = 1 if ends == "edges" else 0  # from the last pixel to the first
        if position < 0:
            position += (last + gap) * np.ceil(-position / (last + gap))
        elif position > last:
            position -= (last + gap) * np.floor((position + gap) / (last + gap))
    return float(min(max(position, 0.0), last))


def _pixels(position: float, interpolation: str) -> list[tuple[int, float]]:
    """The pixels around a position along one axis that have a weight, and their weights."""
    if interpolation == "nearest":
        return [(math.floor(position + 0.5) if position >= 0 else math.ceil(position - 0.5), 1.0)]
    first = math.floor(position)
    weights = (1 - (position - first)), position - first
    return [(first + i, weight) for i, weight in enumerate(weights) if weight > 0]
