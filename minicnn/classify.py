"""Using a trained classifier: from pixels 0 … 255 to class probabilities, whatever the model was trained on."""

from collections.abc import Iterator
from typing import Any

import numpy as np

from . import ops
from .layers import InputLayer, Rescaling
from .layers.preprocessing import Preprocessing
from .tensor import Tensor


def image_shape(model: Any) -> tuple[int, int, int]:
    """(H, W, C) of the images that the model takes. Raises ValueError for a model of another kind."""
    shapes = [tuple(symbol.shape[1:]) for symbol in getattr(model, "inputs", [])]
    if len(shapes) != 1 or len(shapes[0]) != 3:
        raise ValueError(f"model {model.name!r} does not take one image (H, W, C): its inputs are {shapes}")
    return shapes[0]


def probabilities(model: Any, pixels: np.ndarray) -> np.ndarray:
    """(N, K) probabilities of K classes for images (N, H, W, C) with pixels 0 … 255.

    Pixels are brought to 0 … 1 unless the model begins with a Rescaling layer. A single output p becomes
    (1 − p, p); outputs that are not probabilities are taken for logits.
    Raises ValueError for a model whose output is not (N, K).

    >>> import minicnn as mc
    >>> undecided = mc.layers.Dense(2, kernel_initializer="zeros")
    >>> model = mc.Sequential([mc.Input((2, 2, 1)), mc.layers.Flatten(), undecided])
    >>> probabilities(model, np.zeros((1, 2, 2, 1), np.float32))
    array([[0.5, 0.5]], dtype=float32)
    """
    outputs = model.predict(pixels if rescales(model) else pixels / np.float32(255), verbose=0)
    if not isinstance(outputs, np.ndarray) or outputs.ndim != 2:
        raise ValueError(f"model {model.name!r} is no classifier: its output is not (N, classes)")
    if outputs.shape[1] == 1:
        p = outputs if _within_0_and_1(outputs) else ops.sigmoid(Tensor(outputs)).numpy()
        return np.concatenate([1 - p, p], axis=1)
    sums_to_1 = np.allclose(outputs.sum(axis=1), 1, atol=1e-3)
    return outputs if sums_to_1 and _within_0_and_1(outputs) else ops.softmax(Tensor(outputs)).numpy()


def class_names(model: Any, classes: int) -> list[str]:
    """The names saved with the model, or the class numbers."""
    return model.class_names or [str(number) for number in range(classes)]


def cross_entropy(p: np.ndarray, labels: np.ndarray) -> float:
    """−log p of the true class, averaged: (N, K), (N,) to a number; p is kept above 10⁻⁷.

    >>> round(cross_entropy(np.array([[0.228, 0.619, 0.153]]), np.array([1])), 4)
    0.4797
    """
    return float(-np.log(p[np.arange(len(labels)), labels].clip(1e-7)).mean())


def rescales(model: Any) -> bool:
    """Whether a model takes pixels 0 … 255: its first layer is Rescaling, after those that only change pictures."""
    return isinstance(next(_computing_layers(model), None), Rescaling)


def _computing_layers(model: Any) -> Iterator[Any]:
    """Layer by layer, those inside of inner models, too."""
    for layer in model.layers:
        if hasattr(layer, "layers"):
            yield from _computing_layers(layer)
        elif not isinstance(layer, (InputLayer, Preprocessing)):
            yield layer


def _within_0_and_1(values: np.ndarray) -> bool:
    return bool(((values >= 0) & (values <= 1)).all())
