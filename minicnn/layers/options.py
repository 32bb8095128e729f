"""Checks of the options that many layers share."""

from collections.abc import Callable
from numbers import Integral

from .. import ops
from ..tensor import Tensor


def expect_channels_last(data_format: str | None) -> None:
    """Raise ValueError for "channels_first": images are (N, H, W, C) everywhere."""
    if data_format not in (None, "channels_last"):
        raise ValueError(
            f'only data_format="channels_last" (N, H, W, C) is supported, got {data_format!r}; '
            "move the channels of (N, C, H, W) images with x.transpose(0, 2, 3, 1)"
        )


def positive_integer(layer: str, name: str, value: int) -> int:
    """The value as an int. Raises ValueError unless it is a whole number above 0.

    >>> positive_integer("Dense", "units", 10)
    10
    """
    if not isinstance(value, Integral) or value < 1:
        raise ValueError(f"{layer}: {name} must be a positive integer, got {value!r}")
    return int(value)


def on_last_axis(function: Callable[[Tensor], Tensor], x: Tensor, axis: int) -> Tensor:
    """function(x), a function along the last axis, applied along another one. Raises ValueError for no axis of x.

    >>> on_last_axis(ops.softmax, Tensor([[1.0, 2.0], [1.0, 2.0]]), axis=0).numpy()
    array([[0.5, 0.5],
           [0.5, 0.5]], dtype=float32)
    """
    if not -x.ndim <= axis < x.ndim:
        raise ValueError(f"axis={axis} does not exist in an input of {x.ndim} axes: shape {x.shape}")
    last, axis = x.ndim - 1, axis % x.ndim
    if axis == last:
        return function(x)
    swapped = tuple(last if i == axis else axis if i == last else i for i in range(x.ndim))
    return ops.transpose(function(ops.transpose(x, swapped)), swapped)
