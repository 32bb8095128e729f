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
OPTIONS: dict[str, Any] = {"cache": True, "error_model": "numpy"}

compiled = njit(**OPTIONS)

#: called from compiled code, without the typing context that its definition takes
intrinsic: Callable[[Callable], Callable[..., Any]] = extending.intrinsic
