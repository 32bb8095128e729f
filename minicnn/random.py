"""The one source of randomness: a NumPy Generator that `utils.set_random_seed` seeds."""

import numpy as np

_generator = np.random.default_rng()


def generator(seed: int | None = None) -> np.random.Generator:
    """The project's generator, or one of its own for a given seed.

    >>> int(generator(7).integers(100))
    94
    """
    return _generator if seed is None else np.random.default_rng(seed)


def set_seed(seed: int) -> None:
    """Start the project's generator anew. NumPy's and Python's global states are not touched."""
    global _generator
    _generator = np.random.default_rng(seed)
