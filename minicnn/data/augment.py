"""Augmentation: each time an image is seen, it is turned, shifted and zoomed a little differently."""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class RandomAffine:
    """Rotate, shift and zoom every image of a batch by its own random amounts; new corners are black.

    rotation    largest angle in degrees, both ways
    shift       largest shift as a fraction of height and width, both ways
    zoom        largest change of size as a fraction, both ways
    Source: Simard, Steinkraus & Platt, "Best practices for convolutional neural networks" (2003).

    >>> images = np.ones((2, 8, 8, 1), np.float32)
    >>> RandomAffine(rotation=10)(images, np.random.default_rng(0)).shape
    (2, 8, 8, 1)
    """

    rotation: float = 0.0
    shift: float = 0.0
    zoom: float = 0.0

    def __call__(self, images: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        n, height, width, _ = images.shape
        angle = np.deg2rad(rng.uniform(-self.rotation, self.rotation, n))
        scale = 1 + rng.uniform(-self.zoom, self.zoom, n)
        offset = rng.uniform(-self.shift, self.shift, (n, 2)) * (height, width)
        cos, sin = np.cos(angle) / scale, np.sin(angle) / scale
        matrices = np.stack([np.stack([cos, -sin], -1), np.stack([sin, cos], -1)], -2)
        return warp(images, matrices, offset)


def warp(images: np.ndarray, matrices: np.ndarray, offsets: np.ndarray) -> np.ndarray:
    """Output pixel t shows input position A·(t − c) + c − o, c the centre, interpolated bilinearly; 0 outside.

    images (N, H, W, C) float, matrices A (N, 2, 2) and offsets o (N, 2) in pixels, (row, column).

    >>> one = np.eye(4, dtype=np.float32).reshape(1, 4, 4, 1)
    >>> moved = warp(one, np.eye(2)[None], np.array([[0.0, 1.0]]))
    >>> moved[0, :, :, 0]
    array([[0., 1., 0., 0.],
           [0., 0., 1., 0.],
           [0., 0., 0., 1.],
           [0., 0., 0., 0.]], dtype=float32)
    """
    height, width = images.shape[1:3]
    centre = np.array([(height - 1) / 2, (width - 1) / 2])
    grid = np.stack(np.meshgrid(np.arange(height), np.arange(width), indexing="ij"), -1) - centre
    source = np.einsum("nij,hwj->nhwi", matrices, grid) + (centre - offsets)[:, None, None]
    corner = np.floor(source).astype(np.intp)
    part = (source - corner).astype(images.dtype)
    rows, columns = part[..., :1], part[..., 1:]
    return (
        _pixels(images, corner, 0, 0) * (1 - rows) * (1 - columns)
        + _pixels(images, corner, 0, 1) * (1 - rows) * columns
        + _pixels(images, corner, 1, 0) * rows * (1 - columns)
        + _pixels(images, corner, 1, 1) * rows * columns
    )


def _pixels(images: np.ndarray, corner: np.ndarray, down: int, right: int) -> np.ndarray:
    """Pixels at corner + (down, right), zeros where that is outside."""
    n, height, width, _ = images.shape
    row, column = corner[..., 0] + down, corner[..., 1] + right
    inside = (row >= 0) & (row < height) & (column >= 0) & (column < width)
    sample = np.arange(n)[:, None, None]
    found = images[sample, row.clip(0, height - 1), column.clip(0, width - 1)]
    return np.where(inside[..., None], found, images.dtype.type(0))
