"""Plainer numbers, as long as the case still fails."""

import numpy as np

from minicnn.verify import Case
from minicnn.verify.simplify import simplified


def simplified_args(*args, fails):
    return simplified(Case("add", "float64", list(args)), lambda case: fails(*case.args)).args


def test_what_does_not_matter_becomes_zero():
    a, b = simplified_args(np.array([0.3, 1.7]), np.array([2.2]), fails=lambda a, b: a[1] > 1)
    assert (a.tolist(), b.tolist()) == ([0, 2], [0])


def test_what_matters_stays():
    (a,) = simplified_args(np.array([0.3, np.nan]), fails=lambda a: a[0] == 0.3)
    assert a.tolist() == [0.3, 0]


def test_codes_labels_and_the_original_stay():
    original = np.array([0.3])
    a, code, nothing = simplified_args(original, np.array([3]), None, fails=lambda *_: True)
    assert (a.tolist(), code.tolist(), nothing) == ([0], [3], None)
    assert original.tolist() == [0.3]


def test_lists_of_arrays():
    (arrays,) = simplified_args([np.array([0.3]), np.array([0.4])], fails=lambda arrays: arrays[1][0] != 0)
    assert [array.tolist() for array in arrays] == [[0], [0.4]]
