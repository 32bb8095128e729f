"""How many channels a thread takes at once (vectors.cuh)."""

from .machine import Array

WIDTHS = (1, 4)


def width(channels: int, *arrays: Array) -> int:
    """4, or 1 where the channels are no such vectors, or these would not be aligned in one of the arrays."""
    whole = channels % 4 == 0 and all(array.data.ptr % min(4 * array.itemsize, 16) == 0 for array in arrays)
    return 4 if whole else 1
