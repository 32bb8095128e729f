"""Keras's `image_dataset_from_directory`: the files that it finds, in its order and its parts."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal

import numpy as np

from ..kernels.errors import expect_one_of
from .folder import ImageFolder, find_images, list_images
from .image_dataset import ImageDataset, LabelMode

_CHANNELS = {"grayscale": 1, "rgb": 3}
#: Pillow has no counterpart of Keras's others
_INTERPOLATIONS = {
    "bilinear": "bilinear",
    "nearest": "nearest",
    "bicubic": "bicubic",
    "area": "area",
    "lanczos3": "lanczos",
}


def image_dataset_from_directory(
    directory: str | Path,
    labels: str | Sequence[int] | None = "inferred",
    label_mode: LabelMode | None = "int",
    class_names: Sequence[str] | None = None,
    color_mode: Literal["rgb", "grayscale"] = "rgb",
    batch_size: int | None = 32,
    image_size: int | tuple[int, int] = (256, 256),
    shuffle: bool = True,
    seed: int | None = None,
    validation_split: float | None = None,
    subset: Literal["training", "validation", "both"] | None = None,
    interpolation: str = "bilinear",
    follow_links: bool = False,
    crop_to_aspect_ratio: bool = False,
    pad_to_aspect_ratio: bool = False,
    *,
    verbose: bool = True,
) -> Any:
    """Batches of the images in a directory, one sub-directory a class: an ImageDataset, or two for subset="both".

    labels          "inferred" from the sub-directories; a class number for every image, in the order of their names;
                    or None for images alone
    label_mode      "int", "categorical", "binary", or None for images alone
    class_names     the sub-directories in the order of the class numbers; otherwise alphabetically
    color_mode      "rgb" or "grayscale"
    batch_size      None gives single images, for `map` and `batch`
    seed            of all orders; with the same seed the same files are held back as in Keras
    validation_split, subset        how large a part is for validation, and what is wanted: "training", "validation"
                    or "both"
    interpolation   "bilinear", "nearest", "bicubic", "area" or "lanczos3"; what gets smaller is antialiased

    Unlike in Keras, every pass shuffles all files, not some batches at a time; more kinds of files are read, such as
    TIFF and WebP; unreadable ones are left out with a warning; and decoded images are kept in memory up to 1 GB, see
    `ImageDataset` and its `cache`.

    Raises ValueError for arguments that do not fit together, FolderError where there are no images.

    >>> from tempfile import TemporaryDirectory
    >>> from PIL import Image
    >>> with TemporaryDirectory() as root:
    ...     for name in ("cats", "dogs"):
    ...         Path(root, name).mkdir()
    ...         Image.new("RGB", (40, 30)).save(Path(root, name, "1.jpg"))
    ...     data = image_dataset_from_directory(root, image_size=(8, 8))
    ...     x, y = next(iter(data))
    Found 2 files belonging to 2 classes.
    >>> data.class_names, x.shape, sorted(y.tolist())
    (['cats', 'dogs'], (2, 8, 8, 3), [0, 1])
    """
    _check(validation_split, subset, shuffle, seed, crop_to_aspect_ratio and pad_to_aspect_ratio)
    labels = None if label_mode is None else labels
    options: dict[str, Any] = {
        "image_size": image_size,
        "batch_size": batch_size,
        "channels": _CHANNELS[expect_one_of("color_mode", color_mode, _CHANNELS)],
        "label_mode": None if labels is None else label_mode,
        "seed": seed,
        "interpolation": _INTERPOLATIONS[expect_one_of("interpolation", interpolation, _INTERPOLATIONS)],
        "fit": "crop" if crop_to_aspect_ratio else "pad" if pad_to_aspect_ratio else "stretch",
    }
    folder = _find(directory, labels, class_names, follow_links)
    classes = "" if labels is None else f" belonging to {len(folder.class_names)} classes"
    _say(verbose, f"Found {len(folder)} files{classes}.")
    if shuffle and seed is not None:  # Keras's own generator, for its parts
        folder = folder.take(np.random.RandomState(seed).permutation(len(folder)))
    if validation_split is None:
        return ImageDataset(folder, shuffle=shuffle, **options)
    training, validation = _split(folder, validation_split)
    if subset != "validation":
        _say(verbose, f"Using {len(training)} files for training.")
    if subset != "training":
        _say(verbose, f"Using {len(validation)} files for validation.")
    if subset == "both":
        return ImageDataset(training, shuffle=shuffle, **options), ImageDataset(validation, shuffle=False, **options)
    return ImageDataset(training if subset == "training" else validation, shuffle=shuffle, **options)


def _check(validation_split: float | None, subset: Any, shuffle: bool, seed: int | None, both_fits: bool) -> None:
    if subset not in (None, "training", "validation", "both"):
        raise ValueError(f'subset must be "training", "validation" or "both", got {subset!r}')
    if (validation_split is None) != (subset is None):
        raise ValueError("validation_split is the part to hold back, subset what is wanted: give both or none of them")
    if validation_split is not None and not 0 < validation_split < 1:
        raise ValueError(f"validation_split must lie between 0 and 1, got {validation_split}")
    if validation_split is not None and shuffle and seed is None:
        raise ValueError("give a seed: without one, training and validation files would not be drawn apart")
    if both_fits:
        raise ValueError("an image can be cropped or padded to its new shape, not both")


def _find(directory: str | Path, labels: Any, class_names: Sequence[str] | None, follow_links: bool) -> ImageFolder:
    """The images in Keras's order: class by class, folder by folder, by name."""
    if isinstance(labels, str) and labels == "inferred":
        folder = find_images(directory, class_names=class_names, follow_links=follow_links)
        return folder.take(sorted(range(len(folder)), key=lambda n: (folder.labels[n], *_place(folder.paths[n]))))
    if class_names is not None:
        raise ValueError('class_names are for labels="inferred": otherwise sub-directories are no classes')
    paths = sorted(list_images(directory, follow_links), key=_place)
    if labels is None:
        return ImageFolder(Path(directory), [], paths, np.zeros(len(paths), np.int64))
    if isinstance(labels, str) or len(labels) != len(paths):
        given = repr(labels) if isinstance(labels, str) else f"{len(labels)}"
        raise ValueError(
            f'labels must be "inferred", None, or a number for each of the {len(paths)} images below {directory}, '
            f"in the order of their names; got {given}"
        )
    return ImageFolder(Path(directory), [str(label) for label in sorted(set(labels))], paths, np.array(labels))


def _place(path: Path) -> tuple[str, str]:
    return str(path.parent), path.name


def _split(folder: ImageFolder, validation_split: float) -> tuple[ImageFolder, ImageFolder]:
    """(training, validation): the last files are for validation."""
    held_back = int(validation_split * len(folder))
    if held_back == 0:
        raise ValueError(f"validation_split={validation_split} of {len(folder)} files is less than one")
    numbers = range(len(folder))
    return folder.take(numbers[:-held_back]), folder.take(numbers[-held_back:])


def _say(verbose: bool, message: str) -> None:
    if verbose:
        print(message)
