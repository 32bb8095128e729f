"""What arrays are filled with, the plainest kinds first."""

import math
from typing import Any, NamedTuple

import numpy as np
from hypothesis import strategies as st

_NOT_FINITE = (np.nan, np.inf, -np.inf)


def _zeros(rng: np.random.Generator, shape: Any, tiny: float) -> np.ndarray:
    return np.zeros(shape)


def _integers(rng: np.random.Generator, shape: Any, tiny: float) -> np.ndarray:
    """Many ties and many zeros; the first is none, so that a case may shrink to a single number."""
    values = rng.integers(-2, 3, shape)
    values.flat[:1] = rng.choice((1, 2))
    return values


def _normal(rng: np.random.Generator, shape: Any, tiny: float) -> np.ndarray:
    return rng.standard_normal(shape)


def _wide(rng: np.random.Generator, shape: Any, tiny: float) -> np.ndarray:
    """Large beside small: sums cancel, exponentials saturate."""
    return rng.standard_normal(shape) * 10 ** rng.uniform(-6, 6, shape)


def _denormal(rng: np.random.Generator, shape: Any, tiny: float) -> np.ndarray:
    """Around the smallest normal number, mostly below."""
    return rng.standard_normal(shape) * tiny


def _special(rng: np.random.Generator, shape: Any, tiny: float) -> np.ndarray:
    """A few NaN, ∞ and −∞ among the numbers, the first number always."""
    values = rng.standard_normal(shape)
    values.flat[:1] = rng.choice(_NOT_FINITE)
    places = rng.random(shape) < 1 / 16
    return np.where(places, rng.choice(_NOT_FINITE, shape), values)


def _distinct(rng: np.random.Generator, shape: Any, tiny: float) -> np.ndarray:
    """Odd multiples of a power of 1/2, no two alike, most between −2 and 2: away from each other and from any 1/8."""
    n = math.prod(shape)
    gap = 2.0 ** -max(4, n.bit_length() - 2)
    return gap * (rng.permutation(n).reshape(shape) - n // 2 + 0.5)


def _positive(rng: np.random.Generator, shape: Any, tiny: float) -> np.ndarray:
    return rng.uniform(0.5, 3, shape)


def _fractions(rng: np.random.Generator, shape: Any, tiny: float) -> np.ndarray:
    """0 … 1 in 64ths."""
    return rng.integers(0, 65, shape) / 64


def _one_hot(rng: np.random.Generator, shape: Any, tiny: float) -> np.ndarray:
    return np.eye(shape[1])[rng.integers(0, shape[1], shape[0])]


_FILL = {
    "zeros": _zeros,
    "integers": _integers,
    "normal": _normal,
    "wide": _wide,
    "denormal": _denormal,
    "special": _special,
    "distinct": _distinct,
    "positive": _positive,
    "fractions": _fractions,
    "one_hot": _one_hot,
}

KINDS = ("zeros", "integers", "normal", "wide", "denormal", "special")
FINITE = ("integers", "normal")


class Numbers(NamedTuple):
    """Arrays of one dtype, filled in one of several ways."""

    dtype: str
    kinds: tuple[str, ...]

    def __call__(self, *shape: int) -> st.SearchStrategy[np.ndarray]:
        """Arrays of this shape."""
        tiny = float(np.finfo(self.dtype).tiny)
        return st.builds(
            lambda kind, seed: np.asarray(_FILL[kind](np.random.default_rng(seed), shape, tiny)).astype(self.dtype),
            st.sampled_from(self.kinds),
            seeds,
        )

    def of(self, *kinds: str) -> "Numbers":
        """The same dtype, filled in these ways."""
        return self._replace(kinds=kinds)


seeds = st.integers(0, 9999)
