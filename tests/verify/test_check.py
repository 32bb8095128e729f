"""The judge of kernels: what it accepts, what it refuses, and what it says."""

import numpy as np
import pytest

from minicnn.kernels import backend
from minicnn.verify import Case, check
from minicnn.verify.check import compare

X = np.array([-1.0, 2.0, 3.0], "float32")
RELU = Case("relu", "float32", [X])


@pytest.mark.parametrize("name", ["reference", "portable", "cpu"])
def test_right_results_are_right(name):
    assert check(RELU, name).worst == 0
    x, w = np.float32([[0.1, 0.2]]), np.float32([[0.3], [0.4]])
    verdict = check(Case("dense", "float32", [x, w, None]), name)
    assert 0 < verdict.worst <= 1
    assert not verdict.problem


@pytest.mark.parametrize(
    ("wrong", "problem"),
    [
        (lambda right, x: np.abs(x), "result 0 at [0]: got 1.0, expected 0.0, error 1, bound 0"),
        (lambda right, x: right(x).astype("float64"), "result 0 has shape (3,) and dtype float64"),
        (lambda right, x: right(x)[None], "result 0 has shape (1, 3)"),
        (lambda right, x: right(x).tolist(), "result 0 is no array but a list"),
        (lambda right, x: np.negative(x, out=x) * 0 + right(-x), "changed its argument 0"),
        (lambda right, x: x / 0 * 0 + right(x), "RuntimeWarning"),
        (lambda right, x: x[5], "IndexError"),
        (lambda right, x: np.where(x == 2, np.nan, right(x)), "got nan, expected 2.0"),
    ],
)
def test_wrong_results_are_wrong(plant, wrong, problem):
    plant("relu", wrong)
    verdict = check(RELU, "portable")
    assert problem in str(verdict)
    assert verdict.worst > 1


@pytest.mark.parametrize("wrong_value", [np.nan, 3e38, -np.inf])
def test_infinity_must_stay_infinity(plant, wrong_value):
    """Its bound is infinite, and yet not everything goes."""
    plant("sum", lambda right, x, **options: np.asarray(np.nan_to_num(right(x, **options), posinf=wrong_value)))
    case = Case("sum", "float32", [np.array([np.inf, 1], "float32")], {"axis": (0,)})
    assert "expected inf" in check(case, "portable").problem
    assert not check(case, "reference").problem


def test_an_update_in_place_is_compared_in_all_its_arrays(plant):
    case = Case("sgd_update", "float32", [X, X + 1, X + 2], {"learning_rate": 0.5, "momentum": 0.5})
    assert not check(case, "portable").problem

    def spoils_the_gradient(right, w, g, velocity, **options):
        right(w, g, velocity, **options)
        g *= 2

    plant("sgd_update", spoils_the_gradient)
    assert "result 1 at [1]: got 6.0, expected 3.0" in str(check(case, "portable"))


@pytest.mark.parametrize(
    ("result", "expected", "bound", "worst"),
    [
        ([1.5], [1.0], [0.5], 1),
        ([1.5], [1.0], [0.25], 2),
        ([1.0], [1.0], [0.0], 0),
        ([np.nan], [np.nan], [0.0], 0),
        ([np.nan], [1.0], [9.0], np.inf),
        ([1.0], [np.nan], [9.0], np.inf),
        ([np.inf], [np.inf], [np.nan], 0),
        ([np.inf], [-np.inf], [9.0], np.inf),
        ([np.inf], [1e39], [0.0], 0),  # what float32 cannot hold
        ([np.nan], [1.0], [np.inf], 0),
        ([], [], 0.0, 0),
    ],
)
def test_compare(result, expected, bound, worst):
    verdict = compare("y", np.array(result, "float32"), np.array(expected, "float64"), np.asarray(bound))
    assert verdict.worst == worst
    assert bool(verdict.problem) == (worst > 1)


def test_the_backend_is_as_it_was():
    np.testing.assert_array_equal(backend("portable").relu(X), [0, 2, 3])
