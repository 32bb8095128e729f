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

    images (N, H, W, C), whole numbers become float32; matrices A (N, 2, 2), offsets o (N, 2) in pixels, (row, column).

    >>> one = np.eye(4, dtype=np.float32).reshape(1, 4, 4, 1)
    >>> moved = warp(one, np.eye(2)[None], np.array([[0.0, 1.0]]))
    >>> moved[0, :, :, 0]
    array([[0., 1., 0., 0.],
           [0., 0., 1., 0.],
           [0., 0., 0., 1.],
           [0., 0., 0., 0.]], dtype=float32)
    """
    if images.dtype.kind != "f":
        images = images.astype(np.float32)
    height, width = images.shape[1:3]
    centre = np.array([(height - 1) / 2, (width - 1) / 2])
    y, x = np.arange(height) - centre[0], np.arange(width) - centre[1]
    rows, columns = (
        matrices[:, i, 0, None, None] * y[:, None]
        + matrices[:, i, 1, None, None] * x
        + (centre - offsets)[:, i, None, None]
        for i in (0, 1)
    )
    return _interpolate(images, rows, columns)


def _interpolate(images: np.ndarray, rows: np.ndarray, columns: np.ndarray) -> np.ndarray:
    """The images at fractional positions (N, P, Q) from the four pixels around each, in a frame of zeros."""
    n, height, width, channels = images.shape
    framed = np.pad(images, ((0, 0), (1, 1), (1, 1), (0, 0)))
    rows, columns = (rows + 1).clip(0, height + 1), (columns + 1).clip(0, width + 1)
    top, left = rows.astype(np.intp).clip(max=height), columns.astype(np.intp).clip(max=width)
    down, right = ((part[..., None]).astype(images.dtype) for part in (rows - top, columns - left))

    pixels, stride = framed.reshape(-1, channels), width + 2
    corner = (np.arange(n)[:, None, None] * (height + 2) + top) * stride + left

    def between(index: np.ndarray) -> np.ndarray:
        return pixels.take(index, axis=0) * (1 - right) + pixels.take(index + 1, axis=0) * right

    return between(corner) * (1 - down) + between(corner + stride) * down
