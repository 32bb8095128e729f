"""Planting: one function gets other code, everywhere at once, and gets its own back."""

import traceback

import numpy as np
import pytest

from minicnn import Tensor, device, ops
from minicnn.kernels import backend, portable
from minicnn.lab import Bug
from minicnn.optimizers import Adam


def bug_at(place, old, new):
    return Bug("test", place, old, new, story="", hint="", level=1, check=lambda: None)


HALF = bug_at("minicnn.kernels.portable.dense:dense", "x @ w", "x @ w / 2")


def product():
    """2·3, by each of the ways that lead to one kernel."""
    x, w = np.full((1, 1), 2.0), np.full((1, 1), 3.0)
    with device("portable"):
        through_an_op = ops.dense(Tensor(x), Tensor(w)).item()
    return [through_an_op, backend("portable").dense(x, w).item(), portable.dense(x, w).item()]


def test_it_is_there_for_everyone_and_then_gone():
    assert product() == [6, 6, 6]
    with HALF.planted():
        assert product() == [3, 3, 3]
    assert product() == [6, 6, 6]


def test_it_goes_after_an_error_too():
    with pytest.raises(ZeroDivisionError), HALF.planted():
        raise ZeroDivisionError
    assert product() == [6, 6, 6]


def test_planted_for_good():
    right = HALF.function().__code__
    HALF.plant()
    assert product() == [3, 3, 3]
    HALF.function().__code__ = right


def test_a_property():
    adam = Adam(0.5)
    with bug_at(
        "minicnn.optimizers.optimizer:Optimizer.learning_rate", "return self._learning_rate\n", "return 7\n"
    ).planted():
        assert adam.learning_rate == 7
    assert adam.learning_rate == 0.5


def test_a_method_that_calls_super():
    with bug_at("minicnn.layers.dropout:Dropout.__init__", "self.rate = rate", "self.rate = rate / 2").planted():
        from minicnn.layers import Dropout

        assert Dropout(0.5, name="other").rate == 0.25


def test_tracebacks_name_the_line():
    bug = bug_at("minicnn.ops.exp:Exp.forward", "self.save(y)", "raise KeyError")
    with bug.planted(), pytest.raises(KeyError) as caught:
        ops.exp(Tensor([1.0]))
    frame = traceback.extract_tb(caught.value.__traceback__)[-1]
    assert (frame.name, frame.line) == ("forward", "self.save(y)")


@pytest.mark.parametrize("old", ["x @ v", "x"])
def test_text_that_is_not_there_once_is_refused(old):
    with pytest.raises(ValueError, match=rf"bug 'test': .*dense:dense must hold '{old}' once, found \d+ times"):
        bug_at(HALF.place, old, "y").wrong_code()


def test_the_diff_has_the_changed_lines_only():
    assert HALF.diff().splitlines() == [
        "--- minicnn.kernels.portable.dense:dense",
        "+++ with the bug",
        "-    y = x @ w",
        "+    y = x @ w / 2",
    ]
