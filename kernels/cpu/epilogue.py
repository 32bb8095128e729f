"""What becomes of a block of results on its way to memory: ReLU, ReLU with max-pooling, or the mask of a ReLU.

A block lies in scratch, where `at` is its first number. `steps` lead to its next row and its next pixel, `size` is how
many rows and columns of results are written; the channels of a pixel lie side by side. The results lie likewise, from
`place` on, in arrays of whatever shape.
"""

import numpy as np

from .compile import compiled, inlined
from .simd import get, put


@compiled
def relu(block, at, steps, size, channels, out, place, out_steps):
    """out = max(block, 0)."""
    for p in range(size[0]):
        for q in range(size[1]):
            source, target = at + p * steps[0] + q * steps[1], place + p * out_steps[0] + q * out_steps[1]
            for c in range(channels):
                put(out, target + c, _rectified(get(block, source + c)))


@compiled
def relu_max_pool(block, at, steps, size, channels, out, code, place, out_steps):
    """out = max(largest of each 2×2 window, 0), code = the first pixel of the window that has it, or is NaN.

    `size` is that of the result. Where all of a window is negative its first maximum is named, which is not the pixel
    that max(block, 0) had first: no gradient will flow there.
    """
    below, right = steps
    for p in range(size[0]):
        for q in range(size[1]):
            first, target = at + 2 * (p * below + q * right), place + p * out_steps[0] + q * out_steps[1]
            for c in range(first, first + channels):
                best, best_place = get(block, c), np.int32(0)
                best, best_place = _challenged(best, best_place, get(block, c + right), np.int32(1))
                best, best_place = _challenged(best, best_place, get(block, c + below), np.int32(2))
                best, best_place = _challenged(best, best_place, get(block, c + below + right), np.int32(3))
                put(out, target + c - first, _rectified(best))
                put(code, target + c - first, np.uint8(best_place))


@compiled
def relu_grad(block, at, steps, size, channels, y, out, place, out_steps):
    """out = block where y > 0, NaN where y is, else 0; y lies as the results do."""
    for p in range(size[0]):
        for q in range(size[1]):
            source, target = at + p * steps[0] + q * steps[1], place + p * out_steps[0] + q * out_steps[1]
            for c in range(channels):
                number = get(y, target + c)
                kept = get(block, source + c) if number > 0 else np.float32(0)
                put(out, target + c, kept if number == number else number)


@inlined
def _rectified(x):
    return np.float32(0) if x < 0 else x


@inlined
def _challenged(champion, code, challenger, place):
    """A challenger wins where it is larger or NaN; nothing beats a NaN."""
    wins = (not challenger <= champion) & (champion == champion)
    return (challenger if wins else champion), (place if wins else code)
