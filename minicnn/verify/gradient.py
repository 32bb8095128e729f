"""Is a gradient the slope of its function?

For a random upstream gradient u and a random direction v, J being the function's Jacobian,

    ⟨v, Jᵀu⟩ = ⟨Jv, u⟩

The left side is what `backward` gives, on the backend and in the dtype under test. The right side needs no gradient:
Jv is the change of the float64 reference along v, by central differences with Richardson's extrapolation:

    Jv ≈ (4·D(h/2) − D(h)) / 3,   D(h) = (f(x + h·v) − f(x − h·v)) / 2h         error O(h⁴)

One number tests every element of every gradient at once: u and v are random, so a single wrong element shows.
The limit is two hundred roundings of ‖u‖·‖v‖, wide beside rounding and narrow beside a mistake, which is as large as
the derivative itself; and what rounding makes of the differences, 16·ε·‖u‖·‖f(x)‖/h. (The gradient kernels are held
to their far narrower bounds by `check`.)
"""

import zlib
from typing import Any

import numpy as np

from .case import Case, arrays_in, each_array
from .check import Verdict
from .operations import OPERATIONS

STEP = 2.0**-20
LIMIT = {"float32": 200 * float(np.finfo("float32").eps), "float64": 1e-8}  # float64: of the differences


def check_gradient(case: Case, name: str) -> Verdict:
    """Compare the gradient of an operation, on the backend of this name, with the slope of the float64 reference.

    The case must not lie on a kink (a ReLU's corner, a tie of a maximum): there is no derivative there.

    >>> check_gradient(Case("power", "float64", [np.array([1.0, 2.0])], {"exponent": 3}), "portable").worst < 1
    True
    """
    return Slope(case).verdict(name)


class Slope:
    """⟨Jv, u⟩ of a case, for a random v and u, the same whenever the case is."""

    def __init__(self, case: Case):
        self.case = case
        self.operation = OPERATIONS[case.name]
        rng = np.random.default_rng(zlib.crc32(b"".join(array.tobytes() for array in arrays_in(case.args))))
        args, options = case.in_float64().arguments()
        self.v = [each_array(lambda a: _normal(rng, a.shape), args[i]) for i in self.operation.differentiable(args)]
        y = self.operation.value(args, options, "reference")
        self.u = _normal(rng, y.shape)
        self.value = float(np.sum(self.u * self._along(self.v)))
        of_differences = 16 * np.finfo(np.float64).eps * np.linalg.norm(y) / STEP
        self.limit = float(np.linalg.norm(self.u) * (LIMIT[case.dtype] * _length(arrays_in(self.v)) + of_differences))

    def _along(self, v: list[Any]) -> np.ndarray:
        """Jv."""
        return (4 * self._difference(v, STEP / 2) - self._difference(v, STEP)) / 3

    def _difference(self, v: list[Any], h: float) -> np.ndarray:
        return (self._moved(v, h) - self._moved(v, -h)) / (2 * h)

    def _moved(self, v: list[Any], h: float) -> np.ndarray:
        """f(x + h·v)."""
        args, options = self.case.in_float64().arguments()
        steps = iter(arrays_in(v))
        for i in self.operation.differentiable(args):
            args[i] = each_array(lambda a: a + h * next(steps), args[i])
        return self.operation.value(args, options, "reference")

    def verdict(self, name: str) -> Verdict:
        """Compare ⟨v, Jᵀu⟩ with it."""
        args, options = self.case.arguments()
        try:
            _, gradients = self.operation.gradients(args, options, self.u.astype(self.case.dtype), name)
        except Exception as error:  # whatever an operation raises on legal input is its mistake
            return Verdict(np.inf, f"raised {type(error).__name__}: {error}")
        pairs = zip(gradients, arrays_in(self.v), strict=True)
        product = sum(float(np.sum(dx.astype(np.float64) * d)) for dx, d in pairs)
        part = 0.0 if product == self.value else abs(product - self.value) / self.limit
        if part <= 1:
            return Verdict(part)
        return Verdict(
            part, f"⟨v, Jᵀu⟩ = {product:.9g}, but ⟨Jv, u⟩ = {self.value:.9g}; they may differ by {self.limit:.3g}"
        )


def _normal(rng: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray:
    return np.clip(rng.standard_normal(shape), -3, 3)


def _length(v: list[np.ndarray]) -> float:
    """‖v‖ over all its arrays."""
    return float(np.sqrt(sum(np.sum(d * d) for d in v)))
