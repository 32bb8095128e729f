"""What becomes of a block of results on its way to memory: ReLU, ReLU with max-pooling, or the mask of a ReLU.

A block lies in scratch, where `at` is its first number. `steps` lead to its next row and its next pixel, `size` is how
many rows and columns of results are written; the channels of a pixel lie side by side. The results lie likewise, from
`place` on, in arrays of whatever shape. Vectors are read as far as LANES − 1 numbers beyond the block; they are written
beyond a pixel where the rest of its row is to be written later anyway (`spill`).
"""

import numpy as np

from .compile import compiled, inlined
from .simd import (
    LANES,
    at_most,
    beyond,
    either,
    filled,
    get,
    greater,
    is_nan,
    lane_of,
    load,
    maximum,
    put,
    select,
    store,
    zeros,
)


@compiled
def relu(block, at, steps, size, channels, out, place, out_steps, spill):
    """out = max(block, 0)."""
    for p in range(size[0]):
        for q in range(size[1]):
            source, target = at + p * steps[0] + q * steps[1], place + p * out_steps[0] + q * out_steps[1]
            room = channels + (size[1] - 1 - q) * out_steps[1] if spill else channels
            for c in range(0, channels, LANES):
                _store(out, target + c, maximum(zeros(), load(block, source + c)), channels - c, room - c)


@compiled
def relu_max_pool(block, at, steps, size, channels, out, code, place, out_steps, spill):
    """out = max(largest of each 2×2 window, 0), code = the first pixel of the window that has it, or is NaN.

    `size` is that of the result. Where all of a window is negative its first maximum is named, which is not the pixel
    that max(block, 0) had first: no gradient will flow there.
    """
    across, step = size[1], out_steps[1]
    for p in range(size[0]):
        for c in range((channels - 1) // LANES * LANES, -1, -LANES):  # the last first, which may spill over others
            row, target, wide = beyond(block, at + 2 * p * steps[0] + c), place + p * out_steps[0] + c, channels - c
            beside = (LANES - wide + step - 1) // step if spill else across  # pixels over which a vector spills
            whole = across if wide >= LANES else max(0, across - beside)
            _pool_whole(row, steps, whole, beyond(out, target), beyond(code, target), step)
            for q in range(whole, across):
                best, pixel = _largest_in_window(row, steps, q)
                for lane in range(wide):
                    put(out, target + q * step + lane, lane_of(best, lane))
                    put(code, target + q * step + lane, np.uint8(lane_of(pixel, lane)))


@compiled
def _pool_whole(row, steps, pixels, out, code, step):
    """Pool a vector of channels of some pixels. A function of its own: all that it needs has room in registers."""
    for q in range(pixels):
        best, pixel = _largest_in_window(row, steps, q)
        store(out, q * step, best)
        store(code, q * step, pixel)


@inlined
def _largest_in_window(row, steps, q):
    i, (below, right) = 2 * q * steps[1], steps
    best, pixel = largest_of_four(row, (i, i + right, i + below, i + below + right))
    return maximum(zeros(), best), pixel


@compiled
def relu_grad(block, at, steps, size, channels, y, out, place, out_steps, spill):
    """out = block where y > 0, NaN where y is, else 0; y lies as the results do."""
    for p in range(size[0]):
        for q in range(size[1]):
            source, target = at + p * steps[0] + q * steps[1], place + p * out_steps[0] + q * out_steps[1]
            room = channels + (size[1] - 1 - q) * out_steps[1] if spill else channels
            for c in range(0, channels, LANES):
                i, j = source + c, target + c
                if channels - c >= LANES or room - c >= LANES:
                    saved = load(y, j)
                    passed = select(greater(saved, zeros()), load(block, i), zeros())
                    store(out, j, select(is_nan(saved), saved, passed))
                else:
                    for lane in range(channels - c):
                        number = get(y, j + lane)
                        kept = get(block, i + lane) if number > 0 else np.float32(0)
                        put(out, j + lane, kept if number == number else number)


@inlined
def largest_of_four(block, pixels):
    """The largest of four vectors, which lie at these places, or their first NaN; and number by number which it is.

    From the last to the first, who wins a tie.
    """
    best, pixel = load(block, pixels[3]), filled(np.int32(3))
    best, pixel = _challenged(best, pixel, load(block, pixels[2]), filled(np.int32(2)))
    best, pixel = _challenged(best, pixel, load(block, pixels[1]), filled(np.int32(1)))
    return _challenged(best, pixel, load(block, pixels[0]), filled(np.int32(0)))


@inlined
def _challenged(champion, code, challenger, place):
    wins = either(at_most(champion, challenger), is_nan(challenger))
    return select(wins, challenger, champion), select(wins, place, code)


@inlined
def _store(out, place, vector, count, room):
    """The first `count` lanes of a vector, or all of them if there is room."""
    if count >= LANES or room >= LANES:
        store(out, place, vector)
    else:
        for lane in range(count):
            put(out, place + lane, out.dtype.type(lane_of(vector, lane)))
