"""What weights start as: arrays from a shape, under Keras's names.

The random ones draw from the project's generator, or always the same numbers when they are given a seed.
"""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from .config import floatx
from .configurable import Configurable, find_by_name
from .random import generator

#: standard deviation of a standard normal distribution cut off at ±2
TRUNCATED_STDDEV = 0.87962566103423978


class Initializer(Configurable):
    """Base of the initializers; a subclass writes `__call__(shape, dtype)`."""

    def __call__(self, shape: Sequence[int], dtype: Any = None) -> np.ndarray:
        raise NotImplementedError


class Constant(Initializer):
    """`value` everywhere: a number, or an array that NumPy broadcasts to the shape.

    >>> Constant(0.5)((2,))
    array([0.5, 0.5], dtype=float32)
    """

    def __init__(self, value: Any = 0.0):
        self.value = value

    def __call__(self, shape: Sequence[int], dtype: Any = None) -> np.ndarray:
        return np.full(shape, self.value, dtype or floatx())


class Zeros(Initializer):
    """0 everywhere: for biases."""

    def __call__(self, shape: Sequence[int], dtype: Any = None) -> np.ndarray:
        return np.zeros(shape, dtype or floatx())


class Ones(Initializer):
    """1 everywhere: for scales."""

    def __call__(self, shape: Sequence[int], dtype: Any = None) -> np.ndarray:
        return np.ones(shape, dtype or floatx())


class RandomNormal(Initializer):
    """Normal distribution.

    >>> RandomNormal(stddev=1.0, seed=3)((2, 3)).shape
    (2, 3)
    """

    def __init__(self, mean: float = 0.0, stddev: float = 0.05, seed: int | None = None):
        self.mean = mean
        self.stddev = stddev
        self.seed = seed

    def __call__(self, shape: Sequence[int], dtype: Any = None) -> np.ndarray:
        return generator(self.seed).normal(self.mean, self.stddev, shape).astype(dtype or floatx())


class RandomUniform(Initializer):
    """Uniform distribution over minval … maxval."""

    def __init__(self, minval: float = -0.05, maxval: float = 0.05, seed: int | None = None):
        self.minval = minval
        self.maxval = maxval
        self.seed = seed

    def __call__(self, shape: Sequence[int], dtype: Any = None) -> np.ndarray:
        return generator(self.seed).uniform(self.minval, self.maxval, shape).astype(dtype or floatx())


class TruncatedNormal(Initializer):
    """Normal distribution without what lies more than two standard deviations from the mean.

    `stddev` is that of the whole distribution; what is left has 0.8796 of it.
    """

    def __init__(self, mean: float = 0.0, stddev: float = 0.05, seed: int | None = None):
        self.mean = mean
        self.stddev = stddev
        self.seed = seed

    def __call__(self, shape: Sequence[int], dtype: Any = None) -> np.ndarray:
        z = _truncated_standard_normal(generator(self.seed), math.prod(shape))
        return (self.mean + self.stddev * z).reshape(shape).astype(dtype or floatx())


class VarianceScaling(Initializer):
    """Zero mean and variance scale / fan, so that signals keep their size from layer to layer.

    mode            fan is "fan_in" (inputs of a unit), "fan_out" (units that an input feeds) or "fan_avg"
    distribution    "uniform", "truncated_normal" or "untruncated_normal"

    Raises ValueError for another mode or distribution, or a scale that is not positive.
    """

    def __init__(
        self,
        scale: float = 1.0,
        mode: str = "fan_in",
        distribution: str = "truncated_normal",
        seed: int | None = None,
    ):
        if not scale > 0:
            raise ValueError(f"scale must be positive, got {scale}")
        if mode not in ("fan_in", "fan_out", "fan_avg"):
            raise ValueError(f'mode must be "fan_in", "fan_out" or "fan_avg", got {mode!r}')
        if distribution not in ("uniform", "truncated_normal", "untruncated_normal"):
            raise ValueError(
                f'distribution must be "uniform", "truncated_normal" or "untruncated_normal", got {distribution!r}'
            )
        self.scale = scale
        self.mode = mode
        self.distribution = distribution
        self.seed = seed

    def __call__(self, shape: Sequence[int], dtype: Any = None) -> np.ndarray:
        fan_in, fan_out = compute_fans(shape)
        fan = {"fan_in": fan_in, "fan_out": fan_out, "fan_avg": (fan_in + fan_out) / 2}[self.mode]
        return self._distribution(math.sqrt(self.scale / max(1.0, fan)))(shape, dtype)

    def _distribution(self, stddev: float) -> Initializer:
        if self.distribution == "uniform":
            limit = math.sqrt(3) * stddev  # a uniform distribution over ±l has variance l²/3
            return RandomUniform(-limit, limit, self.seed)
        if self.distribution == "truncated_normal":
            return TruncatedNormal(0.0, stddev / TRUNCATED_STDDEV, self.seed)
        return RandomNormal(0.0, stddev, self.seed)


class GlorotUniform(VarianceScaling):
    """Uniform, variance 2 / (fan_in + fan_out).  Source: Glorot & Bengio (2010)."""

    def __init__(self, seed: int | None = None):
        super().__init__(1.0, "fan_avg", "uniform", seed)


class GlorotNormal(VarianceScaling):
    """Truncated normal, variance 2 / (fan_in + fan_out).  Source: Glorot & Bengio (2010)."""

    def __init__(self, seed: int | None = None):
        super().__init__(1.0, "fan_avg", "truncated_normal", seed)


class HeUniform(VarianceScaling):
    """Uniform, variance 2 / fan_in: for ReLU.  Source: He et al., "Delving deep into rectifiers" (2015)."""

    def __init__(self, seed: int | None = None):
        super().__init__(2.0, "fan_in", "uniform", seed)


class HeNormal(VarianceScaling):
    """Truncated normal, variance 2 / fan_in: for ReLU.  Source: He et al. (2015)."""

    def __init__(self, seed: int | None = None):
        super().__init__(2.0, "fan_in", "truncated_normal", seed)


class LecunUniform(VarianceScaling):
    """Uniform, variance 1 / fan_in.  Source: LeCun et al., "Efficient backprop" (1998)."""

    def __init__(self, seed: int | None = None):
        super().__init__(1.0, "fan_in", "uniform", seed)


class LecunNormal(VarianceScaling):
    """Truncated normal, variance 1 / fan_in.  Source: LeCun et al. (1998)."""

    def __init__(self, seed: int | None = None):
        super().__init__(1.0, "fan_in", "truncated_normal", seed)


def compute_fans(shape: Sequence[int]) -> tuple[int, int]:
    """(fan_in, fan_out): dense (C, K) gives (C, K), convolution (R, S, C, K) gives (R·S·C, R·S·K).

    >>> compute_fans((3, 3, 16, 32))
    (144, 288)
    """
    if len(shape) < 2:
        return (math.prod(shape), math.prod(shape))
    *window, c, k = shape
    return math.prod(window) * c, math.prod(window) * k


_CLASSES: dict[str, type[Initializer]] = {
    "constant": Constant,
    "zeros": Zeros,
    "ones": Ones,
    "random_normal": RandomNormal,
    "random_uniform": RandomUniform,
    "truncated_normal": TruncatedNormal,
    "variance_scaling": VarianceScaling,
    "glorot_uniform": GlorotUniform,
    "glorot_normal": GlorotNormal,
    "he_uniform": HeUniform,
    "he_normal": HeNormal,
    "lecun_uniform": LecunUniform,
    "lecun_normal": LecunNormal,
}

INITIALIZERS: dict[str, type[Initializer]] = {
    **_CLASSES,
    **{initializer.__name__: initializer for initializer in _CLASSES.values()},
    "zero": Zeros,
    "one": Ones,
    "normal": RandomNormal,
    "uniform": RandomUniform,
}


def get(identifier: Any) -> Initializer:
    """An initializer for a name, a class, an initializer, or an array to start from.

    Raises ValueError for an unknown name.

    >>> get("he_normal").scale
    2.0
    """
    if isinstance(identifier, np.ndarray):
        return Constant(identifier)
    return find_by_name("initializer", identifier, Initializer, INITIALIZERS)


def _truncated_standard_normal(rng: np.random.Generator, size: int) -> np.ndarray:
    """Standard normal numbers, drawn again where they lie outside ±2."""
    z = rng.standard_normal(size)
    while (outside := np.abs(z) > 2).any():
        z[outside] = rng.standard_normal(np.count_nonzero(outside))
    return z
