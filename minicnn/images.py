"""Image files as arrays of the size and channels that a model takes."""

from collections.abc import Iterable
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps

#: (H, W, C): 1 channel is grey, 3 are red, green and blue
ImageShape = tuple[int, int, int]

_MODES = {1: "L", 3: "RGB"}


class ImageFileError(ValueError):
    """A file that cannot be read as an image: missing, damaged, or of a kind that Pillow does not know."""


def read_image(path: str | Path, shape: ImageShape, invert: bool = False) -> np.ndarray:
    """Pixels 0 … 255 of an image file as float32 (H, W, C): upright, resized (not cropped), grey or RGB.

    shape    (H, W, C) of the model's input, C 1 or 3
    invert   for dark ink on light paper where the model knows light ink on black: see `ink_on_paper`

    Transparent parts become white, of several frames the first is read, and 16-bit pixels are scaled to 0 … 255.
    Raises ImageFileError, naming the file, when it cannot be read, ValueError for another number of channels.

    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as folder:
    ...     Image.new("RGB", (40, 30), "white").save(f"{folder}/paper.png")
    ...     pixels = read_image(f"{folder}/paper.png", (28, 28, 1))
    >>> pixels.shape, float(pixels.min())
    ((28, 28, 1), 255.0)
    """
    height, width, channels = shape
    if channels not in _MODES:
        raise ValueError(f"images can be read as 1 (grey) or 3 (RGB) channels, the model takes {channels}")
    try:
        with Image.open(path) as file:
            image = _opaque(_eight_bit(ImageOps.exif_transpose(file))).convert(_MODES[channels])
    except FileNotFoundError:
        raise ImageFileError(f"{path}: no such file") from None
    except IsADirectoryError:
        raise ImageFileError(f"{path}: a folder, not an image file") from None
    except Exception as error:  # a damaged file can make Pillow's decoders raise almost anything
        raise ImageFileError(f"{path}: not a readable image ({_reason(error, path)})") from None
    resized = image.resize((width, height), Image.Resampling.BILINEAR)
    pixels = np.asarray(resized, np.float32).reshape(shape)
    return ink_on_paper(pixels) if invert else pixels


def read_images(paths: Iterable[str | Path], shape: ImageShape, invert: bool = False) -> np.ndarray:
    """All the files as one batch (N, H, W, C); see `read_image`."""
    return np.stack([read_image(path, shape, invert) for path in paths])


def ink_on_paper(pixels: np.ndarray) -> np.ndarray:
    """Dark ink on light paper as light ink on black: paper becomes 0 and the darkest ink 255.

    Paper is taken to be what most of the picture shows (the median), so grey paper in a photograph is black too.

    >>> ink_on_paper(np.array([200.0, 200.0, 190.0, 200.0, 50.0])).round().tolist()
    [0.0, 0.0, 17.0, 0.0, 255.0]
    """
    paper, ink = np.median(pixels), pixels.min()
    return ((paper - pixels) * (255 / max(paper - ink, 1))).clip(0, 255)


def _eight_bit(image: Image.Image) -> Image.Image:
    """16-bit grey, which Pillow would cut off at 255, scaled to 0 … 255; other images as they are."""
    if image.mode == "F":
        raise ValueError("its pixels are floating-point numbers: save it with 8 or 16 bits")
    if not image.mode.startswith("I"):
        return image
    return Image.fromarray((np.asarray(image, np.float32) / 257).clip(0, 255).round().astype(np.uint8))


def _opaque(image: Image.Image) -> Image.Image:
    """The image on white."""
    if not image.has_transparency_data:
        return image
    image = image.convert("RGBA")
    return Image.alpha_composite(Image.new("RGBA", image.size, "white"), image)


def _reason(error: Exception, path: str | Path) -> str:
    """Pillow's message in one line, without the name of the file."""
    if isinstance(error, Image.UnidentifiedImageError):
        return "of no known kind"
    return " ".join(str(error).replace(repr(str(path)), "the file").split()) or type(error).__name__
