"""From what users hand to `fit`, `evaluate` and `predict` to batches (x, y, sample_weight)."""

from collections.abc import Iterable
from numbers import Integral
from typing import Any

import numpy as np

from .. import graph
from ..tensor import Tensor
from .batches import Batch, Batches
from .checks import expect_finite
from .py_dataset import Passes, PyDataset

DEFAULT_BATCH_SIZE = 32


def as_batches(x: Any, y: Any, sample_weight: Any, batch_size: int | None, shuffle: bool) -> Iterable[Batch]:
    """Arrays as Batches, a PyDataset as its passes, another iterable of batches as it is.

    Raises ValueError for no data, NaN or infinity in it, or labels beside an iterable that brings its own.
    """
    if x is None:
        raise ValueError("no data: pass x=images (and y=labels), or an iterable of (x, y) batches")
    if isinstance(x, dict):
        raise TypeError(f"x is a dictionary with {list(x)}: pass a list of arrays in the order of the model's inputs")
    if isinstance(x, PyDataset):
        x = Passes(x)
    if _is_iterable_of_batches(x):
        if y is not None or sample_weight is not None:
            raise ValueError("an iterable of batches brings its own labels: leave y and sample_weight out")
        return x
    arrays = list(_as_arrays(x, y, sample_weight))
    while arrays[-1] is None:
        arrays.pop()
    for name, values in zip(("x", "y"), arrays):
        if values is not None:
            expect_finite(name, values)
    return Batches(tuple(arrays), DEFAULT_BATCH_SIZE if batch_size is None else batch_size, shuffle)


def validation_batches(validation_data: Any, batch_size: int | None) -> Iterable[Batch] | None:
    """(x, y), (x, y, sample_weight), an iterable of batches, or None for no validation."""
    if validation_data is None:
        return None
    if isinstance(validation_data, (np.ndarray, Tensor)):
        raise ValueError("validation_data must be (x, y): images alone cannot be validated, the labels are missing")
    if isinstance(validation_data, (tuple, list)):
        x, y, sample_weight = unpack(validation_data)
        return as_batches(x, y, sample_weight, batch_size, shuffle=False)
    return as_batches(validation_data, None, None, batch_size, shuffle=False)


def split(arrays: tuple, fraction: float) -> tuple[tuple, tuple]:
    """(training, validation) arrays: the last `fraction` of the samples is for validation, as in Keras."""
    if not 0 < fraction < 1:
        raise ValueError(f"validation_split must lie between 0 and 1, got {fraction}")
    if _is_iterable_of_batches(arrays[0]):
        raise ValueError("validation_split needs arrays; for an iterable of batches pass validation_data=…")
    arrays = _as_arrays(*arrays)
    size = len(graph.flatten(arrays[0])[0])
    kept = int(size * (1 - fraction))
    if kept in (0, size):
        raise ValueError(f"validation_split={fraction} of {size} samples leaves one part empty")

    def part(chosen: slice) -> tuple:
        return tuple(None if a is None else graph.map_structure(lambda v: v[chosen], a) for a in arrays)

    return part(slice(kept)), part(slice(kept, None))


def unpack(batch: Any) -> tuple[Any, Any, Any]:
    """(x, y, sample_weight) of a batch that may lack the last ones. Raises ValueError for anything else."""
    if not isinstance(batch, (tuple, list)):
        batch = (batch,)
    if not 1 <= len(batch) <= 3:
        raise ValueError(f"a batch is x, (x, y) or (x, y, sample_weight), got a tuple of {len(batch)}")
    x, y, sample_weight = (*batch, None, None)[:3]
    return x, y, sample_weight


def with_class_weight(sample_weight: Any, y: Any, class_weight: dict[int, float] | None) -> Any:
    """Sample weights times the weight of each sample's class (1 where `class_weight` names none)."""
    if not class_weight:
        return sample_weight
    if not isinstance(class_weight, dict) or not all(isinstance(c, Integral) for c in class_weight):
        raise TypeError(
            f"class_weight must be a dictionary from class numbers to weights, such as {{0: 1.0, 1: 5.0}}, "
            f"got {class_weight!r}"
        )
    labels = np.asarray(y)
    classes = labels.argmax(axis=-1) if labels.ndim > 1 and labels.shape[-1] > 1 else labels.reshape(len(labels))
    weights = np.array([class_weight.get(int(c), 1.0) for c in classes], np.float32)
    return weights if sample_weight is None else weights * np.asarray(sample_weight, np.float32)


def _as_arrays(x: Any, y: Any, sample_weight: Any) -> tuple:
    """A list of arrays as x stands for several inputs; any other list is one array."""
    several = isinstance(x, (list, tuple)) and any(isinstance(value, (np.ndarray, Tensor)) for value in x)
    inputs = [_as_array("x", value) for value in x] if several else _as_array("x", x)
    return inputs, _as_array("y", y), _as_array("sample_weight", sample_weight)


def _as_array(name: str, value: Any) -> np.ndarray | None:
    if value is None:
        return None
    try:
        array = value.numpy() if isinstance(value, Tensor) else np.asarray(value)
    except ValueError:
        raise ValueError(
            f"{name} holds elements of different lengths: every sample must have the same shape; resize or pad them"
        ) from None
    if array.dtype.kind not in "biuf":
        kind = "text" if array.dtype.kind in "US" else array.dtype
        raise TypeError(f"{name} must hold numbers, got {kind} such as {array.ravel()[:1]}{_hint(name, array)}")
    if array.ndim == 0:
        raise ValueError(f"{name} must hold one sample a row, got the single number {array}")
    return array


def _hint(name: str, array: np.ndarray) -> str:
    if array.dtype.kind not in "US":
        return ""
    if name == "y":
        return "; number the classes with class_names, y = np.unique(y, return_inverse=True)"
    return "; read image files into an array first"


def _is_iterable_of_batches(x: Any) -> bool:
    return (
        not isinstance(x, (np.ndarray, Tensor, list, tuple)) and hasattr(x, "__iter__") and not hasattr(x, "__array__")
    )
