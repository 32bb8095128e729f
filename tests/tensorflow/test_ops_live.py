"""minicnn.ops against the installed TensorFlow, with new random inputs at every run."""

import os

import numpy as np
import pytest

from .case import assert_close, run
from .cases_ops import CASES, CONVOLUTIONS
from .with_minicnn import MiniCNN

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
pytest.importorskip("tensorflow", reason="TensorFlow is not installed")

from .with_tensorflow import OPS, TensorFlow, conv2d_forward

SEED = int(os.environ.get("MINICNN_TEST_SEED") or np.random.SeedSequence().entropy % 2**32)
HINT = f"(set MINICNN_TEST_SEED={SEED} to repeat)"


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_agrees_with_tensorflow(case):
    expected = run(case, TensorFlow(), SEED)
    assert_close(run(case, MiniCNN("portable", "float64"), SEED), expected, 1e-11, 1e-13, HINT)
    assert_close(run(case, MiniCNN("portable", "float32"), SEED), expected, 1e-5, 1e-6, HINT)
    assert_close(run(case, MiniCNN("cpu", "float32"), SEED), expected, 1e-5, 1e-6, HINT)


@pytest.mark.parametrize("case", CONVOLUTIONS, ids=lambda case: case.name)
def test_groups_and_dilation_written_by_hand_are_tensorflows(case):
    inputs, _ = case.draw(SEED)
    arguments = [array.astype(np.float64) for array in inputs.values()]
    expected = conv2d_forward(*arguments, **case.options).numpy()
    np.testing.assert_allclose(OPS["conv2d"](*arguments, **case.options).numpy(), expected, rtol=1e-11, atol=1e-12)
