"""What layers share that change images before the network sees them: on whole arrays, outside of the tape."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from .. import random
from ..kernels.contract import ArraySpec
from ..kernels.contract.image import FILL_MODES, INTERPOLATIONS
from ..kernels.errors import expect_one_of
from ..tensor import Tensor
from .layer import Layer

Factor = float | Sequence[float]


class Preprocessing(Layer):
    """Base of these layers: a subclass writes `transform`, and `compute_output_shape` where the size changes.

    At the beginning of a model they run before each step of a plan, elsewhere step by step.
    """

    only_in_training = False  #: does nothing else

    def transform(self, images: np.ndarray, training: bool) -> np.ndarray:
        """What the layer makes of a batch of images (N, H, W, C)."""
        raise NotImplementedError(f"{type(self).__name__} needs a transform(self, images, training) method")

    def compute_output_shape(self, input_shape: Any) -> Any:
        return input_shape

    def call(self, inputs: Tensor, training: bool = False) -> Tensor:
        if self.only_in_training and not training:
            return inputs
        if inputs.requires_grad:
            raise ValueError(
                "cannot pass gradients back to the layers before it: put it at the beginning of the model, "
                "or freeze them with trainable=False"
            )
        if inputs.ndim != 4:
            raise ValueError(f"takes images (N, H, W, C), got shape {inputs.shape}; one image is a batch as x[None]")
        shape = (inputs.shape[0], *self.compute_output_shape(inputs.shape)[1:])
        if isinstance(inputs.data, ArraySpec):
            return Tensor(ArraySpec(shape, self.dtype))
        if hasattr(inputs.data, "recorder"):
            return Tensor(
                inputs.data.recorder.on_arrays(lambda images: self._transformed(images, training), inputs.data, shape)
            )
        return Tensor(self._transformed(inputs.numpy(), training))

    def _transformed(self, images: np.ndarray, training: bool) -> np.ndarray:
        return np.asarray(self.transform(images, training), self.dtype)

    def _as_input(self, value: Any) -> Tensor:
        """Whole numbers stay what they are: a quarter of the bytes to move."""
        tensor = value if isinstance(value, Tensor) else Tensor(value)
        return (
            tensor if isinstance(tensor.data, np.ndarray) and tensor.dtype.kind in "iu" else super()._as_input(tensor)
        )


class RandomPreprocessing(Preprocessing):
    """Base of those that draw random amounts, in training alone, from a generator of their own.

    seed    of the generator; when left out, the project's generator gives one
    """

    only_in_training = True
    unplanned = frozenset({"generator"})

    def __init__(self, seed: int | None, **kwargs: Any):
        super().__init__(**kwargs)
        self.seed = seed
        self.generator = random.generator(int(random.generator().integers(2**63)) if seed is None else seed)

    def draw(self, limits: tuple[float, float], *shape: int) -> np.ndarray:
        """Uniform numbers between the limits."""
        return self.generator.uniform(*limits, shape)


def limits_of(name: str, factor: Factor, low: float, high: float) -> tuple[float, float]:
    """(lower, upper) of a factor that is one number, for both ways, or a pair of them.

    Raises ValueError for anything else, and for numbers beyond low … high.

    >>> limits_of("factor", 0.2, -1, 1), limits_of("factor", (0.3, -0.1), -1, 1)
    ((-0.2, 0.2), (-0.1, 0.3))
    """
    pair = tuple(factor) if isinstance(factor, Sequence) else (-abs(factor), abs(factor))
    if len(pair) != 2 or not low <= min(pair) <= max(pair) <= high:
        raise ValueError(
            f"{name} must be a number or a pair of numbers between {low} and {high}, as fractions, got {factor!r}"
        )
    return float(min(pair)), float(max(pair))


def expect_fill(fill_mode: str, interpolation: str) -> None:
    """Raise ValueError for names that the kernel `affine_transform` does not know."""
    expect_one_of("fill_mode", fill_mode, FILL_MODES)
    expect_one_of("interpolation", interpolation, INTERPOLATIONS)


def sorted_range(value_range: Sequence[float]) -> tuple[float, float]:
    """(low, high) of the values that pixels have. Raises ValueError for anything but two numbers.

    >>> sorted_range([255, 0])
    (0, 255)
    """
    if len(value_range) != 2:
        raise ValueError(f"value_range must be (lowest, highest) value of a pixel, got {value_range!r}")
    return min(value_range), max(value_range)
