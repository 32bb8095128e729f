"""Random geometry of training images: each time one is seen, it is flipped, turned, zoomed, shifted or cropped anew."""

from typing import Any

import numpy as np

from ..data import transforms
from ..kernels.errors import expect_one_of
from .preprocessing import Factor, RandomPreprocessing, expect_fill, limits_of

FLIPS = ("horizontal", "vertical", "horizontal_and_vertical")


class RandomFlip(RandomPreprocessing):
    """Mirror every other image, left to right, top to bottom or both, a coin for each.

    >>> import numpy as np
    >>> RandomFlip("horizontal", seed=1)(np.array([[[[1.0], [2.0]]]] * 3), training=True).numpy().reshape(3, 2)
    array([[1., 2.],
           [2., 1.],
           [2., 1.]], dtype=float32)
    """

    def __init__(self, mode: str = "horizontal_and_vertical", seed: int | None = None, **kwargs: Any):
        super().__init__(seed, **kwargs)
        self.mode = expect_one_of("mode", mode, FLIPS)

    def transform(self, images: np.ndarray, training: bool) -> np.ndarray:
        if not training:
            return images
        heads = self.draw((0, 1), 2, len(images)) < 0.5
        return transforms.flipped(images, heads[0] & ("vertical" in self.mode), heads[1] & ("horizontal" in self.mode))


class RandomMove(RandomPreprocessing):
    """Base of those that move pixels: subclasses draw `matrices`.

    fill_mode       what appears beyond the image: "reflect", "constant" (fill_value), "nearest" or "wrap"
    interpolation   "bilinear" or "nearest"
    """

    def __init__(self, fill_mode: str, interpolation: str, seed: int | None, fill_value: float, **kwargs: Any):
        super().__init__(seed, **kwargs)
        expect_fill(fill_mode, interpolation)
        self.options: dict[str, Any] = {
            "fill_mode": fill_mode,
            "interpolation": interpolation,
            "fill_value": fill_value,
        }

    def matrices(self, n: int, size: tuple[int, int]) -> np.ndarray:
        """(n, 2, 3), drawn anew."""
        raise NotImplementedError

    def transform(self, images: np.ndarray, training: bool) -> np.ndarray:
        if not training:
            return images
        n, height, width, _ = images.shape
        return transforms.moved(images, self.matrices(n, (height, width)), **self.options)


class RandomRotation(RandomMove):
    """Turn every image about its centre by its own angle.

    factor      in turns: 0.1 is up to 36° both ways; a pair gives the limits, counterclockwise positive

    Raises ValueError for factors beyond −1 … 1.

    >>> import numpy as np
    >>> RandomRotation((0.25, 0.25))(np.arange(4.0).reshape(1, 2, 2, 1), training=True).numpy().ravel().round(3)
    array([1., 3., 0., 2.], dtype=float32)
    """

    def __init__(
        self,
        factor: Factor,
        fill_mode: str = "reflect",
        interpolation: str = "bilinear",
        seed: int | None = None,
        fill_value: float = 0.0,
        **kwargs: Any,
    ):
        super().__init__(fill_mode, interpolation, seed, fill_value, **kwargs)
        self.limits = limits_of("factor", factor, -1, 1)

    def matrices(self, n: int, size: tuple[int, int]) -> np.ndarray:
        return transforms.rotations(2 * np.pi * self.draw(self.limits, n), size)


class RandomZoom(RandomMove):
    """Zoom every image about its centre by its own amounts.

    height_factor   0.2 is up to 20 % more or less of the image's height; a pair gives the limits, of which negative
                    ones show less of the image, and so enlarge it
    width_factor    the same for its width; None takes that of the height, which keeps the aspect ratio

    Raises ValueError for factors beyond −1 … 1.

    >>> import numpy as np
    >>> image = np.array([[0.0, 0, 8, 0, 0]]).reshape(1, 1, 5, 1)
    >>> RandomZoom((-0.5, -0.5))(image, training=True).numpy().ravel()
    array([0., 4., 8., 4., 0.], dtype=float32)
    """

    def __init__(
        self,
        height_factor: Factor,
        width_factor: Factor | None = None,
        fill_mode: str = "reflect",
        interpolation: str = "bilinear",
        seed: int | None = None,
        fill_value: float = 0.0,
        **kwargs: Any,
    ):
        super().__init__(fill_mode, interpolation, seed, fill_value, **kwargs)
        self.height_limits = limits_of("height_factor", height_factor, -1, 1)
        self.width_limits = None if width_factor is None else limits_of("width_factor", width_factor, -1, 1)

    def matrices(self, n: int, size: tuple[int, int]) -> np.ndarray:
        heights = 1 + self.draw(self.height_limits, n)
        widths = heights if self.width_limits is None else 1 + self.draw(self.width_limits, n)
        return transforms.zooms(heights, widths, size)


class RandomTranslation(RandomMove):
    """Shift every image by its own amounts.

    height_factor   0.2 is up to 20 % of the height, both ways; a pair gives the limits, downwards positive
    width_factor    the same along the width, to the right positive

    Raises ValueError for factors beyond −1 … 1.

    >>> import numpy as np
    >>> image = np.array([[1.0, 2, 3, 4]]).reshape(1, 1, 4, 1)
    >>> RandomTranslation(0, (0.25, 0.25))(image, training=True).numpy().ravel()
    array([1., 1., 2., 3.], dtype=float32)
    """

    def __init__(
        self,
        height_factor: Factor,
        width_factor: Factor,
        fill_mode: str = "reflect",
        interpolation: str = "bilinear",
        seed: int | None = None,
        fill_value: float = 0.0,
        **kwargs: Any,
    ):
        super().__init__(fill_mode, interpolation, seed, fill_value, **kwargs)
        self.height_limits = limits_of("height_factor", height_factor, -1, 1)
        self.width_limits = limits_of("width_factor", width_factor, -1, 1)

    def matrices(self, n: int, size: tuple[int, int]) -> np.ndarray:
        return transforms.shifts(self.draw(self.height_limits, n) * size[0], self.draw(self.width_limits, n) * size[1])


class RandomCrop(RandomPreprocessing):
    """Cut images to (height, width), all images of a batch at one random place.

    After training, and where an image is smaller, the largest part of the right aspect ratio in the middle is resized.

    >>> import numpy as np
    >>> RandomCrop(2, 3)(np.zeros((1, 5, 5, 1))).shape
    (1, 2, 3, 1)
    """

    only_in_training = False

    def __init__(self, height: int, width: int, seed: int | None = None, **kwargs: Any):
        super().__init__(seed, **kwargs)
        self.size = height, width

    def transform(self, images: np.ndarray, training: bool) -> np.ndarray:
        room = [old - new for old, new in zip(images.shape[1:3], self.size)]
        if not training or min(room) < 0:
            return transforms.resized(images, self.size, fit="crop")
        top, left = (int(self.generator.integers(most + 1)) for most in room)
        return images[:, top : top + self.size[0], left : left + self.size[1]]

    def compute_output_shape(self, input_shape: Any) -> Any:
        return input_shape[0], *self.size, input_shape[3]
