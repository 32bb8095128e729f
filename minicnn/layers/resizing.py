"""Resizing: images of one size, whatever came."""

from typing import Any

import numpy as np

from ..data import transforms
from ..kernels.contract.image import INTERPOLATIONS
from ..kernels.errors import expect_one_of
from .preprocessing import Preprocessing


class Resizing(Preprocessing):
    """Resize images to (height, width), in training and afterwards; without antialiasing.

    interpolation           "bilinear" or "nearest"
    crop_to_aspect_ratio    keep the aspect ratio by leaving out what exceeds the new one on either side
    pad_to_aspect_ratio     keep it by adding `fill_value` on either side

    >>> import numpy as np
    >>> Resizing(1, 4)(np.array([[[[0.0], [4.0]]]])).numpy().ravel()
    array([0., 1., 3., 4.], dtype=float32)
    """

    def __init__(
        self,
        height: int,
        width: int,
        interpolation: str = "bilinear",
        crop_to_aspect_ratio: bool = False,
        pad_to_aspect_ratio: bool = False,
        fill_mode: str = "constant",
        fill_value: float = 0.0,
        **kwargs: Any,
    ):
        super().__init__(**kwargs)
        if crop_to_aspect_ratio and pad_to_aspect_ratio:
            raise ValueError("crop_to_aspect_ratio and pad_to_aspect_ratio exclude each other")
        if fill_mode != "constant":
            raise ValueError(f'fill_mode must be "constant" for resizing, got {fill_mode!r}')
        self.size = height, width
        self.interpolation = expect_one_of("interpolation", interpolation, INTERPOLATIONS)
        self.fill_value = fill_value
        self.fit: transforms.Fit = "crop" if crop_to_aspect_ratio else "pad" if pad_to_aspect_ratio else "stretch"

    def transform(self, images: np.ndarray, training: bool) -> np.ndarray:
        return transforms.resized(images, self.size, self.interpolation, self.fit, self.fill_value)

    def compute_output_shape(self, input_shape: Any) -> Any:
        return input_shape[0], *self.size, input_shape[3]
