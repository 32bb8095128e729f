"""What lies in a folder: files and sub-folders, whatever the file system, its order, its links and its loops."""

import os
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from pathlib import Path

from ..images import IMAGE_SUFFIXES


class FolderError(ValueError):
    """A folder in which images or their classes cannot be found. The message is its name, the reason and the fix."""


def composed(name: str) -> str:
    """The name with accents as most systems store them: "é" as one character (NFC), not as e and an accent.

    >>> len("cafe\\u0301"), len(composed("cafe\\u0301"))
    (5, 4)
    """
    return unicodedata.normalize("NFC", name)


def is_image(path: str) -> bool:
    """Whether a file is named like an image."""
    return os.path.splitext(path)[1].lower() in IMAGE_SUFFIXES


def sub_folders(root: Path) -> tuple[dict[str, list[str]], list[str]]:
    """The paths of the folders directly in a folder by their composed names, and of the files beside them.

    Two folders of one name, which is stored in two ways, look like one to the user and are taken for one.
    """
    if not root.is_dir():
        raise FolderError(f"{root}: a file, not a folder" if root.exists() else f"{root}: no such folder")
    here = os.path.realpath(root)
    folders, files = defaultdict(list), []
    for entry in _entries(str(root)):
        if not _is_folder(entry):
            files.append(entry.path)
        elif not (entry.is_symlink() and _lies_in(here, os.path.realpath(entry.path))):
            folders[composed(entry.name)].append(entry.path)
    return dict(folders), files


def files_below(folder: str, follow_links: bool = False) -> Iterator[str]:
    """The paths of all files in a folder and below; with follow_links also in folders that are links, each once."""
    pending, seen = [folder], set()
    while pending:
        folder = pending.pop()
        if follow_links:
            real = os.path.realpath(folder)
            if real in seen:
                continue
            seen.add(real)
        below = []
        for entry in _entries(folder):
            if not _is_folder(entry):
                yield entry.path
            elif follow_links or not entry.is_symlink():
                below.append(entry.path)
        pending += sorted(below)


def in_order(paths: Iterable[str]) -> list[Path]:
    """The paths, sorted as on every other computer."""
    return [Path(path) for path in sorted(paths, key=lambda path: (composed(path).replace(os.sep, "/"), path))]


def kinds(paths: Iterable[str | Path]) -> str:
    """How many files there are of each suffix, the most frequent first.

    >>> kinds(["a.txt", "b.txt", "c.npy", "README"])
    '4 other files: 2 .txt, 1 .npy, 1 without suffix'
    """
    found = Counter(os.path.splitext(path)[1].lower() or "without suffix" for path in paths)
    if not found:
        return "no files at all"
    plural = "" if found.total() == 1 else "s"
    return f"{found.total()} other file{plural}: " + ", ".join(f"{n} {kind}" for kind, n in found.most_common(5))


def _entries(folder: str) -> Iterator[os.DirEntry[str]]:
    """What lies in the folder and is not hidden."""
    try:
        with os.scandir(folder) as entries:
            yield from (entry for entry in entries if not entry.name.startswith("."))
    except PermissionError:
        raise FolderError(f"{folder}: no permission to look into it; allow it, for example with chmod +rx") from None


def _is_folder(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir()
    except OSError:  # a link that leads back to itself
        return False


def _lies_in(path: str, folder: str) -> bool:
    return os.path.commonpath([path, folder]) == folder
