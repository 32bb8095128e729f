"""Pictures with labels, in memory or in files: batches to learn or to be tested on, and each one to look at."""

from abc import ABC, abstractmethod
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Literal

import numpy as np
from PIL import Image

from ..data import Batches
from ..data.folder import ImageFolder
from ..data.image_dataset import ImageDataset
from ..images import ImageFileError, open_image

LabelMode = Literal["int", "categorical", "binary"]


class Pictures(ABC):
    """N pictures in a fixed order, those that cannot be read left out as soon as that is known.

    data          batches (x, y): pixels 0 … 255 as (n, H, W, C), y as the loss wants it
    label_mode    how that is
    class_names   K names
    """

    data: Iterable[Any]
    label_mode: LabelMode
    class_names: list[str]

    @property
    @abstractmethod
    def labels(self) -> np.ndarray:
        """(N,) class numbers."""

    @property
    @abstractmethod
    def names(self) -> list[str]:
        """Of the N files."""

    @abstractmethod
    def picture(self, index: int) -> Image.Image:
        """One of them, as a person wants to see it."""

    @property
    def unreadable(self) -> dict[str, str]:
        """{name: reason} of what has turned out to be no picture."""
        return {}

    def check(self) -> None:  # noqa: B027 - nothing to do for pictures in memory
        """Look through all files. Raises ImageFileError for unreadable ones where they may not be left out."""

    def targets(self, labels: np.ndarray) -> np.ndarray:
        """Class numbers (n,) as the loss wants them: as they are, one-hot rows (n, K), or zeros and ones (n, 1)."""
        match self.label_mode:
            case "categorical":
                return np.eye(len(self.class_names), dtype=np.float32)[labels]
            case "binary":
                return labels.astype(np.float32)[:, None]
        return labels

    def __len__(self) -> int:
        return len(self.labels)

    @property
    def counts(self) -> np.ndarray:
        """(K,) pictures of each class."""
        return np.bincount(self.labels, minlength=len(self.class_names))


class ArrayPictures(Pictures):
    """Pictures (N, H, W) in memory, called "PREFIX 0", "PREFIX 1", …"""

    def __init__(
        self,
        images: np.ndarray,
        labels: np.ndarray,
        class_names: list[str],
        prefix: str,
        batch_size: int,
        label_mode: LabelMode = "int",
        shuffle: bool = False,
    ):
        self._images, self._labels, self._prefix = images, labels.astype(np.int64), prefix
        self.class_names, self.label_mode = class_names, label_mode
        pixels = images[..., None].astype(np.float32)
        self.data = Batches((pixels, self.targets(self._labels)), batch_size, shuffle)

    @property
    def labels(self) -> np.ndarray:
        return self._labels

    @property
    def names(self) -> list[str]:
        return [f"{self._prefix} {index}" for index in range(len(self._labels))]

    def picture(self, index: int) -> Image.Image:
        return Image.fromarray(self._images[index])


class FolderPictures(Pictures):
    """Pictures in files, called by their place in the folder; see ImageDataset for the options."""

    #: (H, W) that are enough to look at
    _ENOUGH = (224, 224)

    def __init__(self, folder: ImageFolder, label_mode: LabelMode = "int", **options: Any):
        self.data: ImageDataset = ImageDataset(folder, label_mode=label_mode, **options)
        self.class_names, self.label_mode = folder.class_names, label_mode
        self._root = folder.root

    @property
    def labels(self) -> np.ndarray:
        return self.data.readable.labels

    @property
    def names(self) -> list[str]:
        return [self._name(path) for path in self.data.readable.paths]

    def picture(self, index: int) -> Image.Image:
        return open_image(self.data.readable.paths[index], at_least=self._ENOUGH)

    @property
    def unreadable(self) -> dict[str, str]:
        return {self._name(path): reason for path, reason in self.data.unreadable.items()}

    def check(self) -> None:
        try:
            self.data.check()
        except ImageFileError:
            if self.data.on_error == "raise" or not len(self):
                raise

    def _name(self, path: str | Path) -> str:
        """Within the folder."""
        return printable(Path(path).relative_to(self._root))


def printable(path: Path) -> str:
    """A path as text: names of files are bytes, which need not be that."""
    return str(path).encode("utf-8", "replace").decode()
