"""One random transformation of an image, given by its parameters: geometry, then channel shift, then brightness.

Parameters are those of Keras's ImageDataGenerator, by name, each of which may be missing:

    theta            rotation in degrees
    tx, ty           shift in pixels
    shear            shear angle in degrees
    zx, zy           zoom; 1 is none, 0.5 shows half as much, twice as large
    flip_horizontal, flip_vertical
    channel_shift_intensity    added to all channels, within the image's own range; None for none
    brightness       factor; None for none
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from ..device import kernels_on_host

Parameters = Mapping[str, Any]

_UNMOVED = np.eye(3)[:2]
_ROUNDING = 1e-4  # what interpolation between equal pixels of 255 may lack, in float32


def transform(
    images: np.ndarray, parameters: Sequence[Parameters], fill_mode: str, cval: float, interpolation: str
) -> np.ndarray:
    """Each image of a batch (N, H, W, C) float, transformed by its own parameters, as a new batch."""
    height, width = images.shape[1:3]
    matrices = np.stack([affine_matrix(p, height, width) for p in parameters])
    if (matrices == _UNMOVED).all():
        images = images.copy()
    else:
        images = kernels_on_host().affine_transform(
            images,
            matrices,
            output_size=(height, width),
            fill_mode=fill_mode,
            fill_value=cval,
            ends="centres",
            interpolation=interpolation,
        )
    for i, p in enumerate(parameters):
        if (intensity := p.get("channel_shift_intensity")) is not None:
            images[i] = shift_channels(images[i], intensity)
        if (factor := p.get("brightness")) is not None:
            images[i] = brighten(images[i], factor)
    return images


def affine_matrix(parameters: Parameters, height: int, width: int) -> np.ndarray:
    """(2, 3): the position in the input (row, column) that output pixel (row, column, 1) shows.

    In coordinates (column, row) from the centre it is rotation · shift · shear · zoom, and flips before all of them.
    The centre is Keras's, (width/2 − ½, height/2 − ½) as (row, column): right for square images alone.

    >>> affine_matrix({"tx": 2}, height=8, width=8)  # two columns to the left
    array([[1., 0., 0.],
           [0., 1., 2.]])
    """
    theta, shear = np.deg2rad(parameters.get("theta", 0)), np.deg2rad(parameters.get("shear", 0))
    rotation = np.array([[np.cos(theta), -np.sin(theta), 0], [np.sin(theta), np.cos(theta), 0], [0, 0, 1]])
    slant = np.array([[1, -np.sin(shear), 0], [0, np.cos(shear), 0], [0, 0, 1]])
    zoom = np.diag([parameters.get("zx", 1), parameters.get("zy", 1), 1])
    shift = _shift(parameters.get("tx", 0), parameters.get("ty", 0))
    centre = height / 2 - 0.5, width / 2 - 0.5
    moved = _shift(*centre) @ (rotation @ shift @ slant @ zoom) @ _shift(-centre[0], -centre[1])
    by_rows = moved[[1, 0, 2]][:, [1, 0, 2]]
    return (by_rows @ _flip(parameters, height, width))[:2]


def _shift(first: float, second: float) -> np.ndarray:
    return np.array([[1, 0, first], [0, 1, second], [0, 0, 1]])


def _flip(parameters: Parameters, height: int, width: int) -> np.ndarray:
    """(3, 3): row r to height − 1 − r, column c to width − 1 − c, where wanted."""
    matrix = np.eye(3)
    if parameters.get("flip_vertical"):
        matrix[0] = -1, 0, height - 1
    if parameters.get("flip_horizontal"):
        matrix[1] = 0, -1, width - 1
    return matrix


def shift_channels(image: np.ndarray, intensity: float) -> np.ndarray:
    """The image plus a number, clipped to the range that its values had.

    >>> shift_channels(np.array([0.0, 100.0, 200.0]), 150)
    array([150., 200., 200.])
    """
    return np.clip(image + intensity, image.min(), image.max())


def brighten(image: np.ndarray, factor: float) -> np.ndarray:
    """The image times a factor, in whole numbers 0 … 255 (fractions are dropped), as of images from files.

    An image with values outside of 0 … 255 is brought there before, and back afterwards.

    >>> brighten(np.array([0, 10, 101.9, 200], np.float32), 1.5)
    array([  0.,  15., 151., 255.], dtype=float32)
    """
    low, high = image.min(), image.max()
    if low >= 0 and high <= 255:
        return _brighten_levels(image, factor)
    levels = (image - low) / (high - low) * 255 if high > low else image - low
    return _brighten_levels(levels, factor) / 255 * (high - low) + low


def _brighten_levels(image: np.ndarray, factor: float) -> np.ndarray:
    levels = np.floor(image + _ROUNDING)
    return np.floor(np.clip(levels * np.float32(factor), 0, 255))
