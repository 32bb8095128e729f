"""Keys of arrays: a[key]."""

from types import EllipsisType
from typing import Any

import numpy as np


def is_view(key: Any) -> bool:
    """Whether a[key] is another look at the numbers of a.

    >>> is_view((0, slice(1, 3), ...)), is_view([0, 2])
    (True, False)
    """
    return all(
        isinstance(part, int | slice | None | EllipsisType) and not isinstance(part, bool) for part in parts_of(key)
    )


def parts_of(key: Any) -> tuple:
    """One for each axis, or for several."""
    return key if isinstance(key, tuple) else (key,)


def axes_named(key: Any, ndim: int) -> int:
    """How many of an array's axes the key says something about: the rest is taken as a whole.

    >>> axes_named([0, 2], 4), axes_named((0, None, 2), 4), axes_named((..., 1), 4)
    (1, 2, 4)
    """
    parts = parts_of(key)
    return ndim if any(part is ... for part in parts) else sum(map(_axes_of_part, parts))


def _axes_of_part(part: Any) -> int:
    if part is None:
        return 0
    numbers = np.asarray(part)
    return numbers.ndim if numbers.dtype == np.bool_ else 1
