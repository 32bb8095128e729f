"""The floating-point type that layers compute in unless told otherwise."""

_floatx = "float32"


def floatx() -> str:
    """Name of the default dtype.

    >>> floatx()
    'float32'
    """
    return _floatx


def set_floatx(value: str) -> None:
    """Set the default dtype: "float32", or "float64" for derivative checks (computed by the portable kernels).

    Raises ValueError for any other.
    """
    global _floatx
    if value not in ("float32", "float64"):
        raise ValueError(f'floatx must be "float32" or "float64", not {value!r}')
    _floatx = value
