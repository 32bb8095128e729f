"""The contract's error bounds: there for every kernel, right by hand, wide enough for rounding and for nothing else."""

import numpy as np
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from minicnn.kernels import precision
from minicnn.kernels.contract import KERNELS
from minicnn.kernels.contract.bounds import BOUNDS, error_bounds
from minicnn.verify import Case
from minicnn.verify.cases import DRAWN
from minicnn.verify.cases.numbers import Numbers
from minicnn.verify.check import Expectation

POINTS = ((5 / 8, 3 / 2), (3 / 2, 5 / 8))
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


WINDOW = {"pads": ((1, 1), (1, 1))}


@pytest.fixture
def any_precision():
    before = precision.precision()
    yield precision.set_precision
    precision.set_precision(before)


def test_in_precision_float32_the_pixels_of_a_tile_count(any_precision):
    """One pixel of 1,000,000 widens the bounds of sums in its window, and with Winograd of all outputs of its tile."""
    x, w = np.ones((1, 8, 8, 1)), np.ones((3, 3, 1, 1))
    x[0, 0, 0, 0] = 1e6
    any_precision("exact")
    (exact,) = error_bounds("conv2d", [x, w], WINDOW, "float32")
    any_precision("float32")
    (wide,) = error_bounds("conv2d", [x, w], WINDOW, "float32")
    assert np.count_nonzero(exact > 0.1) == 4
    assert np.count_nonzero(wide > 0.1) == 16
    assert (wide >= exact).all()
    (double,) = error_bounds("conv2d", [x, w], WINDOW, "float64")
    np.testing.assert_allclose(double, exact * 2**-28, rtol=1e-6)  # float64's u twice, as it is the reference's as well


def test_winograd_of_one_product_by_hand(any_precision):
    """|A|ᵀ(|G||g||G|ᵀ ⊙ |B|ᵀ|d||B|)|A| for pixel (1, 1) of a tile and the middle tap, at output (0, 0)."""
    any_precision("float32")
    x, w = np.zeros((1, 6, 6, 1)), np.zeros((3, 3, 1, 1))
    x[0, 1, 1, 0] = w[1, 1, 0, 0] = 1
    (bound,) = error_bounds("conv2d", [x, w], {}, "float32")
    near, far = (2 * point * other**2 / abs(2 * point * (point**2 - other**2)) for point, other in POINTS)
    np.testing.assert_allclose(bound[0, 0, 0, 0] / (28 * U), (near + far) ** 2, rtol=1e-5)


def test_winograd_of_one_weight_gradient_by_hand(any_precision):
    """|G|ᵀ(|A||y||A|ᵀ ⊙ |B|ᵀ|d||B|)|G| of that pixel and output (0, 0), at that tap: the same, by symmetry."""
    any_precision("float32")
    x, dy = np.zeros((1, 6, 6, 1)), np.zeros((1, 4, 4, 1))
    x[0, 1, 1, 0] = dy[0, 0, 0, 0] = 1
    (bound,) = error_bounds("conv2d_weight_grad", [x, dy], {"kernel_size": (3, 3)}, "float32")
    near, far = (2 * point * other**2 / abs(2 * point * (point**2 - other**2)) for point, other in POINTS)
    np.testing.assert_allclose(bound[1, 1, 0, 0] / (28 * U), (near + far) ** 2, rtol=1e-5)


def test_where_a_tile_is_not_finite_the_sums_are_direct(any_precision):
    x, w = np.ones((1, 8, 8, 1)), np.ones((3, 3, 1, 1))
    x[0, 0, 0, 0] = np.inf
    bounds = []
    for setting in ("exact", "float32"):
        any_precision(setting)
        bounds += error_bounds("conv2d", [x, w], WINDOW, "float32")
    np.testing.assert_array_equal(bounds[0][0, :4, :4], bounds[1][0, :4, :4])
    assert (bounds[0][0, 4:, 4:] < bounds[1][0, 4:, 4:]).all()


def test_in_precision_tf32_the_factors_of_3x3_convolutions_are_rounded_to_ten_bits(any_precision):
    """18 products of ones: each factor is off by 2⁻¹¹ at most."""
    x, w = np.ones((1, 5, 5, 2)), np.ones((3, 3, 2, 1))
    bounds = {}
    for setting in ("exact", "tf32"):
        any_precision(setting)
        bounds[setting] = [
            error_bounds("conv2d", [x, w], options, "float32")[0] for options in ({}, {"strides": (2, 2)})
        ]
    np.testing.assert_allclose(bounds["tf32"][0] - bounds["exact"][0], 18 * ((1 + 2**-11) ** 2 - 1), rtol=1e-6)
    np.testing.assert_array_equal(bounds["tf32"][1], bounds["exact"][1])


def test_with_a_stride_there_is_no_winograd(any_precision):
    rng, found = np.random.default_rng(0), []
    x, w = rng.standard_normal((1, 7, 7, 2)), rng.standard_normal((3, 3, 2, 2))
    for setting in ("exact", "float32"):
        any_precision(setting)
        found.append(
            [
                bound
                for options in ({"strides": (2, 2)}, {"dilation": (2, 2)}, {"groups": 2})
                for bound in error_bounds("conv2d", [x, w[:, :, : 2 // options.get("groups", 1)]], options, "float32")
            ]
        )
    for exact, wide in zip(*found):
        np.testing.assert_array_equal(exact, wide)
