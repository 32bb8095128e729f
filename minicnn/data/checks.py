"""Checks on data that would train without complaint and teach nothing."""

import warnings
from typing import Any

import numpy as np

from .. import graph
from .batches import Batches

#: layers that bring pixels 0 … 255 into a good range themselves
_SCALING_LAYERS = ("Rescaling", "BatchNormalization")


def expect_finite(x: Any) -> None:
    """Raise ValueError, naming the first place, when an input holds NaN or infinity."""
    for array in graph.flatten(x):
        if array.dtype.kind == "f" and not np.isfinite(array).all():
            place = tuple(int(i) for i in np.argwhere(~np.isfinite(array))[0])
            raise ValueError(
                f"x holds {array[place]} at index {place}: clean the data first, for example with np.nan_to_num"
            )


def warn_about_pixels(model: Any, data: Any) -> None:
    """Warn when whole numbers up to 255 go into a model that does not rescale them."""
    if not isinstance(data, Batches) or any(type(layer).__name__ in _SCALING_LAYERS for layer in model.layers[:2]):
        return
    x = graph.flatten(data.arrays[0])[0]
    if x.dtype == np.uint8 or (x.ndim == 4 and 128 < x[:64].max() <= 255):
        warnings.warn(
            f"the images hold pixels up to {x[:64].max():g} and nothing scales them: training will be poor; "
            "divide by 255, or begin the model with layers.Rescaling(1 / 255)",
            stacklevel=3,
        )
