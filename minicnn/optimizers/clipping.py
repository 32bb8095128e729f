"""Keeping gradients small: by element, by length, or all together by one length.

Source: Pascanu et al., "On the difficulty of training recurrent neural networks" (2013).
"""

import math
from collections.abc import Sequence
from typing import Any


def clip_by_value(k: Any, g: Any, limit: float) -> Any:
    """min(max(g, −limit), limit)."""
    return k.clip(g, low=-limit, high=limit)


def clip_by_norm(k: Any, g: Any, limit: float) -> Any:
    """g · c / max(‖g‖, c): g itself while ‖g‖ ≤ c, else its direction with length c."""
    longest = k.clip(_root(k, _squared_norm(k, g)), low=limit, high=math.inf)
    return k.divide(k.multiply(g, g.dtype.type(limit)), longest)


def clip_by_global_norm(k: Any, gradients: Sequence[Any], limit: float) -> list[Any]:
    """g · c / max(n, c) for every g, n = √Σ‖g‖²; a NaN or infinity in one gradient makes all of them NaN."""
    total = _squared_norm(k, gradients[0])
    for g in gradients[1:]:
        total = k.add(total, _squared_norm(k, g))
    norm = _root(k, total)
    scale = k.divide(norm.dtype.type(limit), k.clip(norm, low=limit, high=math.inf))
    scale = k.add(scale, k.subtract(norm, norm))  # n − n is 0, or NaN when n is not finite
    return [k.multiply(g, scale) for g in gradients]


def _squared_norm(k: Any, g: Any) -> Any:
    return k.sum(k.multiply(g, g), axis=tuple(range(len(g.shape))))


def _root(k: Any, x: Any) -> Any:
    return k.power(x, exponent=0.5)
