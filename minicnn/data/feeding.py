"""From what users hand to `fit`, `evaluate` and `predict` to batches (x, y, sample_weight)."""

from collections.abc import Iterable
from typing import Any

import numpy as np

from .. import graph
from ..tensor import Tensor
from .batches import Batch, Batches
from .checks import expect_finite

DEFAULT_BATCH_SIZE = 32


def as_batches(x: Any, y: Any, sample_weight: Any, batch_size: int | None, shuffle: bool) -> Iterable[Batch]:
    """Arrays as Batches; an iterable of batches as it is.

    Raises ValueError for no data, NaN or infinity in it, or labels beside an iterable that brings its own.
    """
    if x is None:
        raise ValueError("no data: pass x=images (and y=labels), or an iterable of (x, y) batches")
    if _is_iterable_of_batches(x):
        if y is not None or sample_weight is not None:
            raise ValueError("an iterable of batches brings its own labels: leave y and sample_weight out")
        return x
    arrays = [graph.map_structure(_as_array, a) for a in (x, y, sample_weight)]
    expect_finite(arrays[0])
    while arrays[-1] is None:
        arrays.pop()
    return Batches(tuple(arrays), batch_size or DEFAULT_BATCH_SIZE, shuffle)


def validation_batches(validation_data: Any, batch_size: int | None) -> Iterable[Batch] | None:
    """(x, y), (x, y, sample_weight), an iterable of batches, or None for no validation."""
    if validation_data is None:
        return None
    if isinstance(validation_data, tuple):
        x, y, sample_weight = unpack(validation_data)
        return as_batches(x, y, sample_weight, batch_size, shuffle=False)
    return as_batches(validation_data, None, None, batch_size, shuffle=False)


def split(arrays: tuple, fraction: float) -> tuple[tuple, tuple]:
    """(training, validation) arrays: the last `fraction` of the samples is for validation, as in Keras."""
    if not 0 < fraction < 1:
        raise ValueError(f"validation_split must lie between 0 and 1, got {fraction}")
    if _is_iterable_of_batches(arrays[0]):
        raise ValueError("validation_split needs arrays; for an iterable of batches pass validation_data=…")
    size = len(graph.flatten(arrays[0])[0])
    kept = int(size * (1 - fraction))
    if kept in (0, size):
        raise ValueError(f"validation_split={fraction} of {size} samples leaves one part empty")

    def part(chosen: slice) -> tuple:
        return tuple(None if a is None else graph.map_structure(lambda v: v[chosen], a) for a in arrays)

    return part(slice(kept)), part(slice(kept, None))


def unpack(batch: Any) -> tuple[Any, Any, Any]:
    """(x, y, sample_weight) of a batch that may lack the last ones. Raises ValueError for anything else."""
    if not isinstance(batch, tuple):
        batch = (batch,)
    if not 1 <= len(batch) <= 3:
        raise ValueError(f"a batch is x, (x, y) or (x, y, sample_weight), got a tuple of {len(batch)}")
    x, y, sample_weight = (*batch, None, None)[:3]
    return x, y, sample_weight


def with_class_weight(sample_weight: Any, y: Any, class_weight: dict[int, float] | None) -> Any:
    """Sample weights times the weight of each sample's class (1 where `class_weight` names none)."""
    if not class_weight:
        return sample_weight
    labels = np.asarray(y)
    classes = labels.argmax(axis=-1) if labels.ndim > 1 and labels.shape[-1] > 1 else labels.reshape(len(labels))
    weights = np.array([class_weight.get(int(c), 1.0) for c in classes], np.float32)
    return weights if sample_weight is None else weights * np.asarray(sample_weight, np.float32)


def _as_array(value: Any) -> Any:
    if value is None or isinstance(value, np.ndarray):
        return value
    return value.numpy() if isinstance(value, Tensor) else np.asarray(value)


def _is_iterable_of_batches(x: Any) -> bool:
    return (
        not isinstance(x, (np.ndarray, Tensor, list, tuple)) and hasattr(x, "__iter__") and not hasattr(x, "__array__")
    )
