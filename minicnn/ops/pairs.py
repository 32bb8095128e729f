"""Keras's habit of writing one number for both image axes."""

from numbers import Integral

from ..kernels.geometry import Pair


def pair(value: int | Pair, name: str) -> Pair:
    """(v, v) for a number v; two numbers as they are. Raises ValueError for anything else.

    >>> pair(3, "kernel_size"), pair((1, 2), "strides")
    ((3, 3), (1, 2))
    """
    both = tuple(value) if isinstance(value, (tuple, list)) else (value, value)
    if len(both) != 2 or not all(isinstance(v, Integral) and v > 0 for v in both):
        raise ValueError(f"{name} must be a positive integer or two of them, got {value!r}")
    return int(both[0]), int(both[1])
