"""Image files as arrays of the size and channels that a model takes.

    open_image      any file that Pillow knows, as an upright 8-bit picture
    load_image      the same as an array of a given size
    read_image      the same as one input of a model

JPEG, PNG, GIF, BMP, TIFF, WebP, JPEG 2000, AVIF, TGA, PNM, ICO, PCX, SGI and QOI are read; a file's kind is told by its
content, not by its name. Formats that are programs (EPS) or that need other programs are not.
"""

import warnings
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Literal

import numpy as np
from PIL import Image, ImageOps
from PIL.ExifTags import Base as Exif
from PIL.JpegImagePlugin import JpegImageFile
from PIL.TiffImagePlugin import PHOTOMETRIC_INTERPRETATION

from .image_errors import ImageFileError, Unreadable, expect_content, explained
from .kernels.errors import expect_one_of

#: (H, W, C): 1 channel is grey, 3 are red, green and blue
ImageShape = tuple[int, int, int]

Interpolation = Literal["nearest", "bilinear", "bicubic", "lanczos", "area"]
Fit = Literal["stretch", "crop", "pad"]

#: the formats that are read, and how the names of their files end
_FORMATS = {
    "JPEG": (".jpg", ".jpeg", ".jpe", ".jfif", ".mpo"),
    "PNG": (".png", ".apng"),
    "BMP": (".bmp", ".dib"),
    "GIF": (".gif",),
    "PPM": (".ppm", ".pgm", ".pbm", ".pnm"),
    "TIFF": (".tif", ".tiff"),
    "WEBP": (".webp",),
    "JPEG2000": (".jp2", ".j2k", ".jpx"),
    "AVIF": (".avif",),
    "ICO": (".ico",),
    "PCX": (".pcx",),
    "SGI": (".sgi",),
    "QOI": (".qoi",),
    "TGA": (".tga",),
}

IMAGE_SUFFIXES = frozenset(suffix for suffixes in _FORMATS.values() for suffix in suffixes)

_MODES = {1: "L", 3: "RGB"}

_RESAMPLING = {
    "nearest": Image.Resampling.NEAREST,
    "bilinear": Image.Resampling.BILINEAR,
    "bicubic": Image.Resampling.BICUBIC,
    "lanczos": Image.Resampling.LANCZOS,
    "area": Image.Resampling.BOX,
}

#: what brings a picture upright, by the number that EXIF gives to the way in which the camera was held
_UPRIGHT = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}

#: bits a pixel of usual cameras and scanners, whose pictures all come in files of 16 bits
_DEPTHS = (8, 10, 12, 14, 16)

# Pillow warns about EXIF data that it cannot read and about large pictures. Here the first do not matter and the
# second are refused. Catching them around each file instead would not be safe: files are read in several threads.
warnings.filterwarnings("ignore", module=r"PIL\.")


def open_image(path: str | Path, channels: int = 3, at_least: tuple[int, int] | None = None) -> Image.Image:
    """The picture in an image file: upright, 8 bits a channel, grey ("L", channels=1) or RGB (channels=3).

    at_least    (H, W): a large JPEG may be decoded at 1/2, 1/4 or 1/8 of its size, but not below this one, which
                takes a fraction of the time

    EXIF orientation is honoured, transparent parts become white, CMYK and palettes become colours, of several frames
    the first is read. 16-bit pixels are divided by the white of the smallest usual depth (8, 10, 12, 14 or 16 bits)
    that holds the brightest, so that 12-bit micrographs are not dark; floating-point pixels must lie in 0 … 1.
    Raises ImageFileError, naming the file, the reason and the likely fix, when it is missing, empty, cut off, damaged,
    no image, or has more than PIL.Image.MAX_IMAGE_PIXELS pixels.

    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as folder:
    ...     Image.new("CMYK", (40, 30), (0, 255, 255, 0)).save(f"{folder}/red.tif")
    ...     image = open_image(f"{folder}/red.tif")
    >>> image.mode, image.size, image.getpixel((0, 0))
    ('RGB', (40, 30), (255, 0, 0))
    """
    if channels not in _MODES:
        raise ValueError(f"images can be read as 1 (grey) or 3 (RGB) channels, not as {channels}")
    try:
        expect_content(path)
        # Pillow maps the memory of a file that it opens by name, and then scrambles TIFFs with an orientation
        with open(path, "rb") as content, Image.open(content, formats=tuple(_FORMATS)) as file:
            return _opaque(_eight_bit(_decoded(file, channels, at_least))).convert(_MODES[channels])
    except Exception as error:  # a damaged file can make Pillow's decoders raise almost anything
        raise ImageFileError(path, *explained(error, path)) from None


def load_image(
    path: str | Path,
    size: tuple[int, int] | None = None,
    channels: int = 3,
    interpolation: Interpolation = "bilinear",
    fit: Fit = "stretch",
) -> np.ndarray:
    """Pixels 0 … 255 of an image file as uint8 (H, W, C); see `open_image` for what is read and how.

    size             (H, W) of the result, None for the picture's own
    interpolation    "nearest", "bilinear", "bicubic", "lanczos" or "area"; all but nearest average over all pixels that
                     become one when a picture gets smaller (antialiasing)
    fit              how another shape becomes (H, W): "stretch" changes the proportions, "crop" keeps the largest
                     middle part that has them, "pad" keeps all and puts black borders on two sides

    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as folder:
    ...     Image.new("L", (40, 20), "white").save(f"{folder}/wide.png")
    ...     padded = load_image(f"{folder}/wide.png", (4, 4), channels=1, fit="pad")
    >>> padded[..., 0].tolist()
    [[0, 0, 0, 0], [255, 255, 255, 255], [255, 255, 255, 255], [0, 0, 0, 0]]
    """
    resample = _RESAMPLING[expect_one_of("interpolation", interpolation, _RESAMPLING)]
    fitted = _FITS[expect_one_of("fit", fit, _FITS)]
    if size is None:
        image = open_image(path, channels)
    else:
        height, width = _expect_size(size)
        image = open_image(path, channels, None if interpolation == "nearest" else (height, width))
        image = fitted(image, (width, height), resample)
    return np.array(image).reshape(image.height, image.width, channels)


def read_image(path: str | Path, shape: ImageShape, invert: bool = False) -> np.ndarray:
    """Pixels 0 … 255 of an image file as float32 (H, W, C), stretched to the shape of a model's input, C 1 or 3.

    invert   for dark ink on light paper where the model knows light ink on black: see `ink_on_paper`

    Raises ImageFileError, naming the file, when it cannot be read (see `open_image`), ValueError for another number of
    channels.

    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as folder:
    ...     Image.new("RGB", (40, 30), "white").save(f"{folder}/paper.png")
    ...     pixels = read_image(f"{folder}/paper.png", (28, 28, 1))
    >>> pixels.shape, float(pixels.min())
    ((28, 28, 1), 255.0)
    """
    height, width, channels = shape
    pixels = load_image(path, (height, width), channels).astype(np.float32)
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


def _decoded(file: Image.Image, channels: int, at_least: tuple[int, int] | None) -> Image.Image:
    """The pixels, turned upright."""
    _expect_reasonable(file.size)
    if isinstance(file, JpegImageFile):
        height, width = at_least or file.size[::-1]
        lies = _orientation(file) >= 5
        file.draft("L" if channels == 1 else None, (height, width) if lies else (width, height))
    file.load()
    turn = _UPRIGHT.get(_orientation(file))
    return file if turn is None else file.transpose(turn)


def _expect_reasonable(size: tuple[int, int]) -> None:
    """Raise Unreadable for a picture that would fill the memory; a file of few bytes can hold one."""
    limit = Image.MAX_IMAGE_PIXELS
    if limit and size[0] * size[1] > limit:
        raise Image.DecompressionBombError(f"{size[0]} × {size[1]} pixels, more than {limit / 1e6:.0f} million")


def _orientation(image: Image.Image) -> int:
    """EXIF's number 1 … 8; 1 where the EXIF data are damaged, which must not spoil a good picture."""
    try:
        return int(image.getexif().get(Exif.Orientation, 1))
    except Exception:
        return 1


def _eight_bit(image: Image.Image) -> Image.Image:
    """Grey of 16 bits or floating-point numbers, which Pillow would cut off at 255, scaled to 0 … 255."""
    if image.mode == "LAB":
        raise Unreadable("its colours are L*a*b*", "save it as RGB")
    if image.mode[0] not in "IF":
        return image
    levels = np.asarray(image, np.float32)
    grey = (levels * (255 / _white(levels, image.mode))).round()
    if getattr(image, "tag_v2", {}).get(PHOTOMETRIC_INTERPRETATION) == 0:  # a TIFF in which 0 is white
        grey = 255 - grey
    if isinstance(transparent := image.info.get("transparency"), int):
        grey[levels == transparent] = 255
    return Image.fromarray(grey.astype(np.uint8))


def _white(levels: np.ndarray, mode: str) -> int:
    """The level of full brightness: 1 for floating-point numbers, else that of the smallest depth that holds all."""
    low, high = levels.min(), levels.max()
    if mode == "F":
        if not (low >= 0 and high <= 1):
            raise Unreadable(
                f"its pixels are floating-point numbers {low:g} … {high:g}, only 0 … 1 are understood",
                "save it with 8 or 16 bits",
            )
        return 1
    if low < 0 or high >= 1 << _DEPTHS[-1]:
        raise Unreadable(f"its pixels are {low:g} … {high:g}, only 0 … 65535 are understood", "save it with 16 bits")
    return next((1 << bits) - 1 for bits in _DEPTHS if high < 1 << bits)


def _opaque(image: Image.Image) -> Image.Image:
    """The image on white."""
    if not image.has_transparency_data:
        return image
    image = image.convert("RGBA")
    return Image.alpha_composite(Image.new("RGBA", image.size, "white"), image)


def _stretch(image: Image.Image, size: tuple[int, int], resample: Image.Resampling) -> Image.Image:
    return image.resize(size, resample)


def _crop(image: Image.Image, size: tuple[int, int], resample: Image.Resampling) -> Image.Image:
    return ImageOps.fit(image, size, resample)


def _pad(image: Image.Image, size: tuple[int, int], resample: Image.Resampling) -> Image.Image:
    scale = min(size[0] / image.width, size[1] / image.height)
    width, height = max(1, round(image.width * scale)), max(1, round(image.height * scale))
    padded = Image.new(image.mode, size)
    padded.paste(image.resize((width, height), resample), ((size[0] - width) // 2, (size[1] - height) // 2))
    return padded


_FITS: dict[str, Callable[[Image.Image, tuple[int, int], Image.Resampling], Image.Image]] = {
    "stretch": _stretch,
    "crop": _crop,
    "pad": _pad,
}


def _expect_size(size: tuple[int, int]) -> tuple[int, int]:
    if len(size) != 2 or min(size) < 1:
        raise ValueError(f"size must be (height, width), each at least 1, not {size}")
    return size
