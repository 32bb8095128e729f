"""The judge of gradients: ⟨v, Jᵀu⟩ = ⟨Jv, u⟩ where they are right, and not where one is wrong anywhere."""

import numpy as np
import pytest

from minicnn.ops.multiply import Multiply
from minicnn.ops.sigmoid import Sigmoid
from minicnn.verify import Case, check_gradient

rng = np.random.default_rng(0)


def normal(*shape):
    return rng.standard_normal(shape).astype("float32")


CONVOLUTION = {"strides": (2, 1), "pads": ((1, 0), (0, 2)), "dilation": (1, 2), "groups": 1}
CASES = [
    Case("sigmoid", "float32", [normal(3, 4)]),
    Case("multiply", "float32", [normal(3, 4), normal(4)]),
    Case("conv2d", "float32", [normal(2, 5, 6, 3), normal(3, 2, 3, 4), normal(4)], CONVOLUTION),
    Case("conv2d", "float32", [normal(2, 5, 6, 3), normal(3, 2, 3, 4), None], CONVOLUTION),
    Case("concatenate", "float32", [[normal(2, 3), normal(1, 3)]], {"axis": 0}),
    Case("softmax_cross_entropy", "float32", [normal(4, 5), np.eye(5, dtype="float32")[:4]]),
    Case("dropout", "float32", [normal(30)], {"rate": 0.5, "rng": 3}),
    Case("mean", "float32", [normal(2, 3, 4)], {"axis": (0, 2), "keepdims": False}),
]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
@pytest.mark.parametrize("name", ["reference", "portable", "cpu"])
def test_right_gradients_are_right(case, name):
    assert check_gradient(case, name).worst <= 1
    assert check_gradient(case.in_float64(), name).worst <= 1


def test_a_forgotten_factor_is_found(monkeypatch):
    monkeypatch.setattr(Sigmoid, "backward", lambda self, k, dy: (k.multiply(dy, self.saved[0]),))
    verdict = check_gradient(CASES[0], "portable")
    assert verdict.worst > 10
    assert "⟨v, Jᵀu⟩ = " in verdict.problem


def test_one_wrong_element_of_many_is_found(monkeypatch):
    right = Multiply.backward

    def last_element_missing(self, k, dy):
        da, db = right(self, k, dy)
        da.flat[-1] = 0
        return da, db

    monkeypatch.setattr(Multiply, "backward", last_element_missing)
    case = Case("multiply", "float64", [rng.standard_normal((30, 30)), rng.standard_normal((30, 30))])
    assert check_gradient(case, "portable").problem


def test_swapped_gradients_are_found(monkeypatch):
    right = Multiply.backward
    monkeypatch.setattr(Multiply, "backward", lambda self, k, dy: right(self, k, dy)[::-1])
    assert check_gradient(Case("multiply", "float32", [normal(3, 3), normal(3, 3)]), "portable").problem


def test_slopes_that_are_steep_or_moved_a_little_are_right():
    """Rounding of the differences does not shrink with v."""
    for x in np.linspace(0.5, 3, 50):
        assert check_gradient(Case("power", "float64", [np.array(x)], {"exponent": 3}), "portable").worst < 1


def test_a_gradient_that_raises_is_wrong(monkeypatch):
    monkeypatch.setattr(Sigmoid, "backward", lambda self, k, dy: 1 / 0)
    assert "ZeroDivisionError" in check_gradient(CASES[0], "portable").problem
