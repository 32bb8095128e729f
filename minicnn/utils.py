"""Small helpers under Keras's names."""

from typing import Any

import numpy as np

from . import random
from .data.from_directory import image_dataset_from_directory
from .data.py_dataset import PyDataset
from .image_utils import array_to_img, img_to_array, load_img, save_img
from .layers.layer import reset_names

__all__ = [
    "PyDataset",
    "array_to_img",
    "clear_session",
    "image_dataset_from_directory",
    "img_to_array",
    "load_img",
    "save_img",
    "set_random_seed",
    "to_categorical",
]


def set_random_seed(seed: int) -> None:
    """Make weights, shuffling, dropout and augmentation the same on every run, at any thread count.

    >>> set_random_seed(0)
    """
    random.set_seed(seed)


def clear_session() -> None:
    """Count the automatic layer names from the start again: the next Dense is called "dense".

    >>> clear_session()
    """
    reset_names()


def to_categorical(x: Any, num_classes: int | None = None) -> np.ndarray:
    """One-hot rows of class numbers x: (…) integers to (…, num_classes) float32; a trailing axis of 1 is dropped.

    Raises ValueError for numbers below 0 or not below num_classes.

    >>> to_categorical([0, 2], num_classes=3)
    array([[1., 0., 0.],
           [0., 0., 1.]], dtype=float32)
    """
    labels = np.asarray(x).astype(np.int64)
    if labels.ndim > 1 and labels.shape[-1] == 1:
        labels = labels[..., 0]
    classes = int(labels.max(initial=-1)) + 1 if num_classes is None else num_classes
    if labels.size and not (labels.min() >= 0 and labels.max() < classes):
        raise ValueError(
            f"class numbers must lie in 0 … {classes - 1} for num_classes={classes}, "
            f"got {labels.min()} … {labels.max()}; number the classes from 0"
        )
    return np.eye(classes, dtype=np.float32)[labels]
