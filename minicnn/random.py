"""The one source of randomness: a NumPy Generator that `utils.set_random_seed` seeds."""

from typing import Any

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


def state_of(generator: np.random.Generator) -> dict[str, Any]:
    """Where a generator is: numbers, arrays and dictionaries of them."""
    return dict(generator.bit_generator.state)


def set_state(generator: np.random.Generator, state: dict[str, Any]) -> None:
    """Put a generator where another one of its kind was. Raises ValueError for what is no state of its kind.

    >>> one, other = np.random.default_rng(1), np.random.default_rng(2)
    >>> set_state(other, state_of(one))
    >>> one.random() == other.random()
    True
    """
    before = state_of(generator)
    try:
        generator.bit_generator.state = state
        same_form = _form(state_of(generator)) == _form(before)
    except (TypeError, ValueError, KeyError, OverflowError, AttributeError):
        same_form = False
    if not same_form:
        generator.bit_generator.state = before
        raise ValueError(f"not a state of a {before['bit_generator']} generator: {state!r}"[:200])


def _form(state: Any) -> Any:
    """The state without its numbers."""
    if isinstance(state, dict):
        return {key: _form(value) for key, value in state.items()}
    return np.shape(state)
