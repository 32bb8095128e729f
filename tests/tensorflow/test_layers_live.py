"""minicnn.layers against the installed Keras, with new random inputs and weights at every run."""

import os

import numpy as np
import pytest

from .case import assert_close
from .cases_layers import CASES
from .layer_in_minicnn import MiniCNN

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
pytest.importorskip("tensorflow", reason="TensorFlow is not installed")

from . import layer_in_keras

SEED = int(os.environ.get("MINICNN_TEST_SEED") or np.random.SeedSequence().entropy % 2**32)
HINT = f"(set MINICNN_TEST_SEED={SEED} to repeat)"


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_agrees_with_keras(case):
    expected = layer_in_keras.run(case, SEED)
    exact = 1e-7 if case.rounded else 1e-11
    assert_close(MiniCNN("portable", "float64").run(case, SEED), expected, exact, exact, HINT)
    assert_close(MiniCNN("portable", "float32").run(case, SEED), expected, 1e-5, 1e-5, HINT)
    assert_close(MiniCNN("cpu", "float32").run(case, SEED), expected, 1e-5, 1e-5, HINT)
