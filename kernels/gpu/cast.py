"""Arrays in another dtype."""

import numpy as np

from .. import portable
from .host import on_host
from .launch import THREADS, Kernel, blocks
from .machine import Array
from .memory import contiguous, empty

_TYPES = {
    "bool": "bool",
    "uint8": "unsigned char",
    "uint16": "unsigned short",
    "int32": "int",
    "int64": "long long",
    "float64": "double",
}

#: to and from float32; what else there may be is rare
_CASTS = {(name, "float32"): Kernel("cast", f"cast<{word}, float>") for name, word in _TYPES.items()}
_CASTS |= {("float32", name): Kernel("cast", f"cast<float, {word}>") for name, word in _TYPES.items()}


def cast(a: Array, *, dtype: str) -> Array:
    """a in another dtype; a itself where it has that dtype already."""
    if a.dtype == dtype:
        return a
    kernel = _CASTS.get((a.dtype.name, np.dtype(dtype).name))
    if kernel is None:
        return on_host(portable.cast)(a, dtype=dtype)
    y = empty(a.shape, dtype)
    kernel(blocks(y.size), THREADS, contiguous(a), y, y.size)
    return y
