"""Batches of arrays, in order or shuffled anew every epoch."""

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from .. import graph, random
from ..device import is_on_gpu, kernels_for
from .on_device import put_if_it_fits, sent_ahead

_WORTH_KEEPING = 2  # passes through the data: from then on it stays on a GPU

Batch = tuple[Any, ...]  # (x,), (x, y) or (x, y, sample_weight); x may be a list of arrays


class Batches:
    """Iterate over arrays of N samples in batches; the last batch may be smaller.

    arrays      (x,), (x, y) or (x, y, sample_weight); x is one array or a list of arrays (several inputs)
    shuffle     a new order each time, from the project's seeded generator
    augment     a function of (x batch, Generator) giving the x batch to train on

    Raises ValueError when there are no samples, or when the arrays differ in length.

    >>> [x.tolist() for (x,) in Batches((np.arange(5),), batch_size=2)]
    [[0, 1], [2, 3], [4]]
    """

    is_sent = False  #: whether x goes to the GPU, in advance

    def __init__(
        self,
        arrays: Batch,
        batch_size: int,
        shuffle: bool = False,
        augment: Callable[[np.ndarray, np.random.Generator], np.ndarray] | None = None,
    ):
        self.arrays = arrays
        self.size = _common_length(arrays)
        if not isinstance(batch_size, (int, np.integer)) or batch_size < 1:
            raise ValueError(f"batch_size must be a positive integer, got {batch_size!r}")
        self.batch_size = batch_size
        self.shuffle = shuffle
        self.augment = augment
        self._passes, self._there = 0, arrays[0]  # maybe on a GPU

    def __len__(self) -> int:
        return -(-self.size // self.batch_size)

    def __iter__(self) -> Iterator[Batch]:
        if self.augment or not self.is_sent:
            return self._in_order(self.arrays)
        self._passes += 1
        if self._passes == _WORTH_KEEPING:
            self._there = put_if_it_fits(self.arrays[0])
        return sent_ahead(self._in_order((self._there, *self.arrays[1:])))

    def _in_order(self, arrays: Batch) -> Iterator[Batch]:
        order = random.generator().permutation(self.size) if self.shuffle else None
        for start in range(0, self.size, self.batch_size):
            chosen: Any = slice(start, start + self.batch_size)
            if order is not None:
                chosen = order[chosen]
            x, *rest = graph.map_structure(lambda array, chosen=chosen: _take(array, chosen), arrays)
            if self.augment:
                x = self.augment(x, random.generator())
            yield x, *rest


def _take(array: Any, chosen: Any) -> Any:
    if isinstance(array, list):
        return [_take(a, chosen) for a in array]
    if is_on_gpu(array):
        return kernels_for([array]).getitem(array, key=chosen)
    return None if array is None else array[chosen]


def _common_length(arrays: Batch) -> int:
    names = ("x", "y", "sample_weight")
    lengths = [(name, len(a)) for name, array in zip(names, arrays) if array is not None for a in graph.flatten(array)]
    if len({length for _, length in lengths}) > 1:
        found = ", ".join(f"{name} {length}" for name, length in lengths)
        raise ValueError(f"x, y and sample_weight must hold equally many samples, one label an image, got {found}")
    size = lengths[0][1]
    if size == 0:
        shapes = ", ".join(str(a.shape) for a in graph.flatten(arrays[0]))
        raise ValueError(f"there are no samples: x is empty, of shape {shapes}; look at how the data was loaded or cut")
    return size
