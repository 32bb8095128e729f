"""Image files as batches for training: decoded in the background, in an order that does not depend on timing."""

from __future__ import annotations

import copy
import functools
import itertools
import warnings
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, field
from typing import Any, Literal, get_args

import numpy as np

from .. import random
from ..images import Fit, ImageFileError, Interpolation, load_image
from ..kernels.errors import expect_one_of
from .dataset import Dataset
from .decoding import Change, DecodedImages
from .folder import ImageFolder
from .on_device import sent_ahead

LabelMode = Literal["int", "categorical", "binary"]
Augment = Callable[[np.ndarray, np.random.Generator], np.ndarray]

#: how many bytes of decoded images are kept unless told otherwise: 15,900 images of 150×150
CACHE_MEMORY = 1 << 30

_AHEAD = 2  # batches, or
_SINGLE_AHEAD = 32  # images, where there are no batches
_NAMED = 5  # files in a message


@dataclass
class _Told:
    """What need not be said again."""

    passes: int = 0
    unreadable: set[int] = field(default_factory=set)


class ImageDataset(Dataset):
    """Batches (x, y) of the images of a folder: x float32 (N, H, W, C), pixels 0 … 255.

    image_size      (H, W), or one number for both
    batch_size      None gives single images (H, W, C) with single labels
    channels        1 grey, 3 colours
    label_mode      what y is: "int" (N,) class numbers, "categorical" (N, K) one-hot rows, "binary" (N, 1) zeros and
                    ones; None gives x alone
    shuffle         a new order for every pass
    seed            of orders and augmentation; without it they come from `utils.set_random_seed`
    interpolation, fit      how an image gets its size, see `load_image`
    on_error        what an unreadable file does: "skip" leaves it out of every pass and warns at the end of the first;
                    "raise" looks through all files before the first batch and raises ImageFileError
    cache           whether decoded images are kept in memory for later passes; as a number: at most so many bytes
    augment         a function of (images (N, H, W, C), Generator), called in the background

    Attributes: class_names, file_paths, labels (N,), and unreadable, {path: reason} as far as they are known.
    A batch has no gaps: the next images take the places of unreadable ones. The same seed gives the same bits, whatever
    the number of threads.

    Raises ValueError for arguments that cannot be, ImageFileError when no file can be read.

    >>> import tempfile
    >>> from pathlib import Path
    >>> from PIL import Image
    >>> from minicnn.data.folder import find_images
    >>> with tempfile.TemporaryDirectory() as root:
    ...     for name in ("black", "white"):
    ...         _ = Path(root, name).mkdir()
    ...         Image.new("RGB", (40, 30), name).save(Path(root, name, "1.png"))
    ...     data = ImageDataset(find_images(root), image_size=(8, 8), batch_size=2, shuffle=False)
    ...     for x, y in data:
    ...         print(x.shape, x.max(axis=(1, 2, 3)), y)
    (2, 8, 8, 3) [  0. 255.] [0 1]
    """

    is_sent = False  #: whether x goes to the GPU, in advance and as it is decoded

    def __init__(
        self,
        folder: ImageFolder,
        image_size: int | tuple[int, int],
        batch_size: int | None = 32,
        channels: int = 3,
        label_mode: LabelMode | None = "int",
        shuffle: bool = True,
        seed: int | None = None,
        interpolation: Interpolation = "bilinear",
        fit: Fit = "stretch",
        on_error: Literal["skip", "raise"] = "skip",
        cache: bool | int = True,
        augment: Augment | None = None,
    ):
        self.folder = folder
        self.batch_size = None if batch_size is None else _positive("batch_size", batch_size)
        self.image_size = _height_and_width(image_size)
        self.channels = expect_one_of("channels", channels, (1, 3))
        self.label_mode = expect_one_of("label_mode", label_mode, ("int", "categorical", "binary", None))
        self.on_error = expect_one_of("on_error", on_error, ("skip", "raise"))
        expect_one_of("interpolation", interpolation, get_args(Interpolation))
        expect_one_of("fit", fit, get_args(Fit))
        if label_mode == "binary" and len(folder.class_names) != 2:
            raise ValueError(f'label_mode="binary" needs 2 classes, and these are {len(folder.class_names)}')
        self._shuffle, self._augment, self._ahead = shuffle, augment, _AHEAD
        self._generator = None if seed is None else random.generator(seed)
        self._load = functools.partial(
            load_image, size=self.image_size, channels=channels, interpolation=interpolation, fit=fit
        )
        self._images = self._decoded_images(CACHE_MEMORY if cache is True else int(cache))
        self._told = _Told()

    def __len__(self) -> int:
        """Batches of a pass, without the files that are known to be unreadable."""
        return -(-(len(self.folder) - len(self._images.unreadable)) // (self.batch_size or 1))

    def __iter__(self) -> Iterator[Any]:
        order = self.generator.permutation(len(self.folder)) if self._shuffle else np.arange(len(self.folder))
        change = None if self._augment is None else _each_by_itself(self._augment, int(self.generator.integers(2**63)))
        batches = self._pass(order, change)
        return sent_ahead(batches) if self.is_sent and self.batch_size else batches

    def __repr__(self) -> str:
        shape = "×".join(map(str, (*self.image_size, self.channels)))
        classes = len(self.folder.class_names)
        batches = f"in batches of {self.batch_size}" if self.batch_size else "one by one"
        return f"<ImageDataset: {len(self.folder)} images of {classes} classes, {shape}, {batches}>"

    # ------------------------------------------------------------------------------------- what it is made of

    @property
    def class_names(self) -> list[str]:
        return self.folder.class_names

    @property
    def file_paths(self) -> list[str]:
        """All files, in the order of a pass that is not shuffled."""
        return [str(path) for path in self.folder.paths]

    @property
    def labels(self) -> np.ndarray:
        """(N,) class numbers of all files."""
        return self.folder.labels

    @property
    def unreadable(self) -> dict[str, str]:
        """{path: reason} of the files that could not be read so far."""
        return {str(error.path): f"{error.reason}; {error.fix}" for _, error in sorted(self._images.unreadable.items())}

    @property
    def readable(self) -> ImageFolder:
        """The folder without the files that are known to be unreadable: after a pass, what was in it."""
        return self.folder.take(np.setdiff1d(np.arange(len(self.folder)), list(self._images.unreadable)))

    @property
    def generator(self) -> np.random.Generator:
        """What orders and augmentation are drawn from, when a pass begins and at no other time."""
        return self._generator or random.generator()

    @generator.setter
    def generator(self, generator: np.random.Generator) -> None:
        self._generator = generator

    # ------------------------------------------------------------------------------------------------------ passes

    def check(self) -> None:
        """Look through all files. Raises ImageFileError, naming them, if some cannot be read."""
        for _ in self._images.in_order(range(len(self.folder)), self._images_ahead):
            pass
        self._expect_all_readable()

    def _pass(self, order: np.ndarray, change: Change | None) -> Iterator[Any]:
        self._begin_pass()
        with closing(self._images.in_order(order, self._images_ahead, change)) as images:
            upcoming = next(images, None)
            if upcoming is None:
                first = self._images.unreadable[min(self._images.unreadable)]
                raise ImageFileError(self.folder.root, "none of its images can be read", f"the first: {first}")
            while upcoming is not None:
                chosen = [upcoming, *itertools.islice(images, (self.batch_size or 1) - 1)]
                upcoming = next(images, None)
                if self.on_error == "raise":
                    self._expect_all_readable()
                elif upcoming is None:  # the last batch: nobody has to ask for another one to be told
                    self._warn_about_unreadable()
                batch = self._batch(chosen)
                yield batch if self.batch_size else _first_sample(batch)

    @property
    def _images_ahead(self) -> int:
        return self._ahead * self.batch_size if self.batch_size else _SINGLE_AHEAD

    def _begin_pass(self) -> None:
        if not self._told.passes and self.on_error == "raise":
            self.check()
        self._told.passes += 1
        if self._told.passes == 2:  # in the first pass, maybe the only one, keeping images does not help
            self._warn_about_room()

    def _batch(self, chosen: list[tuple[int, np.ndarray]]) -> Any:
        x = np.stack([image for _, image in chosen], dtype=None if self.is_sent else np.float32)
        labels = self.folder.labels[[number for number, _ in chosen]]
        match self.label_mode:
            case "int":
                return x, labels.astype(np.int32)
            case "binary":
                return x, labels.astype(np.float32)[:, None]
            case "categorical":
                return x, (labels[:, None] == np.arange(len(self.class_names))).astype(np.float32)
        return x

    def _expect_all_readable(self) -> None:
        if errors := list(self._images.unreadable.values()):
            raise errors[0] if len(errors) == 1 else _joined(errors)

    def _warn_about_unreadable(self) -> None:
        new = [error for n, error in sorted(self._images.unreadable.items()) if n not in self._told.unreadable]
        if new:
            self._told.unreadable.update(self._images.unreadable)
            warn_about_unreadable(new, len(self.folder))

    def _warn_about_room(self) -> None:
        kept, needed = self._images.room, self._images.room_needed
        if 0 < kept < len(self.folder):
            warnings.warn(
                f"memory is kept for {kept} of {len(self.folder)} decoded images, the others are decoded anew in every "
                f"pass: to keep them all, {needed / 1e9:.3g} GB, say cache={needed} or dataset.cache({needed})",
                stacklevel=4,
            )

    # ---------------------------------------------------------------------------------------- under tf.data's names

    def cache(self, memory: int | None = None) -> ImageDataset:
        images = self._decoded_images(CACHE_MEMORY if memory is None else memory)
        return self._with(_images=images) if images.room > self._images.room else self

    def prefetch(self, buffer_size: int) -> ImageDataset:
        return self if buffer_size < 0 else self._with(_ahead=buffer_size)

    def shuffle(self, buffer_size: int, seed: int | None = None) -> ImageDataset:
        own = {} if seed is None else {"_generator": random.generator(seed)}
        return self._with(_shuffle=True, **own)

    def batch(self, batch_size: int, drop_remainder: bool = False) -> Dataset:
        if self.batch_size is not None:
            raise ValueError(f"these are batches of {self.batch_size} already: say batch_size=None for single images")
        return super().batch(batch_size, drop_remainder)

    def _with(self, **attributes: Any) -> ImageDataset:
        other = copy.copy(self)
        other.__dict__.update(attributes)
        return other

    def _decoded_images(self, memory: int) -> DecodedImages:
        return DecodedImages(self.folder.paths, self._load, (*self.image_size, self.channels), memory)


def _each_by_itself(augment: Augment, seed: int) -> Change:
    """Every image with random numbers of its own, so that it does not matter which thread does it, and when."""

    def change(image: np.ndarray, place: int) -> np.ndarray:
        return augment(image[None].astype(np.float32), np.random.default_rng([seed, place]))[0]

    return change


def _first_sample(batch: Any) -> Any:
    return tuple(part[0] for part in batch) if isinstance(batch, tuple) else batch[0]


def warn_about_unreadable(errors: list[ImageFileError], files: int) -> None:
    """Name the first of them."""
    listed = "".join(f"\n  {error}" for error in errors[:_NAMED]) + _and_more(errors)
    warnings.warn(f"{len(errors)} of {files} images are left out:{listed}", stacklevel=4)


def _joined(errors: list[ImageFileError]) -> ImageFileError:
    """One error that names them all, or many of them."""
    first, others = errors[0], errors[1:]
    names = ", ".join(str(error.path) for error in others[:_NAMED])
    return ImageFileError(first.path, first.reason, f"{first.fix}. Nor can be read: {names}{_and_more(others)}")


def _and_more(errors: list[ImageFileError]) -> str:
    return f" … and {len(errors) - _NAMED} more" if len(errors) > _NAMED else ""


def _positive(name: str, value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, (int, np.integer)) or value < 1:
        raise ValueError(f"{name} must be a positive whole number, got {value!r}")
    return int(value)


def _height_and_width(image_size: Any) -> tuple[int, int]:
    sizes = (image_size, image_size) if np.ndim(image_size) == 0 else tuple(image_size)
    if len(sizes) != 2:
        raise ValueError(f"image_size must be (height, width), got {image_size!r}")
    return _positive("height", sizes[0]), _positive("width", sizes[1])
