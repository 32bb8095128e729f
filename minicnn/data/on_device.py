"""Batches for a GPU: the data set is there as a whole, or each batch is sent while the one before is computed."""

import copy
from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np

from .. import graph
from ..kernels.gpu.machine import machine
from .background import drawn_ahead

_SHARE = 2  # a data set may take one part in so many of the memory that is left


def for_gpu(batches: Any) -> Any:
    """The same batches, with their x on the GPU, if they know how to get it there: Batches and ImageDataset do."""
    if not hasattr(batches, "is_sent"):
        return batches
    other = copy.copy(batches)
    other.is_sent = True
    return other


def sent_ahead(batches: Iterable[Any]) -> Iterator[Any]:
    """The same batches, x on the GPU: on its way while the batch before is used."""
    parts = (batch if isinstance(batch, tuple) else (batch,) for batch in batches)
    begun = ((graph.map_structure(_send, x), *rest) for x, *rest in parts)
    for x, *rest in drawn_ahead(begun, 1):
        yield graph.map_structure(lambda arrives: arrives(), x), *rest


def put_if_it_fits(arrays: Any) -> Any:
    """Arrays of samples, on the GPU if it has room for them."""
    flat = graph.flatten(arrays)
    fits = sum(array.nbytes for array in flat) * _SHARE <= machine().free_memory()
    return graph.map_structure(machine().put, arrays) if fits and all(map(_can_be_sent, flat)) else arrays


def _send(array: Any) -> Any:
    """Begin to send an array; the call waits for it."""
    return machine().send(array) if _can_be_sent(array) else lambda: array


def _can_be_sent(array: Any) -> bool:
    """Whether a model on the GPU begins with these numbers: those of float64 are computed with on the host."""
    return isinstance(array, np.ndarray) and array.dtype in (np.float32, np.uint8)
