"""The contract: every kernel once, with its signature, equation, shapes, tie and NaN rules.

Each function here checks its arguments and returns the shape and dtype of the result (an ArraySpec), so the
contract can be run: the dispatcher runs it before a real kernel, and the shape inference of models runs on it
alone. `reference`, `portable`, `cpu` and `gpu` hold the same functions in the same files, with numbers.
"""

from types import ModuleType

from . import activation, arrays, convolution, dense, dropout, image, loss, normalization, optimizer, pooling
from .spec import ArrayLike, ArraySpec

FAMILIES: tuple[ModuleType, ...] = (
    arrays,
    convolution,
    pooling,
    activation,
    dense,
    normalization,
    dropout,
    image,
    loss,
    optimizer,
)


def _kernels_of(family: ModuleType) -> dict:
    return {
        name: value
        for name, value in vars(family).items()
        if getattr(value, "__module__", None) == family.__name__ and callable(value) and not name.startswith("_")
    }


#: name of every kernel → its contract function
KERNELS = {name: kernel for family in FAMILIES for name, kernel in _kernels_of(family).items()}

__all__ = ["FAMILIES", "KERNELS", "ArrayLike", "ArraySpec"]
