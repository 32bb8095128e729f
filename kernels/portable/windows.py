"""Which pixels the taps of a sliding window read: shared by convolution and pooling."""

from collections.abc import Iterator

import numpy as np

from ..geometry import Pads, Pair

Index = tuple[slice, slice, slice]


def padded(x: np.ndarray, pads: Pads) -> np.ndarray:
    """x (N, H, W, C) inside a frame of zeros; x itself where there is no frame.

    >>> padded(np.ones((1, 1, 2, 1)), ((0, 1), (1, 0)))[0, :, :, 0]
    array([[0., 1., 1.],
           [0., 0., 0.]])
    """
    (top, bottom), (left, right) = pads
    if top == bottom == left == right == 0:
        return x
    n, h, w, c = x.shape
    framed = np.zeros((n, top + h + bottom, left + w + right, c), x.dtype)
    framed[:, top : top + h, left : left + w] = x
    return framed


def taps(
    input_size: Pair, output_size: Pair, window: Pair, strides: Pair, pads: Pads, dilation: Pair = (1, 1)
) -> Iterator[tuple[int, int, Index, Index]]:
    """For each place (r, s) of the window in row-major order: r, s, outputs, pixels.

    `outputs` picks the windows (p, q) whose tap at (r, s) lies inside the image, `pixels` the pixels under
    those taps, so that y[outputs] and x[pixels] have one shape.

    >>> [(r, outputs[1], pixels[1]) for r, s, outputs, pixels in taps((4, 1), (4, 1), (2, 1), (1, 1), ((1, 0), (0, 0)))]
    [(0, slice(1, 4, None), slice(0, 3, 1)), (1, slice(0, 4, None), slice(0, 4, 1))]
    """
    every = slice(None)
    for r in range(window[0]):
        rows, h = _inside(input_size[0], output_size[0], r * dilation[0] - pads[0][0], strides[0])
        for s in range(window[1]):
            columns, v = _inside(input_size[1], output_size[1], s * dilation[1] - pads[1][0], strides[1])
            yield r, s, (every, rows, columns), (every, h, v)


def _inside(size: int, positions: int, offset: int, stride: int) -> tuple[slice, slice]:
    """The positions p with 0 ≤ p·σ + offset < size, and those pixels, along one axis."""
    first = max(0, -(offset // stride))
    stop = max(first, min(positions, (size - 1 - offset) // stride + 1))
    start = first * stride + offset
    return slice(first, stop), slice(start, start + (stop - first) * stride, stride)
