"""Why a file cannot be read as an image, and what to do about it."""

import os
import re
import stat
from pathlib import Path

from PIL import Image

#: how files begin that are taken for pictures but are none: what they are and what to do
_NO_IMAGES = (
    (rb"\0+$", "a file of zero bytes", "copy or download it again"),
    (rb"\s*<(!doctype html|html)", "a web page", "download the picture itself"),
    (rb"\s*<(\?xml|svg)", "an XML file or vector drawing", "export it as PNG"),
    (rb".{4}ftyp(hei|hev|mif)", "an HEIC photograph", "convert it to JPEG"),
    (rb".{4}ftyp(?!avi[fs])", "a film", "save its frames as JPEG"),
    (rb"%!ps|%pdf", "a PDF or PostScript document", "export it as PNG"),
    (rb"pk\x03\x04", "a ZIP archive", "unpack it"),
    (rb"version https://git-lfs", "a Git LFS pointer", "run `git lfs pull`"),
    (rb"[^\0-\x08\x0e-\x1f]+$", "text", "look for the picture that should have this name"),
)


class ImageFileError(ValueError):
    """A file that cannot be read as an image. The message is the file's name, the reason and the likely fix.

    >>> raise ImageFileError("holiday/cat.jpg", "an empty file", "copy or download it again")
    Traceback (most recent call last):
        ...
    minicnn.image_errors.ImageFileError: holiday/cat.jpg: an empty file; copy or download it again
    """

    def __init__(self, path: str | Path, reason: str, fix: str) -> None:
        super().__init__(path, reason, fix)
        self.path, self.reason, self.fix = Path(path), reason, fix

    def __str__(self) -> str:
        return f"{self.path}: {self.reason}; {self.fix}"


class Unreadable(Exception):
    """The reason why a file is no image that can be read, and the likely fix: an ImageFileError to be."""


def expect_content(path: str | Path) -> None:
    """Raise Unreadable for what is no file with content: opening a pipe, for one, would wait forever."""
    try:
        found = os.stat(path)
    except FileNotFoundError:
        reason = "a link to a file that is not there" if os.path.islink(path) else "no such file"
        raise Unreadable(reason, "check the name and the folder") from None
    if stat.S_ISDIR(found.st_mode):
        raise Unreadable("a folder, not an image", "name the files in it")
    if not stat.S_ISREG(found.st_mode):
        raise Unreadable("a pipe or device, not an image", "name an image file")
    if found.st_size == 0:
        raise Unreadable("an empty file", "copy or download it again")


def explained(error: Exception, path: str | Path) -> tuple[str, str]:
    """The reason for an error and the likely fix."""
    match error:
        case Unreadable():
            return error.args
        case PermissionError():
            return "no permission to read it", "allow it, for example with chmod +r"
        case OSError(strerror=str(reason)):  # Pillow's own have no number and no reason
            return f"cannot be opened ({reason})", "check the file, its folder and the links to it"
        case Image.DecompressionBombError():
            return f"too large ({_one_line(error)})", "scale it down, or raise PIL.Image.MAX_IMAGE_PIXELS"
        case Image.UnidentifiedImageError():
            return _kind(path)
    return f"damaged or cut off ({_one_line(error)})", "copy or download it again"


def _kind(path: str | Path) -> tuple[str, str]:
    """What a file is that Pillow does not know, by its first bytes, and what to do."""
    with open(path, "rb") as file:
        start = file.read(256)
    for pattern, kind, fix in _NO_IMAGES:
        if re.match(pattern, start, re.IGNORECASE | re.DOTALL):
            return f"{kind}, not an image", fix
    return "of no known kind, or damaged", "copy it again, or save it as JPEG or PNG"


def _one_line(error: Exception) -> str:
    return " ".join(str(error).split()) or type(error).__name__
