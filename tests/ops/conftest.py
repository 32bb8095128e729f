"""What the tests of all ops share: float64 on the portable kernels, and a gradient check without kinks."""

import numpy as np
import pytest

from minicnn import device, gradcheck


@pytest.fixture(autouse=True)
def portable():
    with device("portable"):
        yield


@pytest.fixture
def rng():
    return np.random.default_rng(2024)


@pytest.fixture
def check():
    """gradcheck that insists on every direction of every floating input."""

    def check(function, *inputs):
        report = gradcheck(function, *inputs, directions=4)
        assert report.errors
        assert set(report.kinks.values()) == {0}

    return check
