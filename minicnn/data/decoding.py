"""Many image files as arrays: decoded in the background, and kept in memory as far as there is room."""

import math
import os
from collections.abc import Callable, Generator, Iterable, Sequence
from concurrent.futures import Future
from pathlib import Path

import numpy as np

from ..images import ImageFileError
from ..kernels.cpu.threads import get_num_threads
from .background import Background, drawn_ahead

Decode = Callable[[Path], np.ndarray]
Change = Callable[[np.ndarray, int], np.ndarray]


class DecodedImages:
    """The images of some files, by number.

    decode      a file as uint8 (H, W, C); raises ImageFileError
    shape       (H, W, C) of every image
    memory      so many bytes may be used to keep decoded images; the first ones are kept

    Files that cannot be decoded stand in `unreadable`, by number, with the error, and are not tried again.
    """

    def __init__(self, paths: Sequence[Path], decode: Decode, shape: tuple[int, int, int], memory: int):
        self._paths, self._decode = paths, decode
        self.unreadable: dict[int, ImageFileError] = {}
        self.room_needed = len(paths) * math.prod(shape)
        self.room = min(len(paths), memory // math.prod(shape))
        # no page of it is taken from the system before an image is written there
        self._kept = np.empty((self.room, *shape), np.uint8)
        self._is_kept = np.zeros(self.room, bool)

    def in_order(
        self, numbers: Iterable[int], ahead: int, change: Change | None = None
    ) -> Generator[tuple[int, np.ndarray], None, None]:
        """(number, image) one by one, without those that cannot be read; `ahead` images are begun in advance.

        change      in the background, too: turns an image into another, given its place among the numbers
        """
        process = os.getpid()
        background = Background(get_num_threads())
        begun = ((n, self._begin(background, n, place, change)) for place, n in enumerate(map(int, numbers)))
        try:
            for number, image in drawn_ahead(begun, ahead):
                if os.getpid() != process:
                    raise RuntimeError("this pass began before the process forked, its threads are gone: start another")
                try:
                    done = image.result() if isinstance(image, Future) else image
                except ImageFileError as error:
                    # without the traceback, which would keep alive all that this function holds
                    self.unreadable[number] = error.with_traceback(None)
                    continue
                if done is not None:
                    yield number, done
        finally:
            background.drop()

    def _begin(
        self, background: Background, number: int, place: int, change: Change | None
    ) -> "np.ndarray | Future[np.ndarray] | None":
        """The image, now or in the future; None if it is known to be unreadable."""
        if number in self.unreadable:
            return None
        if change is None:
            kept = self._find(number)
            return background.submit(self.load, number) if kept is None else kept
        return background.submit(lambda: change(self.load(number), place))

    def _find(self, number: int) -> np.ndarray | None:
        return self._kept[number] if number < self.room and self._is_kept[number] else None

    def load(self, number: int) -> np.ndarray:
        """One image, kept or decoded now. Raises ImageFileError."""
        kept = self._find(number)
        if kept is not None:
            return kept
        image = self._decode(self._paths[number])
        if number < self.room:
            self._kept[number] = image
            self._is_kept[number] = True
        return image
