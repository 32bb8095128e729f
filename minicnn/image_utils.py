"""Single images as files, as Pillow's pictures and as arrays, under Keras's names."""

from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from .images import Fit, Interpolation, load_image
from .kernels.errors import expect_one_of

_CHANNELS = {"rgb": 3, "grayscale": 1}


def load_img(
    path: str | Path,
    color_mode: str = "rgb",
    target_size: tuple[int, int] | None = None,
    interpolation: Interpolation = "nearest",
    keep_aspect_ratio: bool = False,
) -> Image.Image:
    """A file as Pillow's picture: upright, "rgb" or "grayscale", resized to target_size (height, width) if given.

    interpolation        "nearest", "bilinear", "bicubic", "lanczos" or "area"
    keep_aspect_ratio    crop to the shape of target_size before resizing

    Raises ImageFileError, naming the file, when it cannot be read, ValueError for another color_mode.

    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as folder:
    ...     Image.new("RGB", (40, 30), "white").save(f"{folder}/paper.png")
    ...     load_img(f"{folder}/paper.png", target_size=(15, 20)).size
    (20, 15)
    """
    channels = _CHANNELS[expect_one_of("color_mode", color_mode, _CHANNELS)]
    fit: Fit = "crop" if keep_aspect_ratio else "stretch"
    pixels = load_image(path, target_size, channels, interpolation=interpolation, fit=fit)
    return array_to_img(pixels, scale=False)


def img_to_array(img: Image.Image, data_format: str | None = None, dtype: Any = None) -> np.ndarray:
    """Pillow's picture as an array (H, W, C), float32 by default.

    >>> img_to_array(Image.new("L", (3, 2), 7)).shape
    (2, 3, 1)
    """
    _expect_channels_last(data_format)
    pixels = np.asarray(img, dtype or np.float32)
    return pixels[..., None] if pixels.ndim == 2 else pixels


def array_to_img(x: Any, data_format: str | None = None, scale: bool = True, dtype: Any = None) -> Image.Image:
    """An array (H, W, C) as Pillow's picture: grey for C = 1, RGB for 3, RGBA for 4.

    scale    bring the smallest value to 0 and the largest to 255; else values are taken as 0 … 255

    Raises ValueError for another shape.

    >>> array_to_img(np.array([[[0.1], [0.2], [0.3]]])).tobytes()
    b'\\x00\\x7f\\xff'
    """
    _expect_channels_last(data_format)
    x = np.asarray(x, dtype or np.float32)
    if x.ndim != 3 or x.shape[2] not in (1, 3, 4):
        raise ValueError(f"an image must have shape (H, W, C) with 1, 3 or 4 channels, got {x.shape}")
    if scale:
        x = x - x.min()
        x = x / (x.max() or 1) * 255
    return Image.fromarray(x.astype(np.uint8).squeeze(2) if x.shape[2] == 1 else x.astype(np.uint8))


def save_img(
    path: str | Path,
    x: Any,
    data_format: str | None = None,
    file_format: str | None = None,
    scale: bool = True,
) -> None:
    """Write an array (H, W, C) as an image file; see `array_to_img`."""
    array_to_img(x, data_format, scale).save(path, format=file_format)


def _expect_channels_last(data_format: str | None) -> None:
    if data_format not in (None, "channels_last"):
        raise ValueError(f'images are "channels_last", (H, W, C), here; got data_format={data_format!r}')
