"""Regularizers: the penalty, its slope, its name."""

import numpy as np
import pytest

from minicnn import Tensor, device, regularizers
from minicnn.regularizers import L1, L1L2, L2


@pytest.fixture(autouse=True)
def portable():
    with device("portable"):
        yield


W = np.array([[1.5, -2.0], [0.0, 0.5]])
PENALTIES = [
    (L1(0.1), 0.1 * 4.0, 0.1 * np.sign(W)),
    (L2(0.1), 0.1 * 6.5, 0.2 * W),
    (L1L2(0.1, 0.3), 0.4 + 1.95, 0.1 * np.sign(W) + 0.6 * W),
]


@pytest.mark.parametrize(("regularizer", "penalty", "gradient"), PENALTIES)
def test_penalty_and_gradient(regularizer, penalty, gradient):
    w = Tensor(W, requires_grad=True)
    result = regularizer(w)
    assert result.shape == ()
    assert result.item() == pytest.approx(penalty)
    result.backward()
    np.testing.assert_allclose(w.grad, gradient)


@pytest.mark.parametrize(("name", "kind"), [("l1", L1), ("L2", L2), ("l1_l2", L1L2), (L2, L2)])
def test_get(name, kind):
    assert type(regularizers.get(name)) is kind


def test_none_is_no_regularizer():
    assert regularizers.get(None) is None


@pytest.mark.parametrize("strength", [-0.1, float("nan"), float("inf")])
def test_strengths_that_are_refused(strength):
    with pytest.raises(ValueError, match="must be a finite number, 0 or more"):
        L2(strength)


def test_defaults_and_config():
    assert (L1().l1, L2().l2, L1L2().l1, L1L2().l2) == (0.01, 0.01, 0, 0)
    assert L1L2.from_config(L1L2(0.5, 0.25).get_config()).l2 == 0.25
