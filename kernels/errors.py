"""The error every shape check raises, and the way shapes and names are written in messages."""

import difflib
from collections.abc import Collection, Iterable, Sequence
from typing import TypeVar

Choice = TypeVar("Choice")


class ShapeError(ValueError):
    """Arrays whose shapes do not fit together; the message says which, why and what to try."""


def letters(shape: Sequence[int | None], axes: str) -> str:
    """Write a shape with its axis letters.

    >>> letters((8, 32, 32, 3), "NHWC")
    '(N=8, H=32, W=32, C=3)'
    """
    if len(shape) != len(axes):
        return str(tuple(shape))
    return "(" + ", ".join(f"{axis}={size}" for axis, size in zip(axes, shape)) + ")"


def did_you_mean(name: object, names: Iterable[str]) -> str:
    """A guess at what a misspelt name was meant to be, to put at the end of a message; "" for no idea.

    >>> did_you_mean("rleu", ["relu", "tanh"])
    "; did you mean 'relu'?"
    """
    by_lower_case = {known.lower(): known for known in sorted(names)}
    close = difflib.get_close_matches(str(name).lower(), by_lower_case, n=1)
    return f"; did you mean {by_lower_case[close[0]]!r}?" if close else ""


def expect_one_of(option: str, value: Choice, known: Collection[Choice]) -> Choice:
    """The value itself. Raises ValueError with all that there is where it is none of them.

    >>> expect_one_of("padding", "smae", ["same", "valid"])
    Traceback (most recent call last):
    ValueError: padding must be 'same' or 'valid', got 'smae'; did you mean 'same'?
    """
    if value not in known:
        *others, last = map(repr, known)
        names = (name for name in known if isinstance(name, str))
        raise ValueError(f"{option} must be {', '.join(others)} or {last}, got {value!r}{did_you_mean(value, names)}")
    return value
