"""Arithmetic of the speed table."""

import numpy as np
import pytest
from ratios import disagreement, fastest, quartiles, ratio


def test_a_slow_round_does_not_move_the_ratio_of_rounds():
    quiet, disturbed = ratio([1, 1, 1], [2, 2, 2]), ratio([1, 9, 1], [2, 18, 2])
    assert quiet == disturbed == (0.5, 0.5)


def test_the_two_ratios_differ_where_rounds_do():
    found = ratio([1, 2, 6], [4, 1, 3])
    assert found.of_medians == pytest.approx(2 / 3)
    assert found.of_rounds == 2


def test_fastest_goes_by_the_median():
    assert fastest({"lucky once": [0.1, 5, 5], "steady": [2, 2, 2]}) == "steady"


def test_quartiles_of_one_round():
    assert quartiles([3.0]) == (3, 3, 3)


def test_every_array_has_its_own_scale():
    """A small array that is wrong shows beside a large one that is right."""
    right = [np.array([1000.0, 2000.0]), np.array([1e-3, -2e-3])]
    wrong = [right[0], np.array([1e-3, -2.2e-3])]
    name, far = disagreement({"a": right, "b": right, "c": wrong})
    assert name == "c"
    assert far == pytest.approx(0.1)


@pytest.mark.parametrize("number", [np.nan, np.inf])
def test_what_is_not_finite_disagrees(number):
    _, far = disagreement({"a": [1.0], "b": [1.0], "c": [number]})
    assert far == np.inf


def test_arrays_of_other_shapes_or_numbers_are_no_answer():
    with pytest.raises(ValueError, match="shape"):
        disagreement({"a": [np.zeros(2)], "b": [np.zeros(3)]})
    with pytest.raises(ValueError, match="argument 2"):
        disagreement({"a": [1.0], "b": [1.0, 2.0]})
