"""How functions are compiled here.

    @compiled     a helper, called from compiled code
    @intrinsic    a helper whose LLVM code is built by hand

Numba renews a cached function when its own file changes, but not when a helper in another file does: after editing
matmul.py, say, delete the *.nbi files in __pycache__.
"""

from collections.abc import Callable
from typing import Any

from numba import extending, njit

#: no fastmath: it would lose NaN, ±∞, the order of a sum, or what a subtraction of equal numbers must give
_ARITHMETIC: dict[str, Any] = {"error_model": "numpy"}

#: for an entry point, which is kept on disk with all the helpers that it calls
OPTIONS = {**_ARITHMETIC, "cache": True}

#: neither kept by itself nor callable from Python: so half of it is never turned into machine code
compiled = njit(**_ARITHMETIC, no_cpython_wrapper=True, no_cfunc_wrapper=True)

#: called from compiled code, without the typing context that its definition takes
intrinsic: Callable[[Callable], Callable[..., Any]] = extending.intrinsic
