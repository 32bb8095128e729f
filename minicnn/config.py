"""Settings: the type that layers compute in unless told otherwise, how exactly, and on how many threads."""

from .kernels import precision as _kernels

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


def precision() -> str:
    """How exactly float32 is computed: MINICNN_PRECISION, or "float32".

    >>> precision() in ("exact", "float32", "tf32")
    True
    """
    return _kernels.precision()


def set_precision(value: str) -> None:
    """Compute float32 so from now on.

    "float32" (the default) allows Winograd's algorithm for convolutions, which needs a quarter of the multiplications;
    its rounding errors are about twice as large as those of sums. "exact" sums every product. "tf32" rounds what the
    tensor cores of a GPU multiply to 10 bits of mantissa, and is the same as "float32" on a CPU.
    Raises ValueError for any other.

    >>> set_precision(precision())
    """
    _kernels.set_precision(value)


def num_threads() -> int:
    """How many threads the compiled kernels use: MINICNN_NUM_THREADS, or as many as there are cores.

    >>> num_threads() >= 1
    True
    """
    from .kernels.cpu.threads import get_num_threads

    return get_num_threads()


def set_num_threads(threads: int) -> None:
    """Use so many threads from now on. The results are the same bits with any number.

    Raises ValueError if it is not from 1 to 65535, TypeError if it is no whole number.

    >>> set_num_threads(num_threads())
    """
    from .kernels.cpu.threads import set_num_threads

    set_num_threads(threads)
