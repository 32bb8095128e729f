"""Machine code that is kept on disk.

Its key names the function and all that the code depends on: versions, machine, sources. A file gets its name when it
is complete, and begins with a checksum: so processes share a cache without knowing of each other, and a file that is
not as it was written is as good as none. It is looked for in NUMBA_CACHE_DIR, if that is set, or else beside the
sources and in the user's cache, and written to the first of them that can be written to. If there is none, every
process compiles for itself.
"""

import functools
import hashlib
import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

_SUFFIX = ".o"
_MOST_KEPT = 8  # files for one function
_CHECKSUM = hashlib.sha256
_CHECKSUM_SIZE = _CHECKSUM().digest_size


def key(function: str, *dependences: object) -> str:
    """The key of code of that name that depends on these: what they look like in Python tells them apart."""
    return f"{function}.{hashlib.sha256(repr(dependences).encode()).hexdigest()[:32]}"


def read(key: str) -> bytes | None:
    """The code under a key, if it is there."""
    for directory in _directories():
        try:
            contents = (directory / (key + _SUFFIX)).read_bytes()
        except OSError:
            continue
        if _CHECKSUM(contents[_CHECKSUM_SIZE:]).digest() == contents[:_CHECKSUM_SIZE]:
            return contents[_CHECKSUM_SIZE:]
    return None


def write(key: str, code: bytes) -> None:
    """Keep code under a key, if there is a place for it."""
    for directory in _directories():
        try:
            directory.mkdir(parents=True, exist_ok=True)
            _write_whole(directory / (key + _SUFFIX), _CHECKSUM(code).digest() + code)
        except OSError:
            continue
        with suppress(OSError):  # another process may forget them at the same time
            _forget_oldest(directory, key.rpartition(".")[0])
        return


def _write_whole(path: Path, contents: bytes) -> None:
    """Write a file of which nobody ever sees only a part."""
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=path.name, suffix=".tmp")
    try:
        with open(handle, "wb") as file:
            file.write(contents)
        os.replace(temporary, path)
    except OSError:
        Path(temporary).unlink(missing_ok=True)
        raise


def _forget_oldest(directory: Path, function: str) -> None:
    files = sorted(directory.glob(f"{function}.*{_SUFFIX}"), key=lambda path: path.stat().st_mtime)
    for path in files[:-_MOST_KEPT]:
        path.unlink(missing_ok=True)


def _directories() -> Iterator[Path]:
    if chosen := os.environ.get("NUMBA_CACHE_DIR"):
        yield Path(chosen)
        return
    yield Path(__file__).parent / "__pycache__"
    try:
        yield _users_caches() / "minicnn"
    except RuntimeError:  # no home
        return


def _users_caches() -> Path:
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local")
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Caches"
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")


@functools.cache
def contents(path: str) -> str:
    """A name for what is written in a file; if there is none, one that was never given before."""
    try:
        return hashlib.sha256(Path(path).read_bytes()).hexdigest()
    except OSError:
        return os.urandom(16).hex()
