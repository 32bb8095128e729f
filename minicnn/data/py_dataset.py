"""Datasets by number: a class of one's own that makes batch i, and how training goes through it."""

from collections.abc import Callable, Iterator
from typing import Any

from .look_ahead import look_ahead


class PyDataset:
    """Base of datasets that make their batches themselves: define `__len__` (batches) and `__getitem__` (one of them).

    workers            threads that make batches while a model trains on earlier ones
    max_queue_size     how many batches may wait at most
    on_epoch_begin, on_epoch_end    are called around each pass of `fit`, for example to shuffle

    With several workers, `__getitem__` is called in several threads at once.

    >>> class Squares(PyDataset):
    ...     def __len__(self):
    ...         return 3
    ...     def __getitem__(self, index):
    ...         return np.full((2, 1), index), np.full((2, 1), index**2)
    >>> [(x[0].item(), y[0].item()) for x, y in Passes(Squares())]
    [(0, 0), (1, 1), (2, 4)]
    """

    def __init__(self, workers: int = 1, *, max_queue_size: int = 10):
        self.workers = workers
        self.max_queue_size = max_queue_size

    def __len__(self) -> int:
        raise NotImplementedError(f"{type(self).__name__} must define __len__: the number of its batches")

    def __getitem__(self, index: int) -> Any:
        raise NotImplementedError(f"{type(self).__name__} must define __getitem__: batch number index, such as (x, y)")

    def __iter__(self) -> Iterator[Any]:
        return (self[index] for index in range(len(self)))

    def begin_pass(self) -> Callable[[int], Any]:
        """What makes the batches of a new pass, by number."""
        self.on_epoch_begin()
        return self.__getitem__

    def on_epoch_begin(self) -> None:
        """Before a pass."""

    def on_epoch_end(self) -> None:
        """After a pass, complete or not."""


class Passes:
    """A PyDataset as training wants it: each iteration is one pass, made in the background."""

    def __init__(self, dataset: PyDataset):
        self.dataset = dataset

    def __len__(self) -> int:
        return len(self.dataset)

    @property
    def generator(self) -> Any:
        """What the dataset draws from, if it has one of its own."""
        return getattr(self.dataset, "generator", None)

    def __iter__(self) -> Iterator[Any]:
        dataset = self.dataset
        batch = dataset.begin_pass()
        try:
            yield from look_ahead(batch, range(len(self)), dataset.workers, dataset.max_queue_size)
        finally:
            dataset.on_epoch_end()
