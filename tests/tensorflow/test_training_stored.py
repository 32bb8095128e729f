"""Losses, metrics, optimizers, schedules and regularizers against stored results of Keras; needs no TensorFlow."""

from pathlib import Path

import pytest

from .case import assert_close, fingerprint
from .cases_training import CASES
from .store import load
from .training_in_minicnn import run

STORED, RECORD = load(Path(__file__).with_name("training.npz"))

every_case = pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)


@every_case
def test_in_float64(case):
    assert_close(run(case, RECORD["seed"], "float64"), STORED[case.name], relative=case.float64, absolute=case.float64)


@every_case
@pytest.mark.parametrize("kernels", ["portable", "cpu"])
def test_in_float32(case, kernels):
    assert_close(run(case, RECORD["seed"], "float32", kernels), STORED[case.name], relative=case.float32, absolute=2e-6)


@every_case
def test_inputs_are_those_that_keras_had(case):
    assert fingerprint(case, RECORD["seed"]) == RECORD["inputs"][case.name], (
        f"NumPy draws other numbers than it did when the file was made; run {RECORD['command']}"
    )


def test_every_stored_case_is_compared():
    assert STORED.keys() == {case.name for case in CASES}
    assert len(CASES) == len(STORED)
