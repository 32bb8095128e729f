import numpy as np
import pytest

from minicnn import device


@pytest.fixture(autouse=True)
def portable():
    with device("portable"):
        yield


@pytest.fixture
def rng():
    return np.random.default_rng(11)
