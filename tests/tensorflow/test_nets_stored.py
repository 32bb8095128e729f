"""Whole nets trained 20 steps from transplanted weights, against stored results of Keras; needs no TensorFlow."""

from pathlib import Path

import numpy as np
import pytest

import minicnn
from minicnn import device

from .case import assert_close
from .nets import NETS, STEPS, train
from .store import load

STORED, RECORD = load(Path(__file__).with_name("nets.npz"))


@pytest.mark.parametrize("name", NETS)
@pytest.mark.parametrize(
    ("kernels", "dtype", "tolerance"),
    [("portable", "float64", 1e-5), ("portable", "float32", 1e-4), ("cpu", "float32", 1e-4)],
)
def test_losses_and_weights_agree_with_keras(name, kernels, dtype, tolerance):
    expected = STORED[f"{name} {dtype}"]
    with device(kernels):
        results = train(NETS[name], minicnn, dtype, RECORD["seed"])
    assert list(results) == list(expected)
    assert_close(results, expected, tolerance, tolerance)


@pytest.mark.parametrize("name", NETS)
def test_training_went_somewhere(name):
    """Had nothing been learnt, weights that never move would agree as well."""
    stored = STORED[f"{name} float64"]
    assert len(stored["losses"]) == STEPS
    assert len(np.unique(stored["losses"])) == STEPS
    assert np.abs(stored["predictions after"] - stored["predictions before"]).max() > 0.01


def test_every_stored_run_is_compared():
    assert STORED.keys() == {f"{name} {dtype}" for name in NETS for dtype in ("float64", "float32")}
