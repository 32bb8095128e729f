"""Batches to go through again and again, and ways to change them under the names of tf.data."""

from __future__ import annotations

import copy
import itertools
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np


class Dataset(ABC):
    """An iterable of batches; every `iter` begins a new pass over the data."""

    @abstractmethod
    def __iter__(self) -> Iterator[Any]: ...

    @abstractmethod
    def cache(self, memory: int | None = None) -> Dataset:
        """Keep decoded images, up to `memory` bytes of them. What `map` does is done again in every pass."""

    @abstractmethod
    def prefetch(self, buffer_size: int) -> Dataset:
        """Prepare so many batches in advance; −1, tf.data's AUTOTUNE, leaves the number as it is."""

    @abstractmethod
    def shuffle(self, buffer_size: int, seed: int | None = None) -> Dataset:
        """Draw a new order of all images for every pass, whatever the `buffer_size`."""

    def map(self, function: Callable[..., Any], num_parallel_calls: int | None = None) -> Dataset:
        """function(x, y) of every batch, called when somebody asks for the batch, one after the other."""
        return Mapped(self, function)

    def batch(self, batch_size: int, drop_remainder: bool = False) -> Dataset:
        """Batches of what are single samples."""
        return Batched(self, batch_size, drop_remainder)

    def take(self, count: int) -> Dataset:
        """Passes of only the first `count` batches; −1 takes all."""
        return Sliced(self, slice(None if count < 0 else count))

    def skip(self, count: int) -> Dataset:
        """Passes without the first `count` batches."""
        return Sliced(self, slice(count, None))

    def repeat(self, count: int | None = None) -> Dataset:
        """`count` passes as one; without end if that is None."""
        return Endless(self) if count is None or count < 0 else Repeated(self, count)

    def as_numpy_iterator(self) -> Iterator[Any]:
        """The batches, which are NumPy arrays anyway."""
        return iter(self)


def _of_source(name: str) -> Any:
    return property(lambda self: getattr(self.source, name), lambda self, value: setattr(self.source, name, value))


class Derived(Dataset):
    """A dataset that changes what another one yields, and knows what that one knows."""

    class_names = _of_source("class_names")
    file_paths = _of_source("file_paths")
    labels = _of_source("labels")
    unreadable = _of_source("unreadable")
    generator = _of_source("generator")

    def __init__(self, source: Dataset):
        self.source = source

    def cache(self, memory: int | None = None) -> Dataset:
        return self._on(self.source.cache(memory))

    def prefetch(self, buffer_size: int) -> Dataset:
        return self._on(self.source.prefetch(buffer_size))

    def shuffle(self, buffer_size: int, seed: int | None = None) -> Dataset:
        raise ValueError("shuffle before take, skip and repeat: the order of all images is drawn when a pass begins")

    def _on(self, source: Dataset) -> Dataset:
        other = copy.copy(self)
        other.source = source
        return other


class Mapped(Derived):
    def __init__(self, source: Dataset, function: Callable[..., Any]):
        super().__init__(source)
        self._function = function

    def __len__(self) -> int:
        return len(self.source)  # type: ignore[arg-type]

    def __iter__(self) -> Iterator[Any]:
        return (self._function(*batch) if isinstance(batch, tuple) else self._function(batch) for batch in self.source)

    def shuffle(self, buffer_size: int, seed: int | None = None) -> Dataset:
        return self._on(self.source.shuffle(buffer_size, seed))


class Batched(Derived):
    def __init__(self, source: Dataset, batch_size: int, drop_remainder: bool):
        super().__init__(source)
        self._size, self._drop = batch_size, drop_remainder

    def __len__(self) -> int:
        full, rest = divmod(len(self.source), self._size)  # type: ignore[arg-type]
        return full + (rest > 0 and not self._drop)

    def __iter__(self) -> Iterator[Any]:
        samples = iter(self.source)
        while chosen := list(itertools.islice(samples, self._size)):
            if len(chosen) == self._size or not self._drop:
                yield tuple(map(np.stack, zip(*chosen))) if isinstance(chosen[0], tuple) else np.stack(chosen)

    def shuffle(self, buffer_size: int, seed: int | None = None) -> Dataset:
        return self._on(self.source.shuffle(buffer_size, seed))


class Sliced(Derived):
    def __init__(self, source: Dataset, part: slice):
        super().__init__(source)
        self._part = part

    def __len__(self) -> int:
        if isinstance(self.source, Endless):
            return self._part.stop
        return len(range(len(self.source))[self._part])  # type: ignore[arg-type]

    def __iter__(self) -> Iterator[Any]:
        return itertools.islice(iter(self.source), self._part.start, self._part.stop)


class Repeated(Derived):
    def __init__(self, source: Dataset, count: int):
        super().__init__(source)
        self._count = count

    def __len__(self) -> int:
        return self._count * len(self.source)  # type: ignore[arg-type]

    def __iter__(self) -> Iterator[Any]:
        return itertools.chain.from_iterable(itertools.repeat(self.source, self._count))


class Endless(Derived):
    """Without a length: `fit` has to be told `steps_per_epoch`."""

    @property
    def repeated(self) -> Dataset:
        """What is gone through again and again."""
        return self.source

    def __iter__(self) -> Iterator[Any]:
        return itertools.chain.from_iterable(itertools.repeat(self.source))

    def map(self, function: Callable[..., Any], num_parallel_calls: int | None = None) -> Dataset:
        return Endless(self.source.map(function))  # so that what has no end has no length

    def batch(self, batch_size: int, drop_remainder: bool = False) -> Dataset:
        raise ValueError("batch before repeat: otherwise the end of a pass and the beginning of the next share a batch")

    def skip(self, count: int) -> Dataset:
        raise ValueError("skip before repeat: an endless pass without its first batches is endless, too")
