"""Generators: coming back to a state, and refusing what is none."""

import numpy as np
import pytest

from minicnn import random

KINDS = [np.random.PCG64, np.random.MT19937, np.random.Philox, np.random.SFC64]


@pytest.mark.parametrize("kind", KINDS)
def test_a_state_comes_back(kind):
    one, other = np.random.Generator(kind(1)), np.random.Generator(kind(2))
    one.integers(2**31, dtype=np.int32)  # leaves half a word
    random.set_state(other, random.state_of(one))
    np.testing.assert_array_equal(one.integers(100, size=50), other.integers(100, size=50))
    np.testing.assert_array_equal(one.normal(size=50), other.normal(size=50))


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_no_state_changes_nothing(kind):
    generator, twin = np.random.Generator(kind(1)), np.random.Generator(kind(1))
    state = random.state_of(generator)
    odd = [None, {}, "state", {**state, "bit_generator": "Other"}, {**state, "state": 5}, {**state, "state": {}}]
    odd += [{**state, "state": dict.fromkeys(state["state"], 10**60)}, {**state, "state": None}]
    odd += [{key: value for key, value in state.items() if key != "state"}]
    for other in odd:
        with pytest.raises(ValueError, match="not a state of a"):
            random.set_state(generator, other)
    np.testing.assert_array_equal(generator.random(9), twin.random(9))
