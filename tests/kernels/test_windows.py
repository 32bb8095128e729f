import itertools

import numpy as np
import pytest

from minicnn.kernels.portable.windows import padded


@pytest.mark.parametrize("pads", list(itertools.product((0, 1), repeat=4)), ids=str)
def test_a_frame_on_each_side(pads):
    top, bottom, left, right = pads
    x = np.random.default_rng(0).standard_normal((2, 3, 4, 2), np.float32)
    framed = padded(x, ((top, bottom), (left, right)))
    np.testing.assert_array_equal(framed, np.pad(x, ((0, 0), (top, bottom), (left, right), (0, 0))))
    assert framed.dtype == x.dtype
    assert (framed is x) == (not any(pads))
