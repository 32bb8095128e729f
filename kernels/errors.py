"""The error every shape check raises, and the way shapes are written in messages."""

from collections.abc import Sequence


class ShapeError(ValueError):
    """Arrays whose shapes do not fit together; the message says which, why and what to try."""


def letters(shape: Sequence[int], axes: str) -> str:
    """Write a shape with its axis letters.

    >>> letters((8, 32, 32, 3), "NHWC")
    '(N=8, H=32, W=32, C=3)'
    """
    if len(shape) != len(axes):
        return str(tuple(shape))
    return "(" + ", ".join(f"{axis}={size}" for axis, size in zip(axes, shape)) + ")"
