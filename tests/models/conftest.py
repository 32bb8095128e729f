"""What the tests of models share."""

import numpy as np
import pytest

import minicnn as mc


@pytest.fixture(autouse=True)
def portable():
    mc.utils.set_random_seed(11)
    mc.utils.clear_session()
    with mc.device("portable"):
        yield


@pytest.fixture
def rng():
    return np.random.default_rng(5)
