"""What a kernel promises about an array: its shape and its dtype, without any numbers."""

from collections.abc import Sequence
from typing import NamedTuple, Protocol

import numpy as np

from ..errors import ShapeError, letters


class ArraySpec(NamedTuple):
    """A stand-in for an array: what the contract's functions take and return.

    >>> ArraySpec((8, 28, 28, 1), np.dtype("float32")).ndim
    4
    """

    shape: tuple[int, ...]
    dtype: np.dtype

    @property
    def ndim(self) -> int:
        return len(self.shape)


class ArrayLike(Protocol):
    """Anything with a shape and a dtype: a NumPy or CuPy array, or an ArraySpec."""

    @property
    def shape(self) -> tuple[int, ...]: ...
    @property
    def dtype(self) -> np.dtype: ...


def expect_axes(kernel: str, role: str, array: ArrayLike, axes: str) -> None:
    """Raise ShapeError unless `array` has one axis per letter, none of them empty."""
    shape = array.shape
    if len(shape) != len(axes):
        raise ShapeError(
            f"{kernel}: {role} must have {len(axes)} axes ({', '.join(axes)}), "
            f"got {len(shape)}: shape {tuple(shape)}{_axes_hint(shape, axes)}"
        )
    if 0 in shape:
        raise ShapeError(
            f"{kernel}: {role} is empty: shape {letters(shape, axes)}; give at least one sample, pixel and channel"
        )


def _axes_hint(shape: Sequence[int], axes: str) -> str:
    """The likeliest reason why an image or a matrix came with the wrong number of axes."""
    if axes == "NHWC" and len(shape) == 3:
        return "; add the batch axis with x[None] for one image, or the channel axis with x[..., None] for grey images"
    if axes == "NHWC" and len(shape) == 2:
        return "; for one grey image add both missing axes with x[None, :, :, None]"
    if axes == "NC" and len(shape) > 2:
        return "; put a Flatten or a global pooling layer before it"
    if axes == "NC" and len(shape) == 1:
        return "; add the batch axis with x[None]"
    return ""


def expect_float(kernel: str, **arrays: ArrayLike | None) -> np.dtype:
    """Return the arrays' common floating dtype; raise TypeError when they are not floats or differ."""
    present = {role: array for role, array in arrays.items() if array is not None}
    for role, array in present.items():
        if array.dtype.kind != "f":
            raise TypeError(
                f"{kernel}: {role} must be floating point, got {array.dtype}; "
                f'convert it with .astype("float32") (and scale images to 0..1)'
            )
    dtype = next(iter(present.values())).dtype
    if any(array.dtype != dtype for array in present.values()):
        found = ", ".join(f"{role} {array.dtype}" for role, array in present.items())
        raise TypeError(f"{kernel}: mixed dtypes ({found}); convert the arrays to one with .astype")
    return dtype


def expect_same_shape(kernel: str, **arrays: ArrayLike) -> None:
    """Raise ShapeError unless all the arrays have exactly one shape: nothing broadcasts here."""
    if len({tuple(array.shape) for array in arrays.values()}) > 1:
        found = ", ".join(f"{role} {tuple(array.shape)}" for role, array in arrays.items())
        raise ShapeError(f"{kernel}: shapes must be equal, got {found}")


def expect_shape(kernel: str, role: str, array: ArrayLike, expected: tuple[int, ...], axes: str) -> None:
    """Raise ShapeError unless `array` has exactly the expected shape."""
    if tuple(array.shape) != tuple(expected):
        raise ShapeError(
            f"{kernel}: {role} must have shape {letters(expected, axes)}, got {letters(array.shape, axes)}"
        )
