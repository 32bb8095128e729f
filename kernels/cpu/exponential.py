"""e^x, log(1 + x) and tanh x for float32 without branches, so that LLVM computes them for a whole vector at a time."""

import numpy as np

from .compile import compiled

_LOG2_E = np.float32(1.4426950408889634)
_LN2_HIGH = np.float32(0.693359375)  # so few digits that n times it is exact
_LN2_LOW = np.float32(-2.12194440054690583e-4)  # ln 2 less the above
_LARGEST, _SMALLEST = np.float32(89), np.float32(-104)  # beyond these e^x is ∞ and 0


@compiled
def exp(x):
    """e^x = 2ⁿ·eʳ with n = round(x / ln 2), |r| ≤ ln 2 / 2, eʳ by its Taylor series: within 2 units in the last place.

    Source: Cody & Waite, "Software manual for the elementary functions" (1980).
    """
    bounded = min(max(x, _SMALLEST), _LARGEST)
    n = np.rint(bounded * _LOG2_E)
    r = bounded - n * _LN2_HIGH - n * _LN2_LOW
    tail = np.float32(1 / 120) + r * (np.float32(1 / 720) + r * np.float32(1 / 5040))
    power = 1 + (r + r * r * (np.float32(1 / 2) + r * (np.float32(1 / 6) + r * (np.float32(1 / 24) + r * tail))))
    half = np.int32(n) >> np.int32(1)  # 2ⁿ itself may be too large or too small for a float32
    result = power * _power_of_two(half) * _power_of_two(np.int32(n) - half)
    return result if x == x else x


@compiled
def log1p(x):
    """log(1 + x) for 0 ≤ x ≤ 1, within 2 units in the last place.

    With s = x / (2 + x) it is 2·artanh s = 2s + s·R, R = 2s²/3 + 2s⁴/5 + …, where 2s = x − s·x loses less than s + s.
    """
    s = x / (2 + x)
    q = s * s
    tail = np.float32(2 / 9) + q * (np.float32(2 / 11) + q * np.float32(2 / 13))
    return x - s * (x - q * (np.float32(2 / 3) + q * (np.float32(2 / 5) + q * (np.float32(2 / 7) + q * tail))))


@compiled
def hyperbolic_tangent(x):
    """tanh x within 2 units in the last place: 1 − 2 / (e²ˣ + 1) for x ≥ 1, below that Lambert's continued fraction

    tanh x = x / (1 + q / (3 + q / (5 + …))), q = x², cut where it is a fraction of two cubics in q.
    """
    size = abs(x)
    q = min(size, np.float32(1)) ** 2
    over = np.float32(135135) + q * (np.float32(17325) + q * (np.float32(378) + q))
    under = np.float32(135135) + q * (np.float32(62370) + q * (np.float32(3150) + q * np.float32(28)))
    large = 1 - 2 / (exp(2 * size) + 1)
    result = large if size >= 1 else size * (over / under)
    return np.copysign(result, x) if x == x else x


@compiled
def _power_of_two(n):
    """2ⁿ, written into the exponent's bits."""
    return np.int32((n + np.int32(127)) << np.int32(23)).view(np.float32)
