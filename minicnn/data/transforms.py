"""Geometry and colour of image batches (N, H, W, C), for given amounts: what resizing and augmentation are made of.

Amounts are one number an image. Rows count downwards, columns to the right; the centre is ((H − 1)/2, (W − 1)/2).
A geometric transform is a matrix (2, 3) that says which position of the input an output pixel shows (see
kernels/contract/image.py): `rotations`, `zooms` and `shifts` make them, `moved` applies them. Whole numbers become
float32 where they are mixed or scaled.
"""

from typing import Any, Literal

import numpy as np

from ..device import kernels_on_host
from ..kernels.geometry import Pair

Fit = Literal["stretch", "crop", "pad"]


def about_centre(linear: np.ndarray, size: Pair) -> np.ndarray:
    """Matrices (N, 2, 3) of the linear maps A (N, 2, 2) about the centre c: position A·(t − c) + c.

    >>> about_centre(np.array([[[0.0, 1.0], [-1.0, 0.0]]]), (3, 5))
    array([[[ 0.,  1., -1.],
            [-1.,  0.,  3.]]])
    """
    centre = (np.array(size) - 1) / 2
    return np.concatenate([linear, (centre - linear @ centre)[:, :, None]], axis=2)


def rotations(angles: np.ndarray, size: Pair) -> np.ndarray:
    """Turn images about their centre, counterclockwise, by angles in radians."""
    cos, sin = np.cos(angles), np.sin(angles)
    return about_centre(np.stack([np.stack([cos, sin], -1), np.stack([-sin, cos], -1)], -2), size)


def zooms(heights: np.ndarray, widths: np.ndarray, size: Pair) -> np.ndarray:
    """Show so many times the height and width of the input: 0.5 is twice as large, 2 is half as large."""
    return about_centre(np.stack([heights, widths], -1)[:, :, None] * np.eye(2), size)


def shifts(down: np.ndarray, right: np.ndarray) -> np.ndarray:
    """Move images by so many pixels."""
    return np.concatenate([np.broadcast_to(np.eye(2), (len(down), 2, 2)), -np.stack([down, right], -1)[:, :, None]], 2)


def moved(images: np.ndarray, matrices: np.ndarray, size: Pair | None = None, **options: Any) -> np.ndarray:
    """The images seen through the matrices, as images of `size` (their own when left out).

    options     fill_mode, fill_value, interpolation and ends of the kernel `affine_transform`

    >>> one = np.eye(3, dtype=np.float32).reshape(1, 3, 3, 1)
    >>> moved(one, shifts(np.array([0.0]), np.array([1.0])))[0, :, :, 0]
    array([[0., 1., 0.],
           [0., 0., 1.],
           [0., 0., 0.]], dtype=float32)
    """
    size = images.shape[1:3] if size is None else size
    return kernels_on_host().affine_transform(_as_floats(images), matrices, output_size=size, **options)


def flipped(images: np.ndarray, vertically: np.ndarray, horizontally: np.ndarray) -> np.ndarray:
    """Mirror those images that the masks (N,) name, top to bottom and left to right.

    >>> flipped(np.array([[[[1], [2]]], [[[3], [4]]]]), np.array([False, False]), np.array([True, False])).ravel()
    array([2, 1, 3, 4])
    """
    images = images.copy()
    images[vertically] = images[vertically, ::-1]
    images[horizontally] = images[horizontally, :, ::-1]
    return images


def resized(
    images: np.ndarray, size: Pair, interpolation: str = "bilinear", fit: Fit = "stretch", fill_value: float = 0.0
) -> np.ndarray:
    """Images of another size, without antialiasing: pixels are squares, their centres halves.

    fit     "stretch" changes the aspect ratio; "crop" leaves out what exceeds the new one on either side, "pad" adds
            `fill_value` on either side where it falls short

    >>> resized(np.array([0.0, 4.0]).reshape(1, 1, 2, 1), (1, 4)).ravel()
    array([0., 1., 3., 4.])
    """
    if fit == "crop":
        images = _cropped_to_ratio(images, size)
    elif fit == "pad":
        images = _padded_to_ratio(images, size, fill_value)
    if images.shape[1:3] == tuple(size):
        return images
    if interpolation == "nearest":
        rows, columns = ((2 * np.arange(n) + 1) * old // (2 * n) for n, old in zip(size, images.shape[1:3]))
        return images[:, rows[:, None], columns]
    scale = np.array(images.shape[1:3]) / size
    matrix = np.concatenate([np.diag(scale), (scale[:, None] - 1) / 2], axis=1)
    return moved(images, np.broadcast_to(matrix, (len(images), 2, 3)), size, fill_mode="nearest")


def _cropped_to_ratio(images: np.ndarray, size: Pair) -> np.ndarray:
    height, width = images.shape[1:3]
    rows, columns = (max(min(n, other), 1) for n, other in zip((height, width), _in_ratio(images, size)))
    top, left = (height - rows) // 2, (width - columns) // 2
    return images[:, top : top + rows, left : left + columns]


def _padded_to_ratio(images: np.ndarray, size: Pair, fill_value: float) -> np.ndarray:
    height, width = images.shape[1:3]
    rows, columns = (max(n, other) for n, other in zip((height, width), _in_ratio(images, size)))
    margins = (rows - height) // 2, (columns - width) // 2
    widths = [(0, 0), *((margin, margin) for margin in margins), (0, 0)]
    return np.pad(images, widths, constant_values=fill_value) if any(margins) else images


def _in_ratio(images: np.ndarray, size: Pair) -> Pair:
    """The height that goes with the images' width in the aspect ratio of `size`, and the width with their height."""
    height, width = images.shape[1:3]
    return width * size[0] // size[1], height * size[1] // size[0]


def brightened(images: np.ndarray, amounts: np.ndarray, value_range: tuple[float, float]) -> np.ndarray:
    """Add an amount to each image, and clip to the range.

    >>> brightened(np.array([10.0, 200.0]).reshape(2, 1, 1, 1), np.array([5.0, 60.0]), (0, 255)).ravel()
    array([ 15., 255.])
    """
    images = _as_floats(images)
    brighter = images + _for_each_image(amounts, images)
    return np.clip(brighter, *value_range, out=brighter)


def contrasted(images: np.ndarray, factors: np.ndarray, value_range: tuple[float, float]) -> np.ndarray:
    """Multiply the distance from the mean of each channel of each image by a factor, and clip to the range.

    >>> contrasted(np.array([100.0, 110.0]).reshape(1, 1, 2, 1), np.array([3.0]), (0, 255)).ravel()
    array([ 90., 120.])
    """
    images = _as_floats(images)
    means, factors = images.mean(axis=1).mean(axis=1)[:, None, None], _for_each_image(factors, images)
    changed = images * factors  # f·(x − m) + m = f·x + (1 − f)·m, in one pass less
    changed += (1 - factors) * means
    return np.clip(changed, *value_range, out=changed)


def _for_each_image(amounts: np.ndarray, images: np.ndarray) -> np.ndarray:
    return np.asarray(amounts, images.dtype)[:, None, None, None]


def _as_floats(images: np.ndarray) -> np.ndarray:
    return images if images.dtype.kind == "f" else images.astype(np.float32)
