"""Every program gives under `import minicnn as keras` what it gave under `import keras`; needs no TensorFlow."""

import json
from pathlib import Path

import pytest

import minicnn

from .all_programs import PROGRAMS
from .program import assert_same, run

EXPECTED = json.loads(Path(__file__).with_name("expected.json").read_text(encoding="utf-8"))

pytestmark = pytest.mark.filterwarnings("ignore:the loss is:RuntimeWarning", "ignore:nothing to train")


@pytest.mark.parametrize("name", PROGRAMS)
def test_same_results_as_keras(name):
    assert_same(run(name, minicnn, EXPECTED["record"]["seed"]), EXPECTED["results"][name], name)


def test_every_program_is_stored():
    assert EXPECTED["results"].keys() == PROGRAMS.keys()
