"""What the tests of layers share: the portable kernels, float64 on demand, and random numbers."""

import numpy as np
import pytest

from minicnn import config, device


@pytest.fixture(autouse=True)
def portable():
    with device("portable"):
        yield


@pytest.fixture
def rng():
    return np.random.default_rng(2024)


@pytest.fixture
def float64():
    config.set_floatx("float64")
    yield
    config.set_floatx("float32")
