"""Keras's ImageDataGenerator: batches of images from arrays or folders, each image changed at random every time."""

import warnings
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Literal

import numpy as np

from .. import random
from ..images import Interpolation
from ..kernels.contract.image import FILL_MODES
from ..kernels.errors import expect_one_of
from .image_iterators import DirectoryIterator, NumpyArrayIterator
from .image_transform import Parameters, transform

#: interpolation_order: of splines in Keras
_INTERPOLATIONS = {0: "nearest", 1: "bilinear"}

#: added to standard deviations, so that a uniform image can be divided by its own
_EPSILON = 1e-6


class ImageDataGenerator:
    """Turn, shift, shear, zoom, flip and recolour images at random, then bring their pixels into range.

    rotation_range       largest angle in degrees, both ways
    width_shift_range, height_shift_range    how far, both ways. A float below 1: up to that fraction of the size; a
                         float from 1 up: up to so many pixels; an int: whole pixels below it; a list: one of these
    brightness_range     (lowest, highest) factor
    shear_range          largest shear angle in degrees, both ways
    zoom_range           (lowest, highest) of height and width each, or z for (1 − z, 1 + z); below 1 magnifies
    channel_shift_range  largest number added to all channels, both ways
    fill_mode, cval      what appears from beyond the image: "nearest", "constant" (cval), "reflect" or "wrap"
    horizontal_flip, vertical_flip    flip half of the images
    preprocessing_function    of one image (H, W, C), after all that, giving one of the same shape
    rescale              factor for all pixels, after that function
    samplewise_center, samplewise_std_normalization      less the image's own mean, by its own standard deviation
    featurewise_center, featurewise_std_normalization    the same by the channels' numbers over the data given to `fit`
    validation_split     fraction that is left to subset="validation": the first images of each class
    interpolation_order  0 takes the nearest pixel, 1 interpolates bilinearly

    As in Keras, `height_shift_range` moves columns and `width_shift_range` rows, and images that are not square do not
    turn about their centre: give square images, and both ranges equal, where it matters.
    Raises ValueError for options of the wrong form.

    >>> generator = ImageDataGenerator(rescale=1 / 255, horizontal_flip=True)
    >>> images, labels = next(generator.flow(np.full((6, 8, 8, 3), 51), np.arange(6), batch_size=4))
    >>> images.shape, round(float(images.max()), 3)
    ((4, 8, 8, 3), 0.2)
    """

    def __init__(
        self,
        featurewise_center: bool = False,
        samplewise_center: bool = False,
        featurewise_std_normalization: bool = False,
        samplewise_std_normalization: bool = False,
        *,
        rotation_range: float = 0,
        width_shift_range: float | Sequence[float] = 0.0,
        height_shift_range: float | Sequence[float] = 0.0,
        brightness_range: Sequence[float] | None = None,
        shear_range: float = 0.0,
        zoom_range: float | Sequence[float] = 0.0,
        channel_shift_range: float = 0.0,
        fill_mode: str = "nearest",
        cval: float = 0.0,
        horizontal_flip: bool = False,
        vertical_flip: bool = False,
        rescale: float | None = None,
        preprocessing_function: Callable[[np.ndarray], np.ndarray] | None = None,
        validation_split: float = 0.0,
        interpolation_order: int = 1,
    ):
        expect_one_of("fill_mode", fill_mode, FILL_MODES)
        if interpolation_order not in _INTERPOLATIONS:
            raise ValueError(f"interpolation_order must be 0 (nearest) or 1 (bilinear), got {interpolation_order!r}")
        if not 0 <= validation_split < 1:
            raise ValueError(f"validation_split must be a fraction between 0 and 1, got {validation_split!r}")
        self.featurewise_center = featurewise_center or featurewise_std_normalization
        self.samplewise_center = samplewise_center or samplewise_std_normalization
        self.featurewise_std_normalization = featurewise_std_normalization
        self.samplewise_std_normalization = samplewise_std_normalization
        self.rotation_range = rotation_range
        self.width_shift_range = width_shift_range
        self.height_shift_range = height_shift_range
        self.brightness_range = None if brightness_range is None else _as_range("brightness_range", brightness_range)
        self.shear_range = shear_range
        self.zoom_range = _as_range("zoom_range", zoom_range, around=1)
        self.channel_shift_range = channel_shift_range
        self.fill_mode = fill_mode
        self.cval = cval
        self.horizontal_flip = horizontal_flip
        self.vertical_flip = vertical_flip
        self.rescale = rescale
        self.preprocessing_function = preprocessing_function
        self.validation_split = validation_split
        self.interpolation_order = interpolation_order
        self.mean: np.ndarray | None = None
        self.std: np.ndarray | None = None

    # ------------------------------------------------------------------------------------------------ batches

    def flow(
        self,
        x: Any,
        y: Any = None,
        batch_size: int = 32,
        shuffle: bool = True,
        sample_weight: Any = None,
        seed: int | None = None,
        *,
        ignore_class_split: bool = False,
        subset: str | None = None,
    ) -> NumpyArrayIterator:
        """Batches of images x (N, H, W, C), with labels y and sample weights where given.

        subset="validation" takes the first images, as many as validation_split says, "training" the others; a class
        that lies in only one of them is a ValueError, unless `ignore_class_split`.
        """
        return NumpyArrayIterator(
            x,
            y,
            self,
            batch_size=batch_size,
            shuffle=shuffle,
            sample_weight=sample_weight,
            seed=seed,
            subset=subset,
            ignore_class_split=ignore_class_split,
        )

    def flow_from_directory(
        self,
        directory: str | Path,
        target_size: tuple[int, int] = (256, 256),
        color_mode: str = "rgb",
        classes: Sequence[str] | None = None,
        class_mode: str | None = "categorical",
        batch_size: int = 32,
        shuffle: bool = True,
        seed: int | None = None,
        *,
        follow_links: bool = False,
        subset: str | None = None,
        interpolation: Interpolation = "nearest",
        keep_aspect_ratio: bool = False,
        on_error: Literal["raise", "skip"] = "raise",
    ) -> DirectoryIterator:
        """Batches of the images in a folder with one sub-folder a class.

        target_size     (height, width) that all images get
        color_mode      "rgb" or "grayscale"
        classes         sub-folders in the order of their numbers; all of them, sorted, by default
        class_mode      labels: "categorical" one-hot, "sparse" or "binary" numbers, "input" the images again, None none
        subset          "training" or "validation", where the generator has a validation_split
        interpolation   of resizing: "nearest", "bilinear", "bicubic", "lanczos" or "area"
        keep_aspect_ratio    crop to the shape of target_size before resizing
        on_error        what a damaged file does: "raise" stops training when it is met; with "skip" all files are
                        looked at first, and damaged ones are named and left out

        Raises ValueError for a folder without images or other options, ImageFileError, naming it, for a damaged file.
        """
        return DirectoryIterator(
            directory,
            self,
            target_size=target_size,
            color_mode=color_mode,
            classes=classes,
            class_mode=class_mode,
            batch_size=batch_size,
            shuffle=shuffle,
            seed=seed,
            follow_links=follow_links,
            subset=subset,
            interpolation=interpolation,
            keep_aspect_ratio=keep_aspect_ratio,
            on_error=on_error,
        )

    def augment(self, images: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """A batch (N, H, W, C) as training gets it: transformed at random, then standardized."""
        images = np.asarray(images, np.float32)
        drawn = [self._draw(images.shape[1:], rng) for _ in images]
        return self.standardize(self._transform(images, drawn))

    # ------------------------------------------------------------------------------------------------- images

    def get_random_transform(self, img_shape: Sequence[int], seed: int | None = None) -> dict[str, Any]:
        """Draw the parameters of one transformation for images of shape (H, W, C).

        >>> sorted(ImageDataGenerator().get_random_transform((8, 8, 3)))[:4]
        ['brightness', 'channel_shift_intensity', 'flip_horizontal', 'flip_vertical']
        """
        return self._draw(img_shape, random.generator(seed))

    def apply_transform(self, x: np.ndarray, transform_parameters: Parameters) -> np.ndarray:
        """The image x (H, W, C), transformed as the parameters say; see `minicnn.data.image_transform`.

        >>> image = np.arange(4.0).reshape(2, 2, 1)
        >>> ImageDataGenerator().apply_transform(image, {"flip_horizontal": True})[:, :, 0]
        array([[1., 0.],
               [3., 2.]], dtype=float32)
        """
        return self._transform(np.asarray(x, np.float32)[None], [transform_parameters])[0]

    def random_transform(self, x: np.ndarray, seed: int | None = None) -> np.ndarray:
        """The image x (H, W, C), transformed at random."""
        return self.apply_transform(x, self.get_random_transform(x.shape, seed))

    def standardize(self, x: np.ndarray) -> np.ndarray:
        """An image (H, W, C), or a batch of them, after preprocessing_function, rescale and normalisation.

        >>> ImageDataGenerator(rescale=0.5).standardize(np.ones((1, 1, 2)))
        array([[[0.5, 0.5]]], dtype=float32)
        """
        x = np.asarray(x, np.float32)
        if self.preprocessing_function:
            x = _of_each_image(self.preprocessing_function, x)
        if self.rescale:
            x = x * np.float32(self.rescale)
        axes = (-3, -2, -1)
        if self.samplewise_center:
            x = x - x.mean(axes, keepdims=True)
        if self.samplewise_std_normalization:
            x = x / (x.std(axes, keepdims=True) + _EPSILON)
        if self.featurewise_center:
            x = x - self._fitted(self.mean, 0)
        if self.featurewise_std_normalization:
            x = x / (self._fitted(self.std, 1) + _EPSILON)
        return x

    @property
    def scales_pixels(self) -> bool:
        """Whether `standardize` may bring pixels 0 … 255 into a good range."""
        by_deviation = self.samplewise_std_normalization or self.featurewise_std_normalization
        return bool(self.rescale or self.preprocessing_function or by_deviation)

    def fit(self, x: Any, augment: bool = False, rounds: int = 1, seed: int | None = None) -> None:
        """Find the channels' means and standard deviations over images x (N, H, W, C), for featurewise options.

        augment     over `rounds` random transformations of each image instead
        """
        x = np.asarray(x, np.float32)
        if x.ndim != 4:
            raise ValueError(f"fit needs images of shape (N, H, W, C), got shape {x.shape}")
        if self.rescale:
            x = x * np.float32(self.rescale)
        if augment:
            rng = random.generator(seed)
            x = np.concatenate([self._transform(x, [self._draw(x.shape[1:], rng) for _ in x]) for _ in range(rounds)])
        self.mean = x.mean((0, 1, 2))
        self.std = x.std((0, 1, 2))

    # ------------------------------------------------------------------------------------------------- helpers

    def _draw(self, shape: Sequence[int], rng: np.random.Generator) -> dict[str, Any]:
        height, width = shape[:2]
        return {
            "theta": rng.uniform(-self.rotation_range, self.rotation_range),
            "tx": _draw_shift(self.height_shift_range, height, rng),
            "ty": _draw_shift(self.width_shift_range, width, rng),
            "shear": rng.uniform(-self.shear_range, self.shear_range),
            "zx": rng.uniform(*self.zoom_range),
            "zy": rng.uniform(*self.zoom_range),
            "flip_horizontal": rng.random() < 0.5 and self.horizontal_flip,
            "flip_vertical": rng.random() < 0.5 and self.vertical_flip,
            "channel_shift_intensity": rng.uniform(-self.channel_shift_range, self.channel_shift_range)
            if self.channel_shift_range
            else None,
            "brightness": rng.uniform(*self.brightness_range) if self.brightness_range else None,
        }

    def _transform(self, images: np.ndarray, parameters: Sequence[Parameters]) -> np.ndarray:
        return transform(images, parameters, self.fill_mode, self.cval, _INTERPOLATIONS[self.interpolation_order])

    def _fitted(self, numbers: np.ndarray | None, without: float) -> np.ndarray | float:
        if numbers is not None:
            return numbers
        warnings.warn("featurewise normalisation does nothing before generator.fit(images)", stacklevel=4)
        return without


def _of_each_image(function: Callable[[np.ndarray], np.ndarray], x: np.ndarray) -> np.ndarray:
    if x.ndim == 3:
        return np.asarray(function(x), np.float32)
    return np.stack([_of_each_image(function, image) for image in x])


def _draw_shift(amount: float | Sequence[float], size: int, rng: np.random.Generator) -> float:
    """Pixels, out of a float's range, below an int, or one of a list; below 1 they are fractions of the size."""
    if not np.any(amount):
        return 0.0
    drawn = rng.uniform(-amount, amount) if isinstance(amount, float) else rng.choice(amount) * rng.choice([-1, 1])
    return float(drawn * size if np.max(amount) < 1 else drawn)


def _as_range(name: str, value: Any, around: float | None = None) -> tuple[float, float]:
    """(lowest, highest), or a single number as far to both sides of `around`."""
    if around is not None and isinstance(value, (int, float)):
        return around - value, around + value
    if not isinstance(value, (tuple, list)) or len(value) != 2:
        also = "" if around is None else " or a single number"
        raise ValueError(f"{name} must be (lowest, highest){also}, got {value!r}")
    return value[0], value[1]
