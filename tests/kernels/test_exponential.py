"""The compiled exponential and logarithm against NumPy's in float64, in units in the last place."""

import numpy as np
import pytest

from minicnn.kernels.cpu.exponential import exp, log1p
from minicnn.kernels.cpu.parallel import parallel, unpack

UNITS = 2


@parallel("f4[::1], f4[::1]")
def exp_of_each(worker, workers, arguments):
    x, y = unpack(arguments)
    for i in range(len(x)):
        y[i] = exp(x[i])


@parallel("f4[::1], f4[::1]")
def log1p_of_each(worker, workers, arguments):
    x, y = unpack(arguments)
    for i in range(len(x)):
        y[i] = log1p(x[i])


def floats(first: float, last: float, step: int) -> np.ndarray:
    """Every so many of the float32 numbers from the first on; both must be positive or 0."""
    bits = np.float32([first, last]).view(np.int32)
    return np.arange(bits[0], bits[1] + 1, step, dtype=np.int32).view(np.float32)


def error_in_units(of_each, function, x: np.ndarray) -> float:
    """The largest error among the finite results; the others must be equal."""
    actual = np.empty_like(x)
    of_each(1, x, actual)
    with np.errstate(over="ignore"):
        exact = function(x.astype(np.float64))
        rounded = exact.astype(np.float32)
    finite = np.isfinite(rounded)
    np.testing.assert_array_equal(actual[~finite], rounded[~finite])
    return float(np.max(np.abs(actual[finite] - exact[finite]) / np.spacing(rounded[finite])))


@pytest.mark.parametrize("sign", [1, -1])
def test_exp(sign):
    x = np.concatenate([floats(0, 110, 997), np.float32([0, 88.72283, 88.72284, 103, 1e30, np.inf])])
    assert error_in_units(exp_of_each, np.exp, sign * x) <= UNITS


def test_log1p():
    x = np.concatenate([floats(0, 1, 499), floats(0.5, 1, 7), np.float32([0, 1e-45, 1e-38, 1])])
    assert error_in_units(log1p_of_each, np.log1p, x) <= UNITS


@pytest.mark.parametrize("of_each", [exp_of_each, log1p_of_each])
def test_nan_stays(of_each):
    y = np.zeros(40, np.float32)
    of_each(1, np.full(40, np.nan, np.float32), y)
    assert np.isnan(y).all()
