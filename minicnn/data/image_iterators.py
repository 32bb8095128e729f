"""Iterators over the batches of an ImageDataGenerator: images from arrays or from the files of a folder.

Training goes through them pass by pass, `next` and `for` never end, and by number they are the batches of one pass. A
pass draws its order, and a number that all its random changes follow from, when it begins: each batch can then be made
in any thread and at any time, and has the same bits.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from .. import random
from ..images import ImageFileError, Interpolation, load_image
from ..kernels.errors import expect_one_of
from .decoding import DecodedImages
from .folder import ImageFolder, find_images
from .image_dataset import CACHE_MEMORY, warn_about_unreadable
from .look_ahead import look_ahead
from .py_dataset import PyDataset

if TYPE_CHECKING:
    from .image_data_generator import ImageDataGenerator

_CHANNELS = {"rgb": 3, "grayscale": 1}
_WITHOUT_CLASSES = ("input", None)
_CLASS_MODES = ("categorical", "binary", "sparse", *_WITHOUT_CLASSES)
_SUBSETS = ("training", "validation", None)

#: batch of a pass, by number
Batch = Callable[[int], Any]

_LOOKED_AT_ONCE = 64  # files, where all are looked at before the first batch


class Iterator(PyDataset):
    """Batches of n samples, in order or shuffled anew each pass; subclasses say what the samples are.

    seed    for an order and changes of its own; without, they come from the project's seeded generator
    """

    def __init__(self, n: int, batch_size: int, shuffle: bool, seed: int | None):
        super().__init__(workers=2, max_queue_size=4)
        if not isinstance(batch_size, (int, np.integer)) or batch_size < 1:
            raise ValueError(f"batch_size must be a positive integer, got {batch_size!r}")
        self.n = n
        self.batch_size = batch_size
        self.shuffle = shuffle
        self.seed = seed
        self.generator = None if seed is None else np.random.default_rng(seed)
        self._batch: Batch | None = None  # of the pass that indices are of
        self._endless = self._without_end()

    def __len__(self) -> int:
        return -(-self.n // self.batch_size)

    def __getitem__(self, index: int) -> Any:
        if not 0 <= index < len(self):
            raise IndexError(f"there are {len(self)} batches, numbered from 0, and no number {index}")
        if self._batch is None:
            self._batch = self.begin_pass()
        return self._batch(index)

    def __iter__(self) -> Iterator:
        return self

    def __next__(self) -> Any:
        return next(self._endless)

    def reset(self) -> None:
        """Begin a new pass with the next batch."""
        self._endless.close()
        self._endless = self._without_end()
        self.on_epoch_end()

    def begin_pass(self) -> Batch:
        rng = self.generator or random.generator()
        order = rng.permutation(self.n) if self.shuffle else np.arange(self.n)
        seed = int(rng.integers(2**63))

        def batch(index: int) -> Any:
            chosen = order[index * self.batch_size : (index + 1) * self.batch_size]
            return self.samples_at(chosen, np.random.default_rng([seed, index]))

        return batch

    def on_epoch_end(self) -> None:
        self._batch = None

    def samples_at(self, chosen: np.ndarray, rng: np.random.Generator) -> Any:
        """The batch of the samples with these numbers, changed at random by this generator."""
        raise NotImplementedError

    def _without_end(self) -> Generator[Any]:
        calls = (partial(batch, index) for batch in iter(self.begin_pass, None) for index in range(len(self)))
        yield from look_ahead(lambda call: call(), calls, self.workers, self.max_queue_size)


class NumpyArrayIterator(Iterator):
    """Batches of arrays; see `ImageDataGenerator.flow`."""

    def __init__(
        self,
        x: Any,
        y: Any,
        image_data_generator: ImageDataGenerator,
        batch_size: int = 32,
        shuffle: bool = False,
        sample_weight: Any = None,
        seed: int | None = None,
        *,
        subset: str | None = None,
        ignore_class_split: bool = False,
    ):
        x = np.asarray(x)
        if x.ndim != 4:
            raise ValueError(f"flow needs images of shape (N, H, W, C), got shape {x.shape}")
        y, sample_weight = (None if values is None else np.asarray(values) for values in (y, sample_weight))
        for name, values in (("y", y), ("sample_weight", sample_weight)):
            if values is not None and len(values) != len(x):
                raise ValueError(f"x and {name} must hold equally many samples, got {len(x)} and {len(values)}")
        held_back = int(len(x) * _validation_split(image_data_generator, subset))
        kept = slice(held_back) if subset == "validation" else slice(held_back, None)
        if held_back and y is not None and not ignore_class_split:
            _expect_same_classes(y[:held_back], y[held_back:])
        self.x = x[kept]
        self.y = None if y is None else y[kept]
        self.sample_weight = None if sample_weight is None else sample_weight[kept]
        self.image_data_generator = image_data_generator
        if not len(self.x):
            raise ValueError(f"there are no images: x has shape {x.shape}, and the subset is {subset}")
        super().__init__(len(self.x), batch_size, shuffle, seed)

    def samples_at(self, chosen: np.ndarray, rng: np.random.Generator) -> Any:
        images = self.image_data_generator.augment(self.x[chosen], rng)
        if self.y is None:
            return images
        if self.sample_weight is None:
            return images, self.y[chosen]
        return images, self.y[chosen], self.sample_weight[chosen]


class DirectoryIterator(Iterator):
    """Batches of image files; see `ImageDataGenerator.flow_from_directory`.

    class_indices           number of each class by its name
    classes                 class number of each file
    filenames, filepaths    of the files, from `directory` and complete
    samples, num_classes    how many there are
    image_shape             (H, W, C)

    Decoded images are kept for later passes, up to a gigabyte of them.
    """

    def __init__(
        self,
        directory: str | Path,
        image_data_generator: ImageDataGenerator,
        target_size: tuple[int, int] = (256, 256),
        color_mode: str = "rgb",
        classes: Sequence[str] | None = None,
        class_mode: str | None = "categorical",
        batch_size: int = 32,
        shuffle: bool = True,
        seed: int | None = None,
        *,
        follow_links: bool = False,
        subset: str | None = None,
        interpolation: Interpolation = "nearest",
        keep_aspect_ratio: bool = False,
        on_error: Literal["raise", "skip"] = "raise",
    ):
        expect_one_of("color_mode", color_mode, _CHANNELS)
        expect_one_of("class_mode", class_mode, _CLASS_MODES)
        expect_one_of("on_error", on_error, ("raise", "skip"))
        folder = find_images(directory, classes or _all_classes(directory, class_mode), follow_links)
        folder = _part(folder, subset, _validation_split(image_data_generator, subset))
        decode = partial(
            load_image,
            size=target_size,
            channels=_CHANNELS[color_mode],
            interpolation=interpolation,
            fit="crop" if keep_aspect_ratio else "stretch",
        )
        self._images = DecodedImages(folder.paths, decode, (*target_size, _CHANNELS[color_mode]), CACHE_MEMORY)
        self._places = np.arange(len(folder)) if on_error == "raise" else _readable(self._images, folder)
        folder = folder.take(self._places)
        self.directory = directory
        self.image_data_generator = image_data_generator
        height, width = self.target_size = target_size
        self.color_mode = color_mode
        self.image_shape = (height, width, _CHANNELS[color_mode])
        self.class_mode = class_mode
        self.subset = subset
        self.interpolation = interpolation
        self.keep_aspect_ratio = keep_aspect_ratio
        self.class_indices = {name: number for number, name in enumerate(folder.class_names)}
        self.num_classes = len(folder.class_names)
        self.classes = folder.labels.astype(np.int32)
        self.filepaths = [str(path) for path in folder.paths]
        self.filenames = [str(path.relative_to(folder.root)) for path in folder.paths]
        self.samples = len(folder)
        super().__init__(self.samples, batch_size, shuffle, seed)
        print(f"Found {self.samples} images belonging to {self.num_classes} classes.")

    @property
    def labels(self) -> np.ndarray:
        """Class number of each file."""
        return self.classes

    def samples_at(self, chosen: np.ndarray, rng: np.random.Generator) -> Any:
        images = self.image_data_generator.augment(
            np.stack([self._images.load(place) for place in self._places[chosen]]), rng
        )
        numbers = self.classes[chosen]
        if self.class_mode is None:
            return images
        if self.class_mode == "input":
            return images, images.copy()
        if self.class_mode == "categorical":
            return images, np.eye(self.num_classes, dtype=np.float32)[numbers]
        return images, numbers.astype(np.float32)


def _readable(images: DecodedImages, folder: ImageFolder) -> np.ndarray:
    """The places of the files that are pictures, after a look at all of them. Raises ImageFileError if there are none.

    The others are named in a warning.
    """
    for _ in images.in_order(range(len(folder)), ahead=_LOOKED_AT_ONCE):
        pass
    errors = [error for _, error in sorted(images.unreadable.items())]
    if len(errors) == len(folder):
        raise ImageFileError(folder.root, "none of its images can be read", f"the first: {errors[0]}")
    if errors:
        warn_about_unreadable(errors, len(folder))
    return np.setdiff1d(np.arange(len(folder)), list(images.unreadable))


def _all_classes(directory: str | Path, class_mode: str | None) -> list[str] | None:
    """All sub-folders, where a single one will do because classes do not matter; else let `find_images` choose."""
    if class_mode not in _WITHOUT_CLASSES or not Path(directory).is_dir():
        return None
    return sorted(path.name for path in Path(directory).iterdir() if path.is_dir())


def _validation_split(generator: ImageDataGenerator, subset: str | None) -> float:
    """The fraction that the subsets split off; 0 where all images are wanted."""
    if expect_one_of("subset", subset, _SUBSETS) is None:
        return 0.0
    if not generator.validation_split:
        raise ValueError(f"subset={subset!r} needs an ImageDataGenerator(validation_split=…)")
    return generator.validation_split


def _part(folder: ImageFolder, subset: str | None, fraction: float) -> ImageFolder:
    """The first `fraction` of each class for validation, the rest for training."""
    if subset is None:
        return folder
    held_back = np.zeros(len(folder), bool)
    for number in range(len(folder.class_names)):
        members = np.flatnonzero(folder.labels == number)
        held_back[members[: int(fraction * len(members))]] = True
    part = folder.take(np.flatnonzero(held_back if subset == "validation" else ~held_back))
    if not len(part):
        raise ValueError(f"validation_split={fraction} of {len(folder)} images leaves none for {subset}")
    return part


def _expect_same_classes(first: np.ndarray, rest: np.ndarray) -> None:
    if not np.array_equal(np.unique(first), np.unique(rest)):
        raise ValueError(
            "the first images, which are for validation, hold other classes than the rest: shuffle the arrays before, "
            "or pass ignore_class_split=True"
        )
