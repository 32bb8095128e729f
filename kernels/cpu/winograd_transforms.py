"""The transforms of Winograd's F(4×4, 3×3) and of its weight gradient, a vector of channels or filters at a time.

Each is one axis after the other, with what the first leaves in `half`: 36 vectors. See kernels/winograd.py.

Bᵀ d and A y are without `fma`: on a Zen 3 it takes its third operand through what vectors are stored by, so twelve of
them and six stores take 12 cycles, as many as one after the other; ten products, twelve sums and six stores take 7.
"""

import numpy as np

from ..winograd import FAR, NEAR, OUTPUTS, POINTS, TAPS
from .compile import compiled, inlined
from .simd import (
    LANES,
    add,
    at_most,
    filled,
    fma,
    greater,
    is_nan,
    load,
    maximum,
    multiply,
    prefetch,
    select,
    store,
    subtract,
    total,
    zeros,
)

AREA = POINTS * POINTS
TILE = OUTPUTS * OUTPUTS * LANES  # numbers of 4×4 outputs

_NEAR, _NEAR_2, _NEAR_3 = (np.float32(NEAR**i) for i in (1, 2, 3))
_FAR, _FAR_2, _FAR_3 = (np.float32(FAR**i) for i in (1, 2, 3))
_SUM, _PRODUCT = np.float32(NEAR**2 + FAR**2), np.float32(NEAR**2 * FAR**2)
_AT_0 = np.float32(1 / (NEAR**2 * FAR**2))
_AT_NEAR, _AT_FAR = (np.float32(1 / (2 * p**2 * (p**2 - q**2))) for p, q in ((NEAR, FAR), (FAR, NEAR)))


@inlined
def _input(d0, d1, d2, d3, d4, d5):
    """Bᵀ d."""
    near_2, near_1 = multiply(filled(_NEAR_2), d2), multiply(filled(_NEAR_2), d1)
    near_even, near_odd = subtract(d4, multiply(filled(_FAR_2), d2)), subtract(d3, multiply(filled(_FAR_2), d1))
    far_even, far_odd = subtract(d4, near_2), multiply(filled(_FAR), subtract(d3, near_1))
    near = multiply(filled(_NEAR), near_odd)
    return (
        add(multiply(filled(_PRODUCT), d0), subtract(near_even, near_2)),
        add(near_even, near),
        subtract(near_even, near),
        add(far_even, far_odd),
        subtract(far_even, far_odd),
        add(multiply(filled(_PRODUCT), d1), subtract(d5, multiply(filled(_SUM), d3))),
    )


@inlined
def _weight(g0, g1, g2):
    """G g."""
    near_even, near_odd = fma(filled(_NEAR_2), g2, g0), multiply(filled(_NEAR), g1)
    far_even, far_odd = fma(filled(_FAR_2), g2, g0), multiply(filled(_FAR), g1)
    return (
        multiply(filled(_AT_0), g0),
        multiply(filled(_AT_NEAR), add(near_even, near_odd)),
        multiply(filled(_AT_NEAR), subtract(near_even, near_odd)),
        multiply(filled(_AT_FAR), add(far_even, far_odd)),
        multiply(filled(_AT_FAR), subtract(far_even, far_odd)),
        g2,
    )


@inlined
def _output(m0, m1, m2, m3, m4, m5):
    """Aᵀ m."""
    near_even, near_odd = add(m1, m2), subtract(m1, m2)
    far_even, far_odd = add(m3, m4), subtract(m3, m4)
    return (
        add(m0, add(near_even, far_even)),
        fma(filled(_FAR), far_odd, multiply(filled(_NEAR), near_odd)),
        fma(filled(_FAR_2), far_even, multiply(filled(_NEAR_2), near_even)),
        fma(filled(_FAR_3), far_odd, fma(filled(_NEAR_3), near_odd, m5)),
    )


@inlined
def _gradient(y0, y1, y2, y3):
    """A y."""
    near_even, far_even = add(y0, multiply(filled(_NEAR_2), y2)), add(y0, multiply(filled(_FAR_2), y2))
    near_odd = add(multiply(filled(_NEAR), y1), multiply(filled(_NEAR_3), y3))
    far_odd = add(multiply(filled(_FAR), y1), multiply(filled(_FAR_3), y3))
    return (
        y0,
        add(near_even, near_odd),
        subtract(near_even, near_odd),
        add(far_even, far_odd),
        subtract(far_even, far_odd),
        y3,
    )


@inlined
def _taps(m0, m1, m2, m3, m4, m5):
    """Gᵀ m."""
    near_even, near_odd = multiply(filled(_AT_NEAR), add(m1, m2)), multiply(filled(_AT_NEAR), subtract(m1, m2))
    far_even, far_odd = multiply(filled(_AT_FAR), add(m3, m4)), multiply(filled(_AT_FAR), subtract(m3, m4))
    return (
        fma(filled(_AT_0), m0, add(near_even, far_even)),
        fma(filled(_FAR), far_odd, multiply(filled(_NEAR), near_odd)),
        fma(filled(_FAR_2), far_even, fma(filled(_NEAR_2), near_even, m5)),
    )


@compiled
def transform_input(x, place, row, pixel, half, out, spot, step):
    """out[spot + (6i + j)·step] = (Bᵀ d B)[i, j] of the vectors d[i, j] = x[place + i·row + j·pixel].

    Ask memory for what the tile to the right will read.
    """
    for i in range(POINTS):
        at = place + i * row
        for j in range(POINTS, POINTS + OUTPUTS):
            prefetch(x, at + j * pixel)
        values = _input(
            load(x, at),
            load(x, at + pixel),
            load(x, at + 2 * pixel),
            load(x, at + 3 * pixel),
            load(x, at + 4 * pixel),
            load(x, at + 5 * pixel),
        )
        _store_six(values, half, i * POINTS * LANES, LANES)
    for j in range(POINTS):
        _store_six(_input(*_load_six(half, j * LANES, POINTS * LANES)), out, spot + j * step, POINTS * step)


@compiled
def transform_weights(w, place, tap, half, out, spot, step):
    """out[spot + (6i + j)·step] = (G g Gᵀ)[i, j] of the vectors g[r, s] = w[place + (3r + s)·tap]."""
    for r in range(TAPS):
        at = place + TAPS * r * tap
        values = _weight(load(w, at), load(w, at + tap), load(w, at + 2 * tap))
        _store_six(values, half, r * POINTS * LANES, LANES)
    for j in range(POINTS):
        at = j * LANES
        values = _weight(load(half, at), load(half, at + POINTS * LANES), load(half, at + 2 * POINTS * LANES))
        _store_six(values, out, spot + j * step, POINTS * step)


@inlined
def transform_output(m, place, step, half, bias, at, floor, mask, out, spot, steps):
    """out[spot + i·steps[0] + j·steps[1]] = (Aᵀ M A)[i, j] + bias of the vectors M[i, j] = m[place + (6i + j)·step].

    Nothing less than `floor`; if there is a mask, only where it is positive, and NaN where it is.
    Tell whether all of AᵀMA is finite: 0·y is 0 then.
    """
    _transform_rows(m, place, step, half)
    b, sums = load(bias, at), zeros()
    for j in range(OUTPUTS):
        y0, y1, y2, y3 = _output(*_load_six(half, j * POINTS * LANES, LANES))
        sums, line = add(sums, add(add(y0, y1), add(y2, y3))), spot + j * steps[1]
        _store_result(out, line, add(y0, b), floor, mask)
        _store_result(out, line + steps[0], add(y1, b), floor, mask)
        _store_result(out, line + 2 * steps[0], add(y2, b), floor, mask)
        _store_result(out, line + 3 * steps[0], add(y3, b), floor, mask)
    return total(multiply(sums, zeros())) == 0


@inlined
def _store_result(out, place, result, floor, mask):
    if len(mask) > 0:
        given = load(mask, place)
        result = select(is_nan(given), given, select(greater(given, zeros()), result, zeros()))
    store(out, place, maximum(filled(floor), result))


@inlined
def transform_and_pool(m, place, step, half, bias, at, size, out, code, spot, steps):
    """The same with ReLU and 2×2 max-pooling: size[0] × size[1] results, `steps` apart, and their codes.

    Rounding keeps order, so the bias can wait for the largest. Tell whether all is finite: else the codes may be wrong.
    """
    _transform_rows(m, place, step, half)
    b, sums = load(bias, at), zeros()
    for q in range(size[1]):
        a0, a1, a2, a3 = _output(*_load_six(half, 2 * q * POINTS * LANES, LANES))
        b0, b1, b2, b3 = _output(*_load_six(half, (2 * q + 1) * POINTS * LANES, LANES))
        upper, upper_code = _largest(a0, b0, a1, b1)
        lower, lower_code = _largest(a2, b2, a3, b3)
        upper, lower = add(upper, b), add(lower, b)
        all_a, all_b = add(add(a0, a1), add(a2, a3)), add(add(b0, b1), add(b2, b3))
        sums = add(add(sums, add(all_a, all_b)), add(upper, lower))
        store(out, spot + q * steps[1], maximum(zeros(), upper))
        store(code, spot + q * steps[1], upper_code)
        if size[0] > 1:
            store(out, spot + steps[0] + q * steps[1], maximum(zeros(), lower))
            store(code, spot + steps[0] + q * steps[1], lower_code)
    return total(multiply(sums, zeros())) == 0


@inlined
def _transform_rows(m, place, step, half):
    """half[6j + i] = (M A)[i, j]."""
    for i in range(POINTS):
        y0, y1, y2, y3 = _output(*_load_six(m, place + i * POINTS * step, step))
        store(half, i * LANES, y0)
        store(half, (i + POINTS) * LANES, y1)
        store(half, (i + 2 * POINTS) * LANES, y2)
        store(half, (i + 3 * POINTS) * LANES, y3)


@inlined
def _largest(v0, v1, v2, v3):
    """epilogue.largest_of_four for numbers in registers, where a NaN need not win: such results are computed anew."""
    best, code = _challenged(v3, filled(np.int32(3)), v2, 2)
    best, code = _challenged(best, code, v1, 1)
    return _challenged(best, code, v0, 0)


@inlined
def _challenged(champion, code, challenger, place):
    wins = at_most(champion, challenger)
    return select(wins, challenger, champion), select(wins, filled(np.int32(place)), code)


@compiled
def transform_gradient(y, place, row, pixel, half, out, spot, step):
    """out[spot + (6i + j)·step] = (A Y Aᵀ)[i, j] of the vectors Y[i, j] = y[place + i·row + j·pixel]."""
    for i in range(OUTPUTS):
        at = place + i * row
        values = _gradient(load(y, at), load(y, at + pixel), load(y, at + 2 * pixel), load(y, at + 3 * pixel))
        _store_six(values, half, i * POINTS * LANES, LANES)
    for j in range(POINTS):
        at, line = j * LANES, POINTS * LANES
        values = _gradient(load(half, at), load(half, at + line), load(half, at + 2 * line), load(half, at + 3 * line))
        _store_six(values, out, spot + j * step, POINTS * step)


@compiled
def transform_taps(m, half, out):
    """out[3r + s] = (Gᵀ M G)[r, s] of the vectors M[i, j] = m[6i + j]. Tell whether all of it is finite."""
    for i in range(POINTS):
        w0, w1, w2 = _taps(*_load_six(m, i * POINTS * LANES, LANES))
        store(half, i * LANES, w0)
        store(half, (i + POINTS) * LANES, w1)
        store(half, (i + 2 * POINTS) * LANES, w2)
    nothing = zeros()
    for s in range(TAPS):
        w0, w1, w2 = _taps(*_load_six(half, s * POINTS * LANES, LANES))
        nothing = add(nothing, fma(w0, zeros(), fma(w1, zeros(), multiply(w2, zeros()))))
        store(out, s * LANES, w0)
        store(out, (s + TAPS) * LANES, w1)
        store(out, (s + 2 * TAPS) * LANES, w2)
    return total(nothing) == 0


@inlined
def _load_six(array, place, step):
    return (
        load(array, place),
        load(array, place + step),
        load(array, place + 2 * step),
        load(array, place + 3 * step),
        load(array, place + 4 * step),
        load(array, place + 5 * step),
    )


@inlined
def _store_six(values, array, place, step):
    v0, v1, v2, v3, v4, v5 = values
    store(array, place, v0)
    store(array, place + step, v1)
    store(array, place + 2 * step, v2)
    store(array, place + 3 * step, v3)
    store(array, place + 4 * step, v4)
    store(array, place + 5 * step, v5)
