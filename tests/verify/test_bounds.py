"""The contract's error bounds: there for every kernel, right by hand, wide enough for rounding and for nothing else."""

import numpy as np
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from minicnn.kernels.contract import KERNELS
from minicnn.kernels.contract.bounds import BOUNDS, error_bounds
from minicnn.verify import Case
from minicnn.verify.cases import DRAWN
from minicnn.verify.cases.numbers import Numbers
from minicnn.verify.check import Expectation

U = 2.0**-24 + 2.0**-53  # one rounding in float32, and one of the float64 reference

#: kernels that copy and compare
EXACT = {
    "negative", "absolute", "sign", "reshape", "transpose", "broadcast_to", "concatenate", "pad", "getitem", "cast",
    "max_pool2d", "global_max_pool2d", "global_max_pool2d_grad", "relu", "relu_grad", "clip", "clip_grad",
}  # fmt: skip


def bounds(kernel, *args, **options):
    return error_bounds(kernel, [np.asarray(arg, np.float64) for arg in args], options, "float32")


def test_every_kernel_has_bounds_and_cases():
    assert BOUNDS.keys() == KERNELS.keys()
    assert DRAWN.keys() == KERNELS.keys()


def bounds_of_ordinary_cases(kernel):
    """Bounds and results of some cases with numbers around 1."""
    found = []

    @settings(max_examples=15, database=None, deadline=None, phases=[Phase.generate], derandomize=True)
    @given(st.data())
    def collect(data):
        args, options = DRAWN[kernel](data.draw, Numbers("float32", ("positive",)))
        expectation = Expectation(Case(kernel, "float32", args, options))
        found.extend(zip(expectation.bounds, expectation.results, strict=True))

    collect()
    return found


@pytest.mark.parametrize("kernel", sorted(EXACT))
def test_what_copies_or_compares_is_exact(kernel):
    assert all(np.all(bound == 0) for bound, _ in bounds_of_ordinary_cases(kernel))


@pytest.mark.parametrize("kernel", sorted(KERNELS.keys() - EXACT))
def test_other_bounds_are_a_few_digits_from_the_last(kernel):
    found = bounds_of_ordinary_cases(kernel)
    assert any(np.any((bound > 0) & np.isfinite(bound)) for bound, _ in found)
    parts = [np.median(np.broadcast_to(bound, result.shape)) / max(1, np.abs(result).max()) for bound, result in found]
    assert np.median(parts) < 1e-4


def test_sums_by_hand():
    (bound,) = bounds("sum", [[1, -2], [3, 4]], axis=(0,))
    np.testing.assert_allclose(bound, [4 * U, 6 * U], rtol=1e-6)  # one addition: u·(1 + 3) and u·(2 + 4)
    (bound,) = bounds("matmul", [[1, -2]], [[3], [4]])
    np.testing.assert_allclose(bound, [[2 * 11 * U]], rtol=1e-6)  # a product and a sum: 2u·(1·3 + 2·4)
    (bound,) = bounds("dense", [[1, -2]], [[3], [4]], [-5])
    np.testing.assert_allclose(bound, [[3 * 16 * U]], rtol=1e-6)


def test_a_place_that_is_written_once_is_exact():
    (bound,) = bounds("getitem_grad", [1, 2, 4], key=[0, 0, 2], shape=(3,))
    np.testing.assert_allclose(bound, [3 * U, 0, 0], rtol=1e-6)
    code = np.array([1, 0], np.uint8).reshape(1, 1, 2, 1)  # both windows name the middle pixel
    window = {"input_size": (1, 3), "pool_size": (1, 2), "strides": (1, 1)}
    (bound,) = error_bounds("max_pool2d_grad", [np.array([1.0, 2]).reshape(1, 1, 2, 1), code], window, "float32")
    np.testing.assert_allclose(bound.ravel(), [0, 3 * U, 0], rtol=1e-6)


def test_cancellation_is_counted():
    (bound,) = bounds("sgd_update", [1.0], [1.0], learning_rate=1.0)[:1]
    np.testing.assert_allclose(bound, [3 * 2 * U], rtol=1e-6)  # w − η·g = 0, but its error is one of 1 + 1


def test_a_denominator_lost_in_rounding_explains_everything():
    of_w, *_ = bounds("rmsprop_update", [0.0], [4.0], [16.0], [4.0], learning_rate=0.1)  # s − a² = 0
    assert of_w == [np.inf]
    of_w, *_ = bounds("rmsprop_update", [0.0], [4.0], [20.0], [4.0], learning_rate=0.1)
    assert of_w < 1e-4


def test_float64_has_narrower_bounds():
    args = [np.ones((3, 4)), np.ones((4, 5))]
    (wide,), (narrow,) = error_bounds("matmul", args, {}, "float32"), error_bounds("matmul", args, {}, "float64")
    np.testing.assert_allclose(wide / narrow, 2.0**28, rtol=1e-6)  # (2⁻²⁴ + 2⁻⁵³) / (2⁻⁵³ + 2⁻⁵³)
