"""The comparison with TensorFlow, where that is installed."""

import pytest

from minicnn.ops.absolute import Absolute
from minicnn.verify import against_tensorflow, run
from minicnn.verify.checks import all_checks, of_operation
from minicnn.verify.operations import OPERATIONS
from minicnn.verify.results import Results
from minicnn.verify.run import Budget, verify

pytestmark = pytest.mark.skipif(not against_tensorflow.installed(), reason="TensorFlow is not installed")


def test_all_operations_but_dropout_are_compared():
    assert OPERATIONS.keys() - against_tensorflow.FUNCTIONS.keys() == {"dropout"}


def test_the_gradients_are_tensorflows(monkeypatch):
    monkeypatch.setattr(run, "BATCH", 4)
    checks = all_checks(["tensorflow"])
    results = Results()
    verify(checks, results, Budget(cases=4 * len(checks)))
    assert [f"{failure.verdict}\n{failure.program()}" for failure in results.failures] == []


def test_another_convention_is_found(monkeypatch):
    """|x| with slope 1 at its corner, where TensorFlow has 0."""
    monkeypatch.setattr(Absolute, "backward", lambda self, k, dy: (dy * (1 - 2 * (self.saved[0] < 0)),))
    results = Results()
    verify(of_operation(all_checks(["tensorflow"]), "absolute"), results, Budget(cases=100))
    (failure,) = results.failures
    assert failure.verdict.problem.startswith("gradient 0 at [")
    assert failure.case.args[0].size <= 2
