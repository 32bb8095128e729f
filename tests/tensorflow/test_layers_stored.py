"""minicnn.layers against stored results of Keras; needs no TensorFlow."""

from pathlib import Path

import pytest

from minicnn import layers
from minicnn.layers.preprocessing import Preprocessing

from .case import assert_close
from .cases_layers import CASES
from .layer_in_minicnn import MiniCNN
from .store import load

STORED, RECORD = load(Path(__file__).with_name("layers.npz"))

#: float64 must give the stored float32 numbers up to their rounding, 2⁻²⁴ ≈ 6e-8
FLOAT64 = {"relative": 7e-8, "absolute": 1e-12}
ROUNDED = {"relative": 2e-7, "absolute": 2e-7}
FLOAT32 = {"relative": 1e-5, "absolute": 5e-6}


def check(case, library, **tolerance):
    results = library.run(case, RECORD["seed"])
    assert list(results) == list(STORED[case.name])  # the same weights in the same order
    assert_close(results, STORED[case.name], **tolerance)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_agrees_with_keras_in_float64(case):
    check(case, MiniCNN("portable", "float64"), **(ROUNDED if case.rounded else FLOAT64))


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
@pytest.mark.parametrize("kernels", ["portable", "cpu"])
def test_agrees_with_keras_in_float32(case, kernels):
    check(case, MiniCNN(kernels, "float32"), **FLOAT32)


def test_every_stored_case_is_compared():
    assert STORED.keys() == {case.name for case in CASES}
    assert len(CASES) == len(STORED)


def test_every_layer_has_a_case():
    """But for those without gradients: tests/keras_face/test_preprocessing_live.py compares them with Keras."""
    without_case = {name for name in layers.__all__ if not any(case.name.split()[0] == name for case in CASES)}
    assert {"Input", "InputLayer", "Layer"} <= without_case
    others = (getattr(layers, name) for name in without_case - {"Input", "InputLayer", "Layer"})
    assert all(issubclass(layer, Preprocessing) for layer in others)
