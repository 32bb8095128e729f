"""Division as a multiplication and a shift (division.cuh).

Source: Granlund & Montgomery, "Division by invariant integers using multiplication" (1994), theorem 4.2 with N = 31.
"""

import ctypes

_BITS = 31  # of what is divided


class Divisor(ctypes.Structure):
    """⌊n / d⌋ = ⌊n·f / 2^(31 + s)⌋ for 0 ≤ n < 2³¹, with s = ⌈log₂ d⌉ and f = ⌈2^(31 + s) / d⌉ < 2³².

    >>> three = Divisor(3)
    >>> [n * three.factor >> three.shift for n in (8, 9, 2**31 - 1)]
    [2, 3, 715827882]
    """

    _fields_ = (("divisor", ctypes.c_int), ("factor", ctypes.c_uint), ("shift", ctypes.c_int))

    def __init__(self, divisor: int):
        shift = _BITS + (divisor - 1).bit_length()
        super().__init__(divisor, -(-(1 << shift) // divisor), shift)
