"""Every program under the installed Keras and under minicnn, with new random numbers at every run."""

import os

import numpy as np
import pytest

import minicnn

from .all_programs import PROGRAMS
from .program import assert_same, run

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
pytest.importorskip("tensorflow", reason="TensorFlow is not installed")

import keras

SEED = int(os.environ.get("MINICNN_TEST_SEED") or np.random.SeedSequence().entropy % 2**32)

pytestmark = pytest.mark.filterwarnings("ignore")


@pytest.mark.parametrize("name", PROGRAMS)
def test_same_results_as_keras(name):
    expected = run(name, keras, SEED)
    assert_same(run(name, minicnn, SEED), expected, f"(MINICNN_TEST_SEED={SEED}) {name}")
