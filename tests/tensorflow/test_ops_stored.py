"""minicnn.ops against stored results of TensorFlow; needs no TensorFlow."""

from pathlib import Path

import pytest

from .case import assert_close, fingerprint, run
from .cases_ops import CASES
from .store import load
from .with_minicnn import MiniCNN

STORED, RECORD = load(Path(__file__).with_name("ops.npz"))

#: float64 must give the stored float32 numbers up to their rounding, 2⁻²⁴ ≈ 6e-8, and nothing more
FLOAT64 = {"relative": 7e-8, "absolute": 1e-13}
FLOAT32 = {"relative": 1e-5, "absolute": 1e-6}


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
@pytest.mark.parametrize(
    ("library", "tolerance"),
    [
        (MiniCNN("portable", "float64"), FLOAT64),
        (MiniCNN("portable", "float32"), FLOAT32),
        (MiniCNN("cpu", "float32"), FLOAT32),
    ],
    ids=["portable-float64", "portable-float32", "cpu-float32"],
)
def test_agrees_with_tensorflow(case, library, tolerance):
    assert_close(run(case, library, RECORD["seed"]), STORED[case.name], **tolerance)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_inputs_are_those_that_tensorflow_had(case):
    assert fingerprint(case, RECORD["seed"]) == RECORD["inputs"][case.name], (
        f"NumPy draws other numbers than it did when the file was made; run {RECORD['command']}"
    )


def test_every_stored_case_is_compared():
    assert STORED.keys() == {case.name for case in CASES}
    assert len(CASES) == len(STORED)
