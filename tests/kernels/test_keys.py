import numpy as np
import pytest

from minicnn.kernels.keys import axes_named, is_view


@pytest.mark.parametrize("key", [1, slice(1, 3), None, ..., (0, None, ..., slice(2))], ids=str)
def test_whole_numbers_and_slices_look_at_the_same_memory(key):
    a = np.zeros((4, 3))
    assert is_view(key)
    assert np.shares_memory(a[key], a)


@pytest.mark.parametrize("key", [[0, 1], True, np.array([1]), (slice(1), [0]), np.zeros((4, 3), bool)], ids=str)
def test_lists_and_masks_make_a_copy(key):
    a = np.zeros((4, 3))
    assert not is_view(key)
    assert not np.shares_memory(a[key], a)


KEYS = [1, [0, 1], (slice(1), 2), (None, 3), np.zeros((5, 4), bool), (np.zeros(5, bool), 1), True, (None, True)]


@pytest.mark.parametrize("key", KEYS, ids=str)
def test_the_axes_behind_those_that_are_named_stay(key):
    a = np.zeros((5, 4, 3))
    named = axes_named(key, a.ndim)
    assert a[key].shape[named - a.ndim :] == a.shape[named:]
    of_the_named = np.zeros(a.shape[:named])[key]
    assert a[key].shape == (*of_the_named.shape, *a.shape[named:])


def test_dots_name_all_axes():
    assert axes_named((..., 0), 3) == 3
