"""Arithmetic on plain arrays: the ground floor, which knows no tensor, layer or model.

One contract, several implementations, the same files in each:

    contract/    what every kernel computes: signature, equation, shapes, ties, NaN; runs as shape inference
    reference/   loops beside the equations, any float dtype: the definition
    portable/    vectorised NumPy: runs wherever NumPy runs
    cpu/         Numba: compiled, parallel, the same bits at any thread count
    gpu/         CUDA C++, launched through CuPy: the same bits in every run
"""

from .dispatch import NAMES, Backend, backend
from .errors import ShapeError

__all__ = ["NAMES", "Backend", "ShapeError", "backend"]
