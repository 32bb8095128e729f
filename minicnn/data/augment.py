"""Augmentation: each time an image is seen, it is turned, shifted and zoomed a little differently."""

from dataclasses import dataclass

import numpy as np

from . import transforms


@dataclass(frozen=True)
class RandomAffine:
    """Rotate, shift and zoom every image of a batch by its own random amounts, all at once; new corners are black.

    rotation    largest angle in degrees, both ways
    shift       largest shift as a fraction of height and width, both ways
    zoom        largest change of size as a fraction, both ways
    Source: Simard, Steinkraus & Platt, "Best practices for convolutional neural networks" (2003).

    >>> images = np.ones((2, 8, 8, 1), np.float32)
    >>> RandomAffine(rotation=10)(images, np.random.default_rng(0)).shape
    (2, 8, 8, 1)
    """

    rotation: float = 0.0
    shift: float = 0.0
    zoom: float = 0.0

    def __call__(self, images: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        n, *size, _ = images.shape
        angle = np.deg2rad(rng.uniform(-self.rotation, self.rotation, n))
        scale = 1 + rng.uniform(-self.zoom, self.zoom, n)
        offset = rng.uniform(-self.shift, self.shift, (n, 2)) * size
        cos, sin = np.cos(angle) / scale, np.sin(angle) / scale
        turned = np.stack([np.stack([cos, -sin], -1), np.stack([sin, cos], -1)], -2)
        matrices = transforms.about_centre(turned, (size[0], size[1]))
        matrices[:, :, 2] -= offset
        return transforms.moved(images, matrices)
