"""What compiled code is called in the cache: its name, and all that it depends on."""

import platform
import sys
from pathlib import Path

import llvmlite
import numba
from numba.core.registry import cpu_target

from .. import cache


def key(function: str, source: str, signature: str) -> str:
    """The key of a function of that name, in a file with these contents (see `cache.contents`)."""
    return cache.key(function, _SOURCES, _versions(), source, signature)


def _versions() -> tuple[object, ...]:
    """What compiles, and what it compiles for."""
    processor = cpu_target.target_context.codegen().magic_tuple()
    return sys.version, platform.machine(), numba.__version__, llvmlite.__version__, processor


#: all from which some function may use something, as it is when it is imported: it may change before one is compiled
_SOURCES = [cache.contents(str(path)) for path in sorted(Path(__file__).parents[1].rglob("*.py"))]
