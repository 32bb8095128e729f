"""How functions are compiled here.

    @compiled     a helper, called from compiled code
    @inlined      a small one
    @intrinsic    a helper whose LLVM code is built by hand

Entry points are kept on disk with all the helpers that they call, for each kind of processor by itself. Numba compiles
one anew when its own file changes, but does not look at other files: so the state of all of them, and how large vectors
and tiles are, is part of the name of a type in every signature.
"""

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

from numba import extending, njit
from numba.core import types
from numba.extending import models, register_model

from .machine import LANES, TILE_ROWS

#: no fastmath: it would lose NaN, ±∞, the order of a sum, or what a subtraction of equal numbers must give
_ARITHMETIC: dict[str, Any] = {"error_model": "numpy"}

#: for an entry point, one of whose arguments is an Address
OPTIONS = {**_ARITHMETIC, "cache": True}

#: neither kept by itself nor callable from Python: so half of it is never turned into machine code
_HELPER: dict[str, Any] = {**_ARITHMETIC, "no_cpython_wrapper": True, "no_cfunc_wrapper": True}
compiled = njit(**_HELPER)

#: the same, but copied to where it is called: for a few instructions, before which a dozen words would be passed
inlined = njit(**_HELPER, forceinline=True)

#: called from compiled code, without the typing context that its definition takes
intrinsic: Callable[..., Any] = extending.intrinsic

_sources = sorted(Path(__file__).parent.glob("*.py"))
_contents = b"".join(source.read_bytes() for source in _sources)
_STATE = hashlib.sha256(_contents + repr((LANES, TILE_ROWS)).encode()).hexdigest()[:16]


class Address(types.Type):
    """The Numba type of the address of something, to code compiled from the present sources."""

    def __init__(self, of: str = "memory"):
        super().__init__(name=f"Address of {of} {_STATE}")


register_model(Address)(models.OpaqueModel)
