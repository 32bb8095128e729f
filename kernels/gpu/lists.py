"""Elements of an array by a key that lists them: with arrays of indices, or a mask."""

from math import prod
from typing import Any

import numpy as np

from ..keys import axes_named
from .division import Divisor
from .launch import THREADS, Kernel, blocks
from .machine import Array, machine
from .memory import WORDS, empty

_TAKE = {size: Kernel("lists", f"take<{word}>") for size, word in WORDS.items()}
_sum_at = Kernel("lists", "sum_at")


def take(x: Array, key: Any) -> Array:
    """x[key], of an array in row-major order."""
    places, rest = _places(x.shape, key)
    y = empty((*places.shape, *rest), x.dtype)
    _TAKE[x.itemsize](blocks(y.size), THREADS, x, machine().put(places), y, y.size, Divisor(prod(rest) or 1))
    return y


def add_at(x: Array, key: Any, y: Array) -> None:
    """x[key] += y, where x is 0; a place that the key names twice gets both."""
    places, rest = _places(x.shape, key)
    sources = places.argsort(axis=None, kind="stable")
    named, starts = np.unique(places.ravel()[sources], return_index=True)
    lists = [machine().put(numbers.astype(np.int32)) for numbers in (sources, np.append(starts, len(sources)), named)]
    width = prod(rest)
    n = len(named) * width
    _sum_at(blocks(n), THREADS, y, *lists, x, n, Divisor(width or 1))


def _places(shape: tuple[int, ...], key: Any) -> tuple[np.ndarray, tuple[int, ...]]:
    """Where the key's elements stand among all of the axes that it speaks of, and the lengths of the other axes."""
    named = axes_named(key, len(shape))
    places = np.arange(prod(shape[:named]), dtype=np.int32).reshape(shape[:named])
    return np.asarray(places[key]), shape[named:]
