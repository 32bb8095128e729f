"""Input gradients behind a pooling: any shape, what must not spread, the same bits on any threads, nothing beyond.

Strides, dilation, groups and other kernels are those of test_fused.py.
"""

import numpy as np
import pytest

from minicnn.kernels import fused, portable
from minicnn.kernels.cpu import fused as fast

NONE, SAME = ((0, 0), (0, 0)), ((1, 1), (1, 1))

# name: x, filters, pads of a 3×3 kernel
CASES = {
    "one window": ((1, 4, 4, 2), 3, NONE),
    "odd": ((2, 7, 5, 3), 2, SAME),
    "asymmetric": ((1, 6, 5, 2), 2, ((0, 2), (3, 1))),
    "wide of the image": ((1, 2, 3, 2), 2, ((6, 0), (3, 7))),
    "a vector and a channel": ((1, 3, 4, 17), 2, SAME),
    "a vector and a filter": ((1, 4, 3, 2), 17, SAME),
    "strips of one image": ((1, 30, 33, 19), 21, SAME),
    "whole vectors": ((3, 12, 16, 32), 64, NONE),
    "more filters than have marks at once": ((1, 6, 6, 8), 130, SAME),
    "many images": ((50, 4, 3, 16), 16, SAME),
}


def arrays(case):
    """dy and the code behind a pooling, w, the ReLU's output y, and the options."""
    shape, filters, pads = CASES[case]
    rng = np.random.default_rng(len(case))
    size = [length + sum(pad) - 2 for length, pad in zip(shape[1:3], pads)]
    pooled = shape[0], size[0] // 2, size[1] // 2, filters
    dy, code = rng.standard_normal(pooled, np.float32), rng.integers(0, 4, pooled).astype(np.uint8)
    w, y = rng.standard_normal((3, 3, shape[3], filters), np.float32), rng.standard_normal(shape, np.float32)
    return dy, code, w, np.maximum(y, 0), {"output_size": size, "input_size": shape[1:3], "pads": pads}


def wide(*numbers):
    return [a.astype(np.float64) if a.dtype.kind == "f" else a for a in numbers]


def assert_close(found, expected):
    finite = np.abs(expected[np.isfinite(expected)])
    np.testing.assert_allclose(found, expected, atol=1e-5 * finite.max(initial=0))


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("masked", [False, True])
def test_agrees_in_double_precision_and_bit_by_bit_on_any_threads(case, masked, any_threads):
    *args, y, options = arrays(case)
    name, args = ("conv2d_input_grad_of_pool_relu", [*args, y]) if masked else ("conv2d_input_grad_of_pool", args)
    expected = getattr(fused, name)(portable, *wide(*args), **options)
    results = []
    for number in (1, 2, 3, 8):
        any_threads(number)
        results.append(getattr(fast, name)(*args, **options))
        assert_close(results[-1], expected)
        assert results[-1].tobytes() == results[0].tobytes()


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("case", ["odd", "asymmetric", "a vector and a channel", "whole vectors"])
def test_what_is_not_finite_stays_with_its_windows_(case, value):
    """An infinite weight meets the zeros that pooling leaves, but not what lies outside."""
    dy, code, w, y, options = arrays(case)
    dy[0, 0, -1, 0] = w[0, 1, 0, 1] = y[-1, 1, 1, 0] = value
    with np.errstate(invalid="ignore"):
        expected = fused.conv2d_input_grad_of_pool_relu(portable, *wide(dy, code, w, y), **options)
    assert_close(fast.conv2d_input_grad_of_pool_relu(dy, code, w, y, **options), expected)


@pytest.mark.parametrize("case", CASES)
def test_nothing_is_read_beyond_the_arguments(case, before_a_forbidden_page):
    *args, options = arrays(case)
    expected = fast.conv2d_input_grad_of_pool_relu(*args, **options)
    found = fast.conv2d_input_grad_of_pool_relu(*map(before_a_forbidden_page, args), **options)
    np.testing.assert_array_equal(found, expected)
