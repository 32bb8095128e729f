"""How exactly float32 is computed: a setting of the whole process.

    "exact"      every sum directly, one product after the other
    "float32"    also by algorithms with fewer multiplications and somewhat larger errors, such as Winograd's (default)
    "tf32"       on a GPU also by tensor cores that round what they multiply to 10 bits of mantissa: for speed

`contract.bounds` states the error of each. float64 is always computed directly.
"""

import os

VARIABLE = "MINICNN_PRECISION"
PRECISIONS = ("exact", "float32", "tf32")


def _checked(value: str, name: str) -> str:
    if value not in PRECISIONS:
        raise ValueError(f'{name} must be "exact", "float32" or "tf32", not {value!r}')
    return value


_precision = _checked(os.environ.get(VARIABLE, "float32"), VARIABLE)


def precision() -> str:
    """The setting.

    >>> precision() in PRECISIONS
    True
    """
    return _precision


def set_precision(value: str) -> None:
    """Compute so from now on.

    Raises ValueError for anything but "exact", "float32" and "tf32".

    >>> set_precision(precision())
    """
    global _precision
    _precision = _checked(value, "precision")
