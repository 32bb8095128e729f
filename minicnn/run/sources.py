"""Where pictures come from: the digits that come with the package, or a folder with one sub-folder a class."""

import hashlib
from abc import ABC, abstractmethod
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

import numpy as np
from PIL import Image

from ..data.folder import ImageFolder, find_images, find_training_and_validation
from ..data.listing import FolderError, composed, files_below, is_image, sub_folders
from ..datasets import digits
from .pictures import ArrayPictures, FolderPictures, LabelMode, Pictures, printable
from .settings import Settings

#: so many files are looked at to learn how large the pictures are
_SAMPLE = 200

_GREY = {"1", "L", "LA", "La", "I", "I;16", "I;16B", "I;16L", "F"}


class Source(ABC):
    """Pictures to learn from, and others that are held back.

    name            for the run
    place           the folder, None for what comes with the package
    is_split        whether those held back were drawn, not put aside in a place of their own
    held_back       what the held-back pictures are for: "test", or "validation" where they choose the best epoch
    class_names     K names
    size            (H, W) of a usual picture
    channels        1 where all are grey, else 3
    """

    name: str
    place: Path | None
    is_split = False
    held_back: Literal["test", "validation"]
    class_names: list[str]
    size: tuple[int, int]
    channels: int

    @property
    @abstractmethod
    def counts(self) -> tuple[np.ndarray, np.ndarray]:
        """(K,) pictures of each class to learn from, and held back."""

    @property
    def ignored(self) -> list[str]:
        """Files in the folder that are not named like images or lie in no class."""
        return []

    @property
    @abstractmethod
    def fingerprint(self) -> str:
        """The same for the same pictures."""

    @abstractmethod
    def pictures(self, settings: Settings, label_mode: LabelMode) -> tuple[Pictures, Pictures]:
        """Those to learn from, shuffled, and those held back, in order."""


class Digits(Source):
    """4,000 handwritten digits to learn from, 1,000 to test."""

    name, place, held_back = "digits", None, "test"
    class_names = digits.CLASS_NAMES
    size, channels = (28, 28), 1

    @cached_property
    def _arrays(self) -> Any:
        return digits.load_data()

    @property
    def counts(self) -> tuple[np.ndarray, np.ndarray]:
        (_, training), (_, test) = self._arrays
        return np.bincount(training, minlength=10), np.bincount(test, minlength=10)

    @property
    def fingerprint(self) -> str:
        (images, _), _ = self._arrays
        return hashlib.sha256(images.tobytes()).hexdigest()[:16]

    def pictures(self, settings: Settings, label_mode: LabelMode) -> tuple[Pictures, Pictures]:
        images, labels = self._arrays[0]
        batches = settings.batch_size, label_mode
        training = ArrayPictures(images, labels, self.class_names, "training image", *batches, shuffle=True)
        return training, self.test_pictures(*batches)

    def test_pictures(self, batch_size: int = 64, label_mode: LabelMode = "int") -> Pictures:
        images, labels = self._arrays[1]
        return ArrayPictures(images, labels, self.class_names, "test image", batch_size, label_mode)


@dataclass
class Folder(Source):
    """One sub-folder a class, such folders in `train` and `validation`, or some that others are to be tested on."""

    training: ImageFolder
    validation: ImageFolder
    place: Path
    held_back: Literal["test", "validation"] = "validation"

    @property
    def name(self) -> str:  # type: ignore[override]
        return self.place.resolve().name or "images"

    @property
    def class_names(self) -> list[str]:  # type: ignore[override]
        return self.training.class_names

    @property
    def counts(self) -> tuple[np.ndarray, np.ndarray]:
        return self.training.counts, self.validation.counts

    @property
    def is_split(self) -> bool:  # type: ignore[override]
        return self.training.root == self.validation.root

    @cached_property
    def _seen(self) -> tuple[list[tuple[int, int]], set[str]]:
        """Sizes (H, W) and modes of some files, evenly taken."""
        every = max(1, len(self.training) // _SAMPLE)
        sizes, modes = [], set()
        for path in self.training.paths[::every]:
            try:
                with Image.open(path) as file:
                    sizes.append((file.height, file.width))
                    modes.add(file.mode)
            except Exception:
                continue
        return sizes, modes

    @property
    def size(self) -> tuple[int, int]:  # type: ignore[override]
        sizes, _ = self._seen
        height, width = np.median(sizes, axis=0) if sizes else (128, 128)
        return int(height), int(width)

    @property
    def channels(self) -> int:  # type: ignore[override]
        _, modes = self._seen
        return 1 if modes and modes <= _GREY else 3

    @property
    def ignored(self) -> list[str]:
        files = {path: None for folder in (self.training, self.validation) for path in folder.ignored}
        return [printable(path.relative_to(self.place) if path.is_relative_to(self.place) else path) for path in files]

    @property
    def fingerprint(self) -> str:
        found = hashlib.sha256()
        for folder in (self.training, self.validation):
            for path in folder.paths:
                relative = str(path.relative_to(folder.root)).encode(errors="surrogateescape")
                found.update(b"%s\0%d\0" % (relative, path.stat().st_size))
        return found.hexdigest()[:16]

    def pictures(self, settings: Settings, label_mode: LabelMode) -> tuple[Pictures, Pictures]:
        options: dict[str, Any] = {
            "on_error": "raise" if settings.on_error == "fail" else "skip",
            "image_size": settings.image_size,
            "channels": settings.channels,
            "batch_size": settings.batch_size,
            "label_mode": label_mode,
        }
        return (
            FolderPictures(self.training, shuffle=True, **options),
            FolderPictures(self.validation, shuffle=False, **options),
        )


def source(directory: Path | None, split: float = 0.2, seed: int = 0, test: Path | None = None) -> Source:
    """The pictures of a directory, with those in `test` to test on; the digits for None.

    Raises FolderError for a folder without classes of images, or with other classes to test on.
    """
    if directory is None:
        return Digits()
    if test is not None:
        training = find_images(directory)
        return Folder(training, labelled_as(training.class_names, test), directory, held_back="test")
    training, validation = find_training_and_validation(directory, split, seed)
    return Folder(training, validation, directory)


def source_of(settings: Settings) -> Source:
    """Where the pictures of a run come from."""
    directory, test = (None if place is None else Path(place) for place in (settings.directory, settings.test))
    return source(directory, settings.split, settings.seed, test)


def labelled_as(class_names: list[str], directory: Path) -> ImageFolder:
    """The images of a folder, labelled as a model numbers its classes, matched by name; some may be missing.

    Raises FolderError, saying which classes there are and which the model knows, for other sub-folders with images.
    """
    known = {composed(name): label for label, name in enumerate(class_names)}
    folders, _ = sub_folders(directory)
    present = [name for name in known if name in folders]
    strange = [name for name in sorted(folders.keys() - known) if _holds_images(folders[name])]
    if strange or not present:
        raise FolderError(
            f"{directory}: its folders are {_listed(strange) or 'none'}, but the model knows the classes "
            f"{_listed(class_names)}{_fix(directory, folders, known)}"
        )
    found = find_images(directory, present)
    numbers = np.array([known[composed(name)] for name in found.class_names])
    return replace(found, class_names=class_names, labels=numbers[found.labels])


def _holds_images(folders: list[str]) -> bool:
    return any(is_image(path) for folder in folders for path in files_below(folder))


def _fix(directory: Path, folders: dict[str, list[str]], known: dict[str, int]) -> str:
    """A guess at the folder that was meant, where these are not classes but hold them: train, validation, …"""
    inside = [name for name in sorted(folders) if known.keys() & sub_folders(Path(folders[name][0]))[0].keys()]
    return f"; did you mean {directory / inside[-1]}?" if inside else "; name the folders as the classes"


def _listed(names: list[str]) -> str:
    return ", ".join(names[:10]) + (f" and {len(names) - 10} more" if len(names) > 10 else "")
