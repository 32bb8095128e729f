"""Folders of images, one sub-folder a class, as lists of files and labels.

    find_images                     every image below DIR/CLASS/ belongs to CLASS
    find_training_and_validation    DIR/train and DIR/validation, or one folder that is split
    list_images                     all images of a folder without classes

Which files are images is told by their names, so 100,000 of them are found in a second; whether they can be read shows
when they are. Names that begin with a dot are hidden: neither classes nor images. Links to files and class folders that
are links are followed, links to folders further down with follow_links=True; loops do no harm. The result depends
neither on the order in which the file system lists files nor on how it stores accents.
"""

import difflib
import hashlib
import warnings
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np

from .listing import FolderError, composed, files_below, in_order, is_image, kinds, sub_folders

_TRAINING = ("train", "training")
_VALIDATION = ("validation", "valid", "val", "test", "testing")

_LAYOUT = "make one sub-folder a class and put .jpg, .png or other images into each"


@dataclass(frozen=True, eq=False)
class ImageFolder:
    """Image files with their classes: `class_names[labels[i]]` is the class of `paths[i]`.

    root      the folder that holds the class folders
    ignored   files that were left out, because they lie in no class folder or are not named like images
    """

    root: Path
    class_names: list[str]
    paths: list[Path]
    labels: np.ndarray
    ignored: list[Path] = field(default_factory=list)

    def __len__(self) -> int:
        return len(self.paths)

    @property
    def counts(self) -> np.ndarray:
        """The number of images of each class, (K,)."""
        return np.bincount(self.labels, minlength=len(self.class_names))

    def take(self, indices: Iterable[int]) -> "ImageFolder":
        """The images of these indices, in this order."""
        chosen = np.fromiter(indices, np.int64)
        return replace(self, paths=[self.paths[i] for i in chosen], labels=self.labels[chosen])

    def split(self, fraction: float, seed: int = 0) -> tuple["ImageFolder", "ImageFolder"]:
        """(rest, held back): this fraction of each class is held back, the same images on every computer.

        Each class is rounded by itself, keeps at least one image and, where it has two or more, gives at least one.
        Those with the least hashes of seed and path below the root are held back, so when images are added to a folder,
        those that were there before hardly change sides.
        """
        if not 0 < fraction < 1:
            raise ValueError(f"the fraction that is held back must lie between 0 and 1, not be {fraction}")
        hashes = np.array([_hash(path.relative_to(self.root), seed) for path in self.paths], np.uint64)
        held_back = np.zeros(len(self), bool)
        for label, count in enumerate(self.counts):
            number = min(max(1, int(count * fraction + 0.5)), max(0, count - 1))
            members = np.flatnonzero(self.labels == label)
            held_back[members[np.argsort(hashes[members], kind="stable")[:number]]] = True
        return self.take(np.flatnonzero(~held_back)), self.take(np.flatnonzero(held_back))


def find_images(
    directory: str | Path, class_names: Sequence[str] | None = None, follow_links: bool = False
) -> ImageFolder:
    """The images in the sub-folders of a directory, each sub-folder a class, sorted by class and path.

    class_names     the sub-folders to use, in this order; by default all that hold images, sorted
    follow_links    also look into folders below the class folders that are links

    Files nested below a class folder belong to it. Sub-folders without images are no classes; a warning names them.
    Raises FolderError when the directory is not there or may not be read, holds no images, or one class only (unless
    class_names asks for it), or train and validation instead of classes, or lacks one of class_names.

    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as folder:
    ...     for name in ("cats/1.jpg", "cats/indoors/2.JPG", "dogs/3.png", "dogs/notes.txt"):
    ...         path = Path(folder, name)
    ...         path.parent.mkdir(parents=True, exist_ok=True)
    ...         path.touch()
    ...     found = find_images(folder)
    >>> found.class_names, found.counts.tolist(), [path.name for path in found.ignored]
    (['cats', 'dogs'], [2, 1], ['notes.txt'])
    """
    root = Path(directory)
    folders, beside = sub_folders(root)
    names = sorted(folders) if class_names is None else _chosen(root, class_names, folders)
    files = {name: [path for folder in folders[name] for path in files_below(folder, follow_links)] for name in names}
    images = {name: in_order(filter(is_image, files[name])) for name in names}
    others = [path for name in names for path in files[name] if not is_image(path)] + beside
    if not any(images.values()):
        raise FolderError(_no_images(root, others))
    if class_names is None:
        _expect_classes(root, folders, images)
        images = {name: paths for name, paths in images.items() if paths}
    return ImageFolder(
        root,
        list(images),
        [path for paths in images.values() for path in paths],
        np.repeat(np.arange(len(images)), [len(paths) for paths in images.values()]),
        in_order(others),
    )


def find_training_and_validation(
    directory: str | Path, fraction: float = 0.2, seed: int = 0
) -> tuple[ImageFolder, ImageFolder]:
    """The images to train on and those to validate with.

    Where the directory holds a folder train (or training) of class folders, and a folder validation (or valid, val,
    test) of the same classes, these are the two. Where it holds only train, or the class folders themselves, this
    fraction of each class is held back for validation: see `ImageFolder.split`.
    Raises FolderError as `find_images` does, and when the classes of the two folders differ.
    """
    root = Path(directory)
    folders, _ = sub_folders(root)
    training_root, validation_root = _named(folders, _TRAINING), _named(folders, _VALIDATION)
    if training_root is None or not _holds_folders_only(training_root):
        return find_images(root).split(fraction, seed)
    training = find_images(training_root)
    if validation_root is None:
        return training.split(fraction, seed)
    _expect_same_classes(training, validation_root)
    return training, find_images(validation_root, training.class_names)


def list_images(directory: str | Path, follow_links: bool = False) -> list[Path]:
    """All images in a folder and below, sorted by path, whatever their classes.

    Raises FolderError when there are none.
    """
    root = Path(directory)
    sub_folders(root)
    files = list(files_below(str(root), follow_links))
    images = in_order(filter(is_image, files))
    if not images:
        raise FolderError(f"{root}: no images in it or below, {kinds(files)}")
    return images


def _hash(path: Path, seed: int) -> int:
    name = f"{seed}/{composed(path.as_posix())}".encode(errors="surrogateescape")
    return int.from_bytes(hashlib.blake2b(name, digest_size=8).digest(), "big")


def _chosen(root: Path, class_names: Sequence[str], folders: dict[str, list[str]]) -> list[str]:
    """The names as the folders are called. Raises FolderError when there is none for one of them."""
    names = [composed(name) for name in class_names]
    for name in names:
        if name not in folders:
            alike = difflib.get_close_matches(name, sorted(folders), 1)
            hint = f"did you mean {alike[0]!r}?" if alike else f"there are {_listing(folders)}"
            raise FolderError(f"{root}: no folder for the class {name!r}; {hint}")
    if len(set(names)) < len(names):
        raise ValueError(f"class_names must differ from each other: {_listing(names)}")
    return names


def _expect_classes(root: Path, folders: dict[str, list[str]], images: dict[str, list[Path]]) -> None:
    """Raise FolderError unless the folders look like at least two classes; name those without images."""
    training, validation = _named(folders, _TRAINING), _named(folders, _VALIDATION)
    if training and validation and all(name.casefold() in _TRAINING + _VALIDATION for name in folders):
        fix = f"name one of them, such as {training}" if _holds_folders_only(training) else f"in each, {_LAYOUT}"
        raise FolderError(f"{root}: its folders {_listing(folders)} are no classes but parts of a data set; {fix}")
    full = [name for name in images if images[name]]
    if len(full) == 1:
        inside, _ = sub_folders(Path(folders[full[0]][0]))
        fix = f"did you mean {root / full[0]}, with {_listing(inside)}?" if len(inside) > 1 else _LAYOUT
        raise FolderError(f"{root}: a classifier needs at least two classes, here is only {full[0]!r}; {fix}")
    if empty := [name for name in images if not images[name]]:
        warnings.warn(f"{root}: no images in {_listing(empty)}: not taken for a class", stacklevel=3)


def _expect_same_classes(training: ImageFolder, validation_root: Path) -> None:
    folders, _ = sub_folders(validation_root)
    missing = [name for name in training.class_names if name not in folders]
    strange = [name for name in sorted(folders.keys() - training.class_names) if _holds_images(folders[name])]
    if missing or strange:
        raise FolderError(
            f"{validation_root}: other classes than in {training.root}"
            + (f", without {_listing(missing)}" if missing else "")
            + (f", with {_listing(strange)}" if strange else "")
            + "; give the folders the same names (one may be empty)"
        )


def _no_images(root: Path, others: list[str]) -> str:
    loose = sum(map(is_image, others))
    if loose:
        return f"{root}: its {loose} images lie in no class folder; {_LAYOUT}"
    return f"{root}: no images, {kinds(others)}; {_LAYOUT}"


def _named(folders: dict[str, list[str]], names: Sequence[str]) -> Path | None:
    """The folder of the first of the names that there is, in small or capital letters."""
    found = {name.casefold(): Path(paths[0]) for name, paths in folders.items()}
    return next((found[name] for name in names if name in found), None)


def _holds_folders_only(folder: Path) -> bool:
    folders, files = sub_folders(folder)
    return bool(folders) and not any(map(is_image, files))


def _holds_images(folders: list[str]) -> bool:
    return any(is_image(path) for folder in folders for path in files_below(folder))


def _listing(names: Iterable[str]) -> str:
    """The names in quotation marks, of many the first ten."""
    quoted = [repr(name) for name in sorted(names)]
    return ", ".join(quoted[:10]) + (f" and {len(quoted) - 10} more" if len(quoted) > 10 else "")
