"""What the tests of verification share: a kernel with a bug in it, and a short run."""

import pytest

from minicnn.kernels import backend
from minicnn.verify.checks import all_checks, of_operation
from minicnn.verify.results import Results
from minicnn.verify.run import Budget, verify


@pytest.fixture
def plant(monkeypatch):
    """plant("relu", wrong) puts `wrong(right, *args, **options)` in the place of portable's kernel."""

    def replace(kernel, wrong):
        right = getattr(backend("portable"), kernel)
        monkeypatch.setattr(backend("portable"), kernel, lambda *args, **options: wrong(right, *args, **options))

    return replace


@pytest.fixture
def verified():
    """verified("relu", cases=100): the results for one operation and its gradient kernels on portable."""

    def run(name: str, cases: int) -> Results:
        results = Results()
        verify(of_operation(all_checks(["portable"]), name), results, Budget(cases=cases))
        return results

    return run
