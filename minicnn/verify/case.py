"""One call of a kernel or of an operation, as data."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

LAYOUTS: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "contiguous": np.array,
    "fortran": lambda a: np.array(a, order="F"),
    "sliced": lambda a: np.stack([a, a], axis=-1)[..., 0],
}


@dataclass(frozen=True)
class Case:
    """The arguments of one call.

    name        of the kernel, or of the operation
    dtype       of its floating-point arrays
    args        arrays, None, or a list of arrays
    options     the keyword arguments; a number for `rng` is a seed
    layout      how the arrays lie in memory

    >>> Case("relu", "float32", [np.array([-1.0, 2.0], "float32")]).arguments()
    ([array([-1.,  2.], dtype=float32)], {})
    """

    name: str
    dtype: str
    args: Sequence[Any]
    options: dict[str, Any] = field(default_factory=dict)
    layout: str = "contiguous"

    def arguments(self) -> tuple[list[Any], dict[str, Any]]:
        """Fresh copies to call with: kernels may write into them, and generators move on."""
        options = dict(self.options)
        if "rng" in options:
            options["rng"] = np.random.default_rng(options["rng"])
        return [each_array(LAYOUTS[self.layout], arg) for arg in self.args], options

    def in_float64(self) -> "Case":
        """The same numbers in float64."""
        return replace(self, dtype="float64", args=[each_array(_widened, arg) for arg in self.args])

    def code(self) -> str:
        """Python that makes this case, with np, inf and nan imported from NumPy."""
        args = "".join(f"    {_code(arg)},\n" for arg in self.args)
        layout = f', layout="{self.layout}"' if self.layout != "contiguous" else ""
        return f'Case("{self.name}", "{self.dtype}", [\n{args}], {_code(self.options)}{layout})'


def each_array(function: Callable[[np.ndarray], Any], arg: Any) -> Any:
    """function(arg) for an array, or for each of a list; None stays None."""
    if isinstance(arg, list):
        return [each_array(function, one) for one in arg]
    return None if arg is None else function(arg)


def arrays_in(args: Sequence[Any]) -> list[np.ndarray]:
    """The arrays among the arguments, those in lists too."""
    return [array for arg in args if arg is not None for array in (arg if isinstance(arg, list) else [arg])]


def _widened(array: np.ndarray) -> np.ndarray:
    return array.astype(np.float64) if array.dtype.kind == "f" else array


def _code(value: Any) -> str:
    if isinstance(value, np.ndarray):
        return _array_code(value)
    if isinstance(value, dict):
        return "{" + ", ".join(f'"{key}": {_code(one)}' for key, one in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(_code, value)) + "]"
    if isinstance(value, tuple):
        return f"({', '.join(map(_code, value))}{',' if len(value) == 1 else ''})"
    return repr(value)


def _array_code(array: np.ndarray) -> str:
    """np.zeros and np.full where they say it; every number is written so that it is read back exactly."""
    numbers = [str(number) for number in array.ravel()]
    if array.size > 1 and set(numbers) == {"0.0"}:
        return f'np.zeros({array.shape}, "{array.dtype}")'
    if array.size > 1 and len(set(numbers)) == 1:
        return f'np.full({array.shape}, {numbers[0]}, "{array.dtype}")'
    if array.ndim == 0:
        return f'np.array({numbers[0]}, "{array.dtype}")'
    flat = f'np.array([{", ".join(numbers)}], "{array.dtype}")'
    return flat if array.ndim == 1 else f"{flat}.reshape{array.shape}"
