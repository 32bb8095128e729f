"""Random colour of training images: each time one is seen, its brightness or contrast is another."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from ..data import transforms
from .preprocessing import Factor, RandomPreprocessing, limits_of, sorted_range


class RandomBrightness(RandomPreprocessing):
    """Add to every image its own amount of brightness.

    factor          0.2 is up to 20 % of the value range, both ways; a pair gives the limits
    value_range     lowest and highest value of a pixel: what the sums are clipped to

    >>> import numpy as np
    >>> RandomBrightness((0.2, 0.2))(np.array([[[[10.0, 250.0]]]]), training=True).numpy().ravel()
    array([ 61., 255.], dtype=float32)
    """

    def __init__(self, factor: Factor, value_range: Sequence[float] = (0, 255), seed: int | None = None, **kwargs: Any):
        super().__init__(seed, **kwargs)
        self.limits, self.value_range = limits_of("factor", factor, -1, 1), sorted_range(value_range)

    def transform(self, images: np.ndarray, training: bool) -> np.ndarray:
        if not training:
            return images
        low, high = self.value_range
        return transforms.brightened(images, self.draw(self.limits, len(images)) * (high - low), (low, high))


class RandomContrast(RandomPreprocessing):
    """Multiply the distance of each pixel from its channel's mean by a factor that every image has for itself.

    factor          0.2 draws from 0.8 … 1.2; a pair (lower, upper) from 1 − lower … 1 + upper
    value_range     lowest and highest value of a pixel: what the results are clipped to

    >>> import numpy as np
    >>> grey = RandomContrast((1, 0), seed=0)(np.array([[[[10.0], [250.0]]]]), training=True).numpy().ravel()
    >>> bool(10 < grey[0] < 130 < grey[1] < 250)
    True
    """

    def __init__(self, factor: Factor, value_range: Sequence[float] = (0, 255), seed: int | None = None, **kwargs: Any):
        super().__init__(seed, **kwargs)
        lower, upper = factor if isinstance(factor, Sequence) else (factor, factor)
        limits_of("factor", (lower, upper), 0, 1)
        self.limits, self.value_range = (1 - lower, 1 + upper), sorted_range(value_range)

    def transform(self, images: np.ndarray, training: bool) -> np.ndarray:
        if not training:
            return images
        return transforms.contrasted(images, self.draw(self.limits, len(images)), self.value_range)
