"""Writing files so that an interruption or a full disk never leaves half of one."""

import os
import threading
from pathlib import Path


def write_atomically(path: str | Path, content: bytes | str) -> None:
    """Write the whole file or leave what was there: a neighbour is written first, then takes the name.

    Raises OSError, with the old file untouched, when the disk is full or the folder is not there or not writable.
    """
    path = Path(path)
    if not path.parent.is_dir():
        raise FileNotFoundError(f"cannot write {path}: there is no folder {path.parent}")
    neighbour = path.with_name(f".{path.name}.{os.getpid()}-{threading.get_ident()}.part")
    try:
        with open(neighbour, "wb") as file:
            file.write(content.encode() if isinstance(content, str) else content)
            file.flush()
            os.fsync(file.fileno())
        os.replace(neighbour, path)
    finally:
        neighbour.unlink(missing_ok=True)
