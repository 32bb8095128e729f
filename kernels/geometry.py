"""Window arithmetic: how big an output is, and how much padding "same" means.

Letters as everywhere: H, W input size; R, S window size; P, Q output size;
σ stride, δ dilation, π padding.
"""

from collections.abc import Sequence
from typing import Literal

import numpy as np

from .errors import ShapeError, did_you_mean

Pair = tuple[int, int]
Pads = tuple[Pair, Pair]  # ((top, bottom), (left, right))
Padding = Literal["valid", "same"] | int | Pads

NO_PADS: Pads = ((0, 0), (0, 0))


def extent(window: int, dilation: int = 1) -> int:
    """Rows that a dilated window covers: (R − 1)·δ + 1.

    >>> extent(3, dilation=2)
    5
    """
    return (window - 1) * dilation + 1


def output_size(size: int, window: int, stride: int = 1, pad: Pair = (0, 0), dilation: int = 1, axis: str = "H") -> int:
    """Number of window positions: P = ⌊(H + π₀ + π₁ − ((R − 1)·δ + 1)) / σ⌋ + 1.

    Raises ShapeError when the window does not fit into the padded input.

    >>> output_size(28, 5), output_size(28, 3, stride=2, pad=(0, 1))
    (24, 14)
    """
    room = size + pad[0] + pad[1]
    covered = extent(window, dilation)
    if size < 1 or room < covered:
        raise ShapeError(
            f"a window covering {covered} pixels (size {window}, dilation {dilation}) does not fit into "
            f"{axis} = {size} + {pad[0]} + {pad[1]} = {room} pixels (input + padding); "
            'use a smaller window, padding="same", larger images or fewer pooling layers before it'
        )
    return (room - covered) // stride + 1


def same_pad(size: int, window: int, stride: int = 1, dilation: int = 1) -> Pair:
    """TensorFlow's "same": P = ⌈H / σ⌉, the odd pixel of padding goes to the bottom or right.

    >>> same_pad(28, 5), same_pad(28, 3, stride=2)
    ((2, 2), (0, 1))
    """
    positions = -(-size // stride)
    total = max((positions - 1) * stride + extent(window, dilation) - size, 0)
    return total // 2, total - total // 2


def resolve_pads(
    padding: Padding, size: Sequence[int], window: Sequence[int], strides: Pair, dilation: Pair = (1, 1)
) -> Pads:
    """Turn "valid", "same", one number or explicit pairs into ((top, bottom), (left, right)).

    >>> resolve_pads("same", size=(28, 28), window=(3, 3), strides=(2, 2))
    ((0, 1), (0, 1))
    >>> resolve_pads(1, size=(28, 28), window=(3, 3), strides=(1, 1))
    ((1, 1), (1, 1))
    """
    expect_padding(padding)
    if padding == "valid":
        return NO_PADS
    if padding == "same":
        return (
            same_pad(size[0], window[0], strides[0], dilation[0]),
            same_pad(size[1], window[1], strides[1], dilation[1]),
        )
    if isinstance(padding, int):
        return (padding, padding), (padding, padding)
    (top, bottom), (left, right) = padding
    return (top, bottom), (left, right)


def expect_padding(padding: object) -> None:
    """Raise ValueError unless padding is one of the forms that `resolve_pads` knows.

    >>> expect_padding(((0, 1), (0, 1)))
    """
    pairs = isinstance(padding, (tuple, list)) and len(padding) == 2 and all(map(_is_pair, padding))
    if not (pairs or isinstance(padding, int) or (isinstance(padding, str) and padding in ("valid", "same"))):
        raise ValueError(
            f'padding must be "valid", "same", a number or ((top, bottom), (left, right)), not {padding!r}'
            f"{did_you_mean(padding, ('valid', 'same'))}"
        )


def _is_pair(value: object) -> bool:
    return isinstance(value, (tuple, list)) and len(value) == 2 and all(isinstance(v, int) for v in value)


def window_output(
    size: Sequence[int], window: Sequence[int], strides: Pair, pads: Pads, dilation: Pair = (1, 1)
) -> Pair:
    """(P, Q) of a convolution or pooling over an (H, W) input.

    >>> window_output((28, 28), window=(2, 2), strides=(2, 2), pads=NO_PADS)
    (14, 14)
    """
    for name, pair in (("window", window), ("strides", strides), ("dilation", dilation)):
        if min(pair) < 1:
            raise ValueError(f"{name} must be positive, got {pair}")
    if min(pads[0] + pads[1]) < 0:
        raise ValueError(f"padding must not be negative, got {pads}")
    return (
        output_size(size[0], window[0], strides[0], pads[0], dilation[0], axis="H"),
        output_size(size[1], window[1], strides[1], pads[1], dilation[1], axis="W"),
    )


def code_dtype(window: Pair) -> np.dtype:
    """Smallest unsigned integer that can name every place r·S + s of a window.

    >>> code_dtype((2, 2))
    dtype('uint8')
    """
    return np.dtype(np.min_scalar_type(window[0] * window[1] - 1))
