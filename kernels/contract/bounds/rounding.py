"""The unit that errors are counted in."""

from typing import Any, NamedTuple

import numpy as np

from ...precision import precision

#: how many times the smallest normal number a result may be off because something tiny was flushed to zero on the
#: way and the rest scaled up: about 1e-33 in float32
FLUSHED = 2**16

#: relative error of a product of two numbers rounded to TF32's 10 bits of mantissa, half a unit in the last place each
TF32 = 2 * 2.0**-11 + 2.0**-22

#: roundings in eˣ, ln, tanh and powers: mathematical libraries promise 4 units in the last place
ELEMENTARY = 8


class Rounding(NamedTuple):
    """u: the largest relative error of one rounded operation, half the distance from 1 to the next number.

    The reference is computed in float64 and rounded as well: its u is added here, once for all.
    winograd: whether the precision allows Winograd's algorithm in this dtype.
    product: the relative error of a product on tensor cores, 0 unless the precision allows TF32 in this dtype.

    >>> round(Rounding.of("float32").u * 2**24, 6)
    1.0
    """

    u: float
    flushed: float
    winograd: bool = False
    product: float = 0.0

    @classmethod
    def of(cls, dtype: Any) -> "Rounding":
        limits, reference = np.finfo(dtype), np.finfo(np.float64)
        winograd = limits.dtype == np.float32 and precision() != "exact"
        product = TF32 if limits.dtype == np.float32 and precision() == "tf32" else 0.0
        return cls(float(limits.eps + reference.eps) / 2, FLUSHED * float(limits.tiny), winograd, product)

    def after(self, n: Any, magnitude: Any) -> Any:
        """Error of numbers of this magnitude after n roundings each: γ·magnitude, γ = n·u / (1 − n·u); 0 after none.

        Source: Higham (2002), lemma 3.1.
        """
        gamma = n * self.u / (1 - n * self.u)
        return np.where(np.equal(n, 0), 0, gamma * magnitude + self.flushed)

    def of_products(self, sums: Any) -> Any:
        """Error of sums of products with these magnitudes, as tensor cores round what they multiply."""
        return self.product * sums if self.product else 0.0
