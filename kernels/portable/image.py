"""Affine transforms of whole batches: positions, then the four pixels around each, taken from framed images."""

import numpy as np

from ..geometry import Pair
from .select import select


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
    rows, columns = _positions(matrices, output_size)
    lost = ~(np.isfinite(rows) & np.isfinite(columns))
    rows, columns = (
        _within(np.where(lost, 0, positions), size, fill_mode, ends)
        for positions, size in ((rows, x.shape[1]), (columns, x.shape[2]))
    )
    framed = _framed(x, fill_value)
    y = _nearest(framed, rows, columns) if interpolation == "nearest" else _bilinear(framed, rows, columns)
    y[lost] = np.nan
    return y


def _positions(matrices: np.ndarray, output_size: Pair) -> tuple[np.ndarray, ...]:
    """Row and column (N, P, Q) of every output pixel."""
    m = matrices.astype(np.float64)[:, :, :, None, None]
    p, q = np.arange(output_size[0])[:, None], np.arange(output_size[1])
    return tuple(m[:, i, 0] * p + m[:, i, 2] + m[:, i, 1] * q for i in (0, 1))


def _within(positions: np.ndarray, size: int, fill_mode: str, ends: str) -> np.ndarray:
    """The positions in [−1, size] that show the same: from −1 down and from `size` up there is nothing but fill."""
    last = size - 1
    if fill_mode == "constant":
        if ends == "centres":
            return np.where((positions >= 0) & (positions <= last), positions, -1)
        return positions.clip(-1, size)
    if fill_mode == "reflect":
        positions = positions - 2 * size * np.floor(positions / (2 * size))
        positions = np.where(positions >= size, 2 * size - 1 - positions, positions)
    elif fill_mode == "wrap" and last > 0:
        gap = 1 if ends == "edges" else 0  # from the last pixel to the first
        before = positions + (last + gap) * np.ceil(-positions / (last + gap))
        after = positions - (last + gap) * np.floor((positions + gap) / (last + gap))
        positions = np.where(positions < 0, before, np.where(positions > last, after, positions))
    return positions.clip(0, last)


def _framed(x: np.ndarray, fill_value: float) -> np.ndarray:
    """The images in a frame of fill, one pixel wide above and left, two below and right: the last has weight 0."""
    n, height, width, channels = x.shape
    framed = np.full((n, height + 3, width + 3, channels), float(fill_value), x.dtype)
    framed[:, 1:-2, 1:-2] = x
    return framed


def _nearest(framed: np.ndarray, rows: np.ndarray, columns: np.ndarray) -> np.ndarray:
    """The pixel nearest to each position, of two the one farther from 0."""
    rows, columns = (np.trunc(i + np.copysign(0.5, i)).astype(np.intp) for i in (rows, columns))
    pixels, places = _places(framed, rows, columns)
    return pixels.take(places, axis=0)


def _bilinear(framed: np.ndarray, rows: np.ndarray, columns: np.ndarray) -> np.ndarray:
    """The four pixels around each position, mixed along rows and then between them."""
    top, left = np.floor(rows).astype(np.intp), np.floor(columns).astype(np.intp)
    down, right = (part[..., None] for part in (rows - top, columns - left))
    pixels, places = _places(framed, top, left)

    def mixed(a: np.ndarray, b: np.ndarray, part: np.ndarray) -> np.ndarray:
        weights = (1 - part).astype(a.dtype), part.astype(a.dtype)
        return weights[0] * select(weights[0] > 0, a) + weights[1] * select(weights[1] > 0, b)

    def mixed_along(row: np.ndarray) -> np.ndarray:
        return mixed(pixels.take(row, axis=0), pixels.take(row + 1, axis=0), right)

    return mixed(mixed_along(places), mixed_along(places + framed.shape[2]), down)


def _places(framed: np.ndarray, rows: np.ndarray, columns: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """All pixels of all framed images in a list, and where those at some rows and columns stand in it."""
    n, height, width, channels = framed.shape
    first = (np.arange(n) * height * width)[:, None, None]
    return framed.reshape(-1, channels), first + (rows + 1) * width + columns + 1
