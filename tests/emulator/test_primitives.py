"""What each instruction does, against its definition in NumPy: by its twin on the emulator, and by a GPU."""

import numpy as np
import pytest

from minicnn.kernels.gpu.launch import Kernel
from minicnn.kernels.gpu.machine import using

from .conftest import EXAMPLES, MACHINES

ROUNDED, PRODUCT, MATRICES, COPIES = (
    Kernel(str(EXAMPLES / "primitives"), name) for name in ("rounded", "product", "matrices", "copies")
)


@pytest.fixture(params=[*MACHINES, pytest.param("gpu", marks=pytest.mark.gpu)], ids=repr)
def machine(request):
    return request.getfixturevalue("gpu") if request.param == "gpu" else request.param


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(0)


def computed(machine, kernel: Kernel, *arguments: np.ndarray | int) -> np.ndarray:
    """What a warp leaves in the array that is the last argument."""
    with using(machine):
        given = [machine.put(value) if isinstance(value, np.ndarray) else value for value in arguments]
        kernel(1, 32, *given, shared=1024)
        return given[-1].get()


def rounded(x: np.ndarray) -> np.ndarray:
    """To 11 binary digits, ties away from zero."""
    mantissa, exponent = np.frexp(x.astype(np.float64))
    return np.ldexp(np.copysign(np.floor(np.abs(mantissa) * 2048 + 0.5) / 2048, x), exponent).astype(np.float32)


def truncated(x: np.ndarray) -> np.ndarray:
    """The same digits, but the others left out."""
    return (x.view(np.uint32) & 0xFFFFE000).view(np.float32)


def test_rounding(machine, rng):
    ties = (np.arange(1, 200, 2) / 2048).astype(np.float32) + np.float32(1)
    x = np.concatenate([rng.standard_normal(1000, np.float32), ties, -ties, np.float32([0, 3e38, 1e-30])])
    np.testing.assert_array_equal(computed(machine, ROUNDED, x, x.size, np.zeros_like(x)), rounded(x))


def test_rounding_of_what_is_no_number(machine):
    x = np.float32([np.nan, np.inf, -np.inf, np.finfo(np.float32).max, -0.0])
    y = computed(machine, ROUNDED, x, x.size, np.zeros_like(x))
    np.testing.assert_array_equal(y, [np.nan, np.inf, -np.inf, np.inf, 0])
    assert np.signbit(y[4])


def test_product_of_small_integers_is_exact(machine, rng):
    a, b, d = (rng.integers(-9, 10, shape).astype(np.float32) for shape in ((16, 8), (8, 8), (16, 8)))
    np.testing.assert_array_equal(computed(machine, PRODUCT, a.view(np.uint32), b.view(np.uint32), d), d + a @ b)


def test_product_does_not_see_the_last_13_bits(machine, rng):
    a, b, d = (rng.standard_normal(shape, np.float32) for shape in ((16, 8), (8, 8), (16, 8)))
    expected = d + truncated(a).astype(np.float64) @ truncated(b)
    actual = computed(machine, PRODUCT, a.view(np.uint32), b.view(np.uint32), d)
    np.testing.assert_allclose(actual, expected, rtol=0, atol=2e-6)


def test_product_keeps_nan_and_infinity(machine, rng):
    a, b, d = (rng.integers(1, 9, shape).astype(np.float32) for shape in ((16, 8), (8, 8), (16, 8)))
    a[3, 2], b[5, 6], d[9, 1] = np.nan, np.inf, -np.inf
    np.testing.assert_array_equal(computed(machine, PRODUCT, a.view(np.uint32), b.view(np.uint32), d), d + a @ b)


def test_matrices_come_from_the_rows_that_the_lanes_name(machine, rng):
    x, row = rng.integers(0, 2**32, (32, 4), np.uint32), rng.permutation(32).astype(np.int32)
    expected = x[row].reshape(4, 8, 4).transpose(1, 2, 0).reshape(32, 4)  # matrix, row, place → lane 4·row + place
    np.testing.assert_array_equal(computed(machine, MATRICES, x, row, np.zeros_like(x)), expected)


def test_copies(machine, rng):
    x, present = rng.standard_normal((64, 4), np.float32), rng.integers(0, 2, (64, 1)).astype(np.int32)
    np.testing.assert_array_equal(computed(machine, COPIES, x, present, np.zeros_like(x)), np.where(present, x, 0))
