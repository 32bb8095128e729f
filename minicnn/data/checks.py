"""Checks on data that would train without complaint and teach nothing."""

import warnings
from typing import Any

import numpy as np

from .. import graph
from ..layers.preprocessing import Preprocessing
from ..losses import BinaryCrossentropy
from .batches import Batches
from .image_dataset import ImageDataset
from .image_iterators import DirectoryIterator
from .py_dataset import Passes

#: layers that bring pixels 0 … 255 into a good range themselves
_SCALING_LAYERS = ("Rescaling", "BatchNormalization")


def expect_finite(name: str, value: Any) -> None:
    """Raise ValueError, naming the first place, when an array or one of a list of them holds NaN or infinity."""
    for array in graph.flatten(value):
        if array.dtype.kind == "f" and not np.isfinite(array).all():
            place = tuple(int(i) for i in np.argwhere(~np.isfinite(array))[0])
            raise ValueError(
                f"{name} holds {array[place]} at index {place}: leave such samples out, "
                "or clean them first, for example with np.nan_to_num"
            )


def warn_about_predictions(loss: Any, predictions: np.ndarray) -> None:
    """Warn when a cross-entropy of probabilities gets something else, or probabilities of another kind."""
    if getattr(loss, "from_logits", True) or not np.isfinite(predictions).all():
        return
    low, high, sums = predictions.min(), predictions.max(), predictions.sum(axis=-1)
    sum_to_one = np.allclose(sums, 1, atol=1e-3)
    one_output, binary = predictions.shape[-1] == 1, isinstance(loss, BinaryCrossentropy)
    if low < 0 or high > 1:
        _warn(
            f"{loss.name} expects probabilities, but the predictions lie in {low:.3g} … {high:.3g}: end the model with "
            f'activation="{"sigmoid" if binary else "softmax"}", or use {type(loss).__name__}(from_logits=True)'
        )
    elif one_output and (predictions == 1).all():
        _warn(
            'every prediction is 1, as after a softmax over one output: use activation="sigmoid" with '
            "binary_crossentropy, or one output for each class"
        )
    elif not (binary or sum_to_one):
        _warn(
            f"{loss.name} expects probabilities that sum to 1, but they sum to {sums.min():.3g} … {sums.max():.3g}: "
            'end the model with activation="softmax", or use binary_crossentropy for answers that do not exclude others'
        )
    elif binary and sum_to_one and not one_output:
        _warn(
            f"{loss.name} takes each of the {predictions.shape[-1]} outputs for a question of its own, but they sum "
            "to 1 as after a softmax: use categorical_crossentropy, or end the model with sigmoid"
        )


def _warn(message: str) -> None:
    warnings.warn(message, stacklevel=3)


def warn_about_pixels(model: Any, data: Any) -> None:
    """Warn when whole numbers up to 255 go into a model that does not rescale them."""
    highest = _highest_pixel(data)
    if highest is not None and not any(type(layer).__name__ in _SCALING_LAYERS for layer in _first_layers(model)):
        warnings.warn(
            f"the images hold pixels up to {highest:g} and nothing scales them: training will be poor; "
            "divide by 255, or begin the model with layers.Rescaling(1 / 255)",
            stacklevel=3,
        )


def _first_layers(model: Any) -> list[Any]:
    """The first two layers that may scale pixels: models stand for their layers, and preprocessing is passed over."""
    layers: list[Any] = []
    for layer in model.layers:
        inner = [layer] if not hasattr(layer, "layers") else _first_layers(layer)
        layers += [found for found in inner if not isinstance(found, Preprocessing)]
    return layers[:2]


def _highest_pixel(data: Any) -> float | None:
    """Of images whose pixels seem to be 0 … 255, as far as the first ones show."""
    if isinstance(data, ImageDataset):
        return 255
    if isinstance(data, Passes) and isinstance(data.dataset, DirectoryIterator):
        return None if data.dataset.image_data_generator.scales_pixels else 255
    if not isinstance(data, Batches):
        return None
    x = graph.flatten(data.arrays[0])[0]
    return x[:64].max() if x.dtype == np.uint8 or (x.ndim == 4 and 128 < x[:64].max() <= 255) else None
