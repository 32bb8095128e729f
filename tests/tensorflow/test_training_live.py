"""Losses, metrics, optimizers, schedules and regularizers against the installed Keras, with new random inputs."""

import os
import re

import numpy as np
import pytest

import minicnn

from .case import assert_close
from .cases_training import CASES, LOSSES, METRICS, OPTIMIZERS, REGULARIZERS, SCHEDULES
from .training_in_minicnn import run

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
pytest.importorskip("tensorflow", reason="TensorFlow is not installed")

import keras

from . import training_in_keras

SEED = int(os.environ.get("MINICNN_TEST_SEED") or np.random.SeedSequence().entropy % 2**32)
HINT = f"(set MINICNN_TEST_SEED={SEED} to repeat)"


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_agrees_in_float32(case):
    expected = training_in_keras.run(case, SEED, "float32")
    assert_close(run(case, SEED, "float32"), expected, relative=2e-5, absolute=2e-5, hint=HINT)


@pytest.mark.parametrize("case", LOSSES + SCHEDULES + REGULARIZERS, ids=lambda case: case.name)
def test_agrees_in_float64(case):
    """Metrics count in float32, and optimizers in float64 are among the stored results: 50 steps take their time."""
    expected = training_in_keras.run(case, SEED, "float64")
    assert_close(run(case, SEED, "float64"), expected, relative=case.float64, absolute=case.float64, hint=HINT)


@pytest.mark.parametrize("case", LOSSES + METRICS + OPTIMIZERS, ids=lambda case: case.name)
def test_default_names(case):
    assert _letters(case.make(minicnn).name) == _letters(case.make(keras).name)


def _letters(name: str) -> str:
    """Without the number that Keras gives to the second object of a name, and without underscores."""
    return re.sub(r"_\d+$|_", "", name)


@pytest.mark.parametrize("name", ["accuracy", "acc", "Accuracy"])
@pytest.mark.parametrize(
    ("labels", "predictions"),
    [((4,), (4, 3)), ((4, 1), (4, 3)), ((4, 3), (4, 3)), ((4, 1), (4, 1)), ((4,), (4, 1)), ((4, 2), (4, 2))],
)
def test_accuracy_by_shape(name, labels, predictions):
    from keras.src.trainers.compile_utils import get_metric

    rng = np.random.default_rng(SEED)
    y_true = rng.integers(0, 2, labels).astype(np.float32)
    y_pred = rng.uniform(size=predictions).astype(np.float32)
    theirs, ours = get_metric(name, y_true, y_pred), minicnn.metrics.get(name)
    theirs.update_state(y_true, y_pred)
    ours.update_state(y_true, y_pred)
    assert ours.name == theirs.name
    assert ours.result() == pytest.approx(float(theirs.result()), rel=1e-6)


FANS = ["glorot_uniform", "glorot_normal", "he_uniform", "he_normal", "lecun_uniform", "lecun_normal"]


@pytest.mark.parametrize("name", [*FANS, "random_normal", "random_uniform", "truncated_normal", "zeros", "ones"])
@pytest.mark.parametrize("shape", [(200, 300), (5, 3, 40, 60)])
def test_initializers_have_the_same_moments(name, shape):
    theirs, ours = (np.asarray(library.initializers.get(name)(shape)) for library in (keras, minicnn))
    assert ours.dtype == theirs.dtype
    largest = float(np.abs(theirs).max())
    assert ours.mean() == pytest.approx(float(theirs.mean()), abs=0.03 * largest)
    assert ours.std() == pytest.approx(float(theirs.std()), rel=0.03)
    if name != "random_normal":  # which has no bounds
        assert np.abs(ours).max() == pytest.approx(largest, rel=0.02)
