"""How functions are compiled here.

    @compiled     a helper, called from compiled code
    @inlined      a small one
    @intrinsic    a helper whose LLVM code is built by hand

Entry points are made of them (entry.py).
"""

import functools
from collections.abc import Callable
from typing import Any

from numba import extending
from numba.core import types
from numba.extending import models, register_model

from .codegen import Helper

#: neither kept by itself nor callable from Python
compiled = Helper

#: the same, but copied to where it is called: for a few instructions, before which a dozen words would be passed
inlined = functools.partial(Helper, inlined=True)

#: called from compiled code, without the typing context that its definition takes
intrinsic: Callable[..., Any] = extending.intrinsic


class Address(types.Type):
    """The Numba type of the address of something."""

    def __init__(self, of: str = "memory"):
        super().__init__(name=f"Address of {of}")


register_model(Address)(models.OpaqueModel)
