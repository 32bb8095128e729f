"""Winograd convolution: any shape, what must not spread, the same bits on any threads, and not one number beyond."""

import functools
import itertools

import numpy as np
import pytest

from minicnn.kernels import backend, fused, portable
from minicnn.kernels.cpu import choose, winograd, winograd_weight_grad
from minicnn.kernels.cpu import fused as fast
from minicnn.kernels.cpu.simd import LANES
from minicnn.kernels.winograd import matrices
from minicnn.verify import Case, check

NONE, SAME = ((0, 0), (0, 0)), ((1, 1), (1, 1))

# name: x, filters, pads
SMALL = {
    "one tile": ((1, 4, 4, 2), 3, SAME),
    "smaller than a tile": ((2, 1, 2, 3), 5, SAME),
    "odd": ((2, 7, 5, 3), 2, SAME),
    "valid": ((1, 7, 8, 2), 3, NONE),
    "no room for a window but one": ((3, 3, 3, 5), 1, NONE),
    "the last patch ends with the image": ((2, 6, 10, 3), 2, NONE),
    "asymmetric": ((1, 6, 5, 2), 2, ((0, 2), (3, 1))),
    "wide of the image": ((1, 2, 3, 2), 2, ((6, 0), (3, 7))),
    "a vector and a channel": ((1, 3, 4, 17), 2, SAME),
    "a vector and a filter": ((1, 4, 3, 2), 17, SAME),
}
LARGE = {
    "several blocks": ((5, 30, 33, 19), 21, SAME),
    "whole vectors": ((3, 12, 16, 32), 64, NONE),
    "filters split among threads": ((1, 6, 6, 8), 130, SAME),
    "images of one tile": ((50, 4, 3, 16), 16, SAME),
}
CASES = {**SMALL, **LARGE}


@pytest.fixture(autouse=True)
def _preferred():
    with choose.preferring("winograd"):
        yield


def arrays(case):
    shape, filters, pads = CASES[case]
    rng = np.random.default_rng(len(case))
    size = [length + sum(pad) - 2 for length, pad in zip(shape[1:3], pads)]
    shapes = shape, (3, 3, shape[3], filters), (filters,), (shape[0], *size, filters)
    return *(rng.standard_normal(shape, np.float32) for shape in shapes), {"pads": pads}


def all_three(name, x, w, b, dy, options):
    k = backend(name)
    return (
        k.conv2d(x, w, b, **options),
        k.conv2d_input_grad(dy, w, input_size=x.shape[1:3], **options),
        k.conv2d_weight_grad(x, dy, kernel_size=(3, 3), **options),
    )


def test_the_matrices_compute_a_correlation():
    (at, g, bt), rng = matrices(), np.random.default_rng(0)
    d, w = rng.standard_normal((6, 6)), rng.standard_normal((3, 3))
    found = at @ ((g @ w @ g.T) * (bt @ d @ bt.T)) @ at.T
    expected = backend("portable").conv2d(d[None, ..., None], w[..., None, None])[0, ..., 0]
    np.testing.assert_allclose(found, expected, atol=1e-14)


def test_the_matrices_of_transforms_are_exact_in_float32():
    at, _, bt = matrices()
    for matrix in (at, bt):
        np.testing.assert_array_equal(matrix.astype(np.float32), matrix)


@pytest.mark.parametrize("case", SMALL)
def test_lies_within_its_bounds(case):
    x, w, b, dy, options = arrays(case)
    for bias in (b, None):
        assert not check(Case("conv2d", "float32", [x, w, bias], options), "cpu").problem
    assert not check(Case("conv2d_weight_grad", "float32", [x, dy], options | {"kernel_size": (3, 3)}), "cpu").problem
    options["input_size"] = x.shape[1:3]
    assert not check(Case("conv2d_input_grad", "float32", [dy, w], options), "cpu").problem


@pytest.mark.parametrize("case", CASES)
def test_agrees_in_double_precision_and_bit_by_bit_on_any_threads(case, any_threads):
    x, w, b, dy, options = arrays(case)
    expected = all_three("portable", *(a.astype(np.float64) for a in (x, w, b, dy)), options)
    any_threads(1)
    first = all_three("cpu", x, w, b, dy, options)
    for found, right in zip(first, expected):
        np.testing.assert_allclose(found, right, atol=1e-5 * np.abs(right).max())
    for number in (2, 3, 8):
        any_threads(number)
        for found, same in zip(all_three("cpu", x, w, b, dy, options), first):
            np.testing.assert_array_equal(found, same)


SPECIAL = [np.nan, np.inf, -np.inf, 3e37]


@pytest.mark.parametrize(("victim", "value"), list(itertools.product(range(4), SPECIAL)), ids=str)
@pytest.mark.parametrize("case", ["odd", "valid", "asymmetric", "a vector and a filter"])
def test_what_is_not_finite_reaches_exactly_the_sums_that_contain_it(case, victim, value):
    """A large number as well: in the transforms it overflows."""
    x, w, b, dy, options = arrays(case)
    victims = x, w, b, dy
    for place in (0, victims[victim].size // 2, victims[victim].size - 1):
        victims[victim].flat[place] = value
    with np.errstate(all="ignore"):
        assert not check(Case("conv2d", "float32", [x, w, b], options), "cpu").problem
        weights = Case("conv2d_weight_grad", "float32", [x, dy], options | {"kernel_size": (3, 3)})
        assert not check(weights, "cpu").problem
        pixels = Case("conv2d_input_grad", "float32", [dy, w], options | {"input_size": x.shape[1:3]})
        assert not check(pixels, "cpu").problem


def test_a_tile_beside_one_that_is_not_finite_stays_the_same():
    x, w, b, dy, options = arrays("whole vectors")
    before = all_three("cpu", x, w, b, dy, options)[:2]
    x[1, 5, 5, 20] = dy[1, 5, 5, 20] = np.nan
    after = all_three("cpu", x, w, b, dy, options)[:2]
    for old, new in zip(before, after):
        touched = np.isnan(new)
        assert touched.sum() == 9 * old.shape[3]
        np.testing.assert_allclose(new[~touched], old[~touched], atol=1e-5 * np.abs(old).max())
        np.testing.assert_array_equal(new[[0, 2]], old[[0, 2]])


def test_weight_gradients_of_many_tiles_stay_exact():
    """Sums of as many terms of one sign as no block has: one after the other they would lose digits."""
    x, dy = np.ones((64, 64, 64, 1), np.float32), np.full((64, 64, 64, 1), 0.1, np.float32)
    dw = backend("cpu").conv2d_weight_grad(x, dy, kernel_size=(3, 3), pads=SAME)
    expected = backend("portable").conv2d_weight_grad(*wide(x, dy), kernel_size=(3, 3), pads=SAME)
    np.testing.assert_allclose(dw, expected, rtol=2e-6)


def test_lanes_without_a_filter_do_not_matter():
    """What an earlier call left in memory may be in them."""
    rng = np.random.default_rng(0)
    x, dy = rng.standard_normal((1, 4, 4, 1), np.float32), rng.standard_normal((1, 4, 4, 2 * LANES - 3), np.float32)
    weight_grad = functools.partial(backend("cpu").conv2d_weight_grad, kernel_size=(3, 3), pads=SAME)
    dw = weight_grad(x, dy)
    weight_grad(x, np.full((1, 4, 4, 2 * LANES - 1), np.nan, np.float32))
    np.testing.assert_array_equal(weight_grad(x, dy), dw)


# Fused

POOLED = [case for case, (shape, _, pads) in CASES.items() if min(h + sum(p) - 2 for h, p in zip(shape[1:3], pads)) > 1]


def wide(*numbers):
    return [a.astype(np.float64) if a.dtype.kind == "f" else a for a in numbers]


def assert_close(found, expected):
    finite = np.abs(expected[np.isfinite(expected)])
    np.testing.assert_allclose(found, expected, atol=1e-5 * finite.max(initial=0))


def assert_same_on_any_threads(any_threads, kernel, *args, **options):
    """What the kernel returns, the same bits on 1, 2, 3 and 8 threads."""
    any_threads(1)
    first = kernel(*args, **options)
    for number in (2, 3, 8):
        any_threads(number)
        for found, same in zip(np.atleast_1d(kernel(*args, **options)), np.atleast_1d(first)):
            np.testing.assert_array_equal(found, same)
    return first


def assert_pooled(found, x, w, b, options):
    """Codes are compared where one pixel is clearly the largest: Winograd's sums differ where direct ones tie."""
    conv = fused.conv2d_relu(portable, *wide(x, w, b), **options)
    expected, place = portable.max_pool2d(conv, **fused.POOL)
    y, code = found
    assert_close(y, expected)
    assert code.max() <= 3
    n, p, q, k = y.shape
    pixels = np.sort(conv[:, : 2 * p, : 2 * q].reshape(n, p, 2, q, 2, k).swapaxes(2, 3).reshape(n, p, q, 4, k), axis=3)
    with np.errstate(invalid="ignore"):
        clear = (pixels[..., 3, :] - pixels[..., 2, :] > 1e-3) | np.isnan(expected)
    assert clear.any()
    np.testing.assert_array_equal(code[clear], place[clear])


@pytest.mark.parametrize("case", CASES)
def test_with_relu(case, any_threads):
    x, w, b, _, options = arrays(case)
    expected = fused.conv2d_relu(portable, *wide(x, w, b), **options)
    assert_close(assert_same_on_any_threads(any_threads, fast.conv2d_relu, x, w, b, **options), expected)


@pytest.mark.parametrize("case", POOLED)
def test_with_relu_and_max_pooling(case, any_threads):
    x, w, b, _, options = arrays(case)
    found = assert_same_on_any_threads(any_threads, fast.conv2d_relu_max_pool, x, w, b, **options)
    assert_pooled(found, x, w, b, options)
    y, _ = fast.conv2d_relu_max_pool(x, w, b - 1000, **options)
    assert (y == 0).all()


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("case", ["odd", "a vector and a filter", "whole vectors"])
def test_what_is_not_finite_stays_with_its_windows_in_relu_and_pooling(case, value):
    x, w, b, _, options = arrays(case)
    x[0, 2, 2, 0], w[1, 0, 1, 1], b[-1] = value, value, value
    expected = fused.conv2d_relu(portable, *wide(x, w, b), **options)
    assert_close(fast.conv2d_relu(x, w, b, **options), expected)
    assert_pooled(fast.conv2d_relu_max_pool(x, w, b, **options), x, w, b, options)


@pytest.mark.parametrize("case", CASES)
def test_gradient_with_the_mask_of_a_relu(case, any_threads):
    x, w, _, dy, options = arrays(case)
    y, options = np.maximum(x, 0), {"input_size": x.shape[1:3], **options}
    y.flat[:: y.size // 2] = np.nan
    expected = fused.conv2d_input_grad_relu(portable, *wide(dy, w, y), **options)
    assert_close(assert_same_on_any_threads(any_threads, fast.conv2d_input_grad_relu, dy, w, y, **options), expected)


# Memory


@pytest.mark.parametrize(("case", "number"), list(itertools.product(CASES, (1, 2, 8))))
def test_nothing_is_written_beyond_the_results(case, number, any_threads):
    any_threads(number)
    x, w, b, dy, options = arrays(case)
    y, around = guarded(dy.shape)
    winograd.conv2d(x, w, b, options["pads"], y)
    assert_guarded(y, around)
    dx, around = guarded(x.shape)
    winograd.conv2d_input_grad(dy, w, options["pads"], dx, mask=np.abs(x))
    assert_guarded(dx, around)


@pytest.mark.parametrize(("case", "number"), list(itertools.product(CASES, (1, 2, 8))))
def test_nothing_is_written_beyond_weight_gradients_and_their_sums(case, number, any_threads, monkeypatch):
    any_threads(number)
    x, _, _, dy, options = arrays(case)
    given = []

    def empty(shape):
        given.append(guarded(shape))
        return given[-1][0]

    monkeypatch.setattr(winograd_weight_grad, "empty", empty)
    winograd_weight_grad.weight_grad(x, dy, options["pads"])
    assert given
    for _, memory in given:
        assert (memory[:64] == 99).all()
        assert (memory[-64:] == 99).all()


@pytest.mark.parametrize(("case", "number"), list(itertools.product(POOLED, (1, 2, 8))))
def test_nothing_is_written_beyond_pooled_results(case, number, any_threads):
    any_threads(number)
    x, w, b, dy, options = arrays(case)
    shape = len(dy), dy.shape[1] // 2, dy.shape[2] // 2, dy.shape[3]
    (y, around), (code, around_code) = guarded(shape), guarded(shape, np.uint8)
    winograd.conv2d(x, w, b, options["pads"], y, code=code)
    assert_guarded(y, around)
    assert_guarded(code, around_code)


def guarded(shape, dtype=np.float32):
    """An array, and all the memory that it lies in."""
    memory = np.full(int(np.prod(shape)) + 128, 99, dtype)
    return memory[64:-64].reshape(shape), memory


def assert_guarded(array, memory):
    assert (memory[:64] == 99).all()
    assert (memory[-64:] == 99).all()
    assert not (array == 99).any()


@pytest.mark.parametrize("case", CASES)
def test_nothing_is_read_beyond_the_arguments(case, before_a_forbidden_page):
    """A page that may not be touched follows each of them: to read it would end the process."""
    x, w, b, dy, options = arrays(case)
    expected = all_three("cpu", x, w, b, dy, options)
    for found, same in zip(all_three("cpu", *map(before_a_forbidden_page, (x, w, b, dy)), options), expected):
        np.testing.assert_array_equal(found, same)
