"""Every bug still fits today's source, runs, is caught by its check, and leaves nothing behind."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from minicnn.lab import BUGS, LEVELS, SUBJECTS, find, number_of

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("bug", BUGS, ids=lambda bug: bug.name)
def test_its_check_catches_it_and_only_it(bug):
    function = bug.function()
    right = function.__code__
    assert not bug.is_caught()
    with bug.planted():
        assert function.__code__ != right
        assert bug.is_caught()
    assert function.__code__ is right


def test_there_are_many_with_different_names_in_every_subject():
    assert len({bug.name for bug in BUGS}) == len(BUGS) >= 60
    assert {bug.subject for bug in BUGS} == set(SUBJECTS)
    assert {bug.level for bug in BUGS} == set(LEVELS)


def test_find():
    assert find(3) is find("3") is BUGS[2]
    assert find(BUGS[2].name) is BUGS[2]
    assert number_of(BUGS[2]) == 3


@pytest.mark.parametrize(
    ("which", "message"),
    [
        (0, "no bug '0': they are numbered 1 … "),
        (-1, "no bug '-1'"),
        ("twnh", "no bug"),
        ("exp_saves_input", "exp_saves"),
    ],
)
def test_what_is_not_there(which, message):
    with pytest.raises(ValueError, match=message):
        find(which)


def test_the_table_in_the_docs_is_of_these_bugs():
    table = (ROOT / "docs/planted_bugs.md").read_text(encoding="utf-8")
    caught = re.findall(r"^\| (.*?) \| (.*) \| `.*` \|$", table, re.MULTILINE)
    assert caught == [(bug.name.replace("_", " "), bug.story.replace("|", r"\|")) for bug in BUGS]


def test_the_environment_plants_a_bug_in_the_whole_suite():
    tests = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "tests/ops/test_dropout.py"]
    environment = os.environ | {"MINICNN_PLANTED_BUG": "dropout_draws_again", "MINICNN_DEVICE": "portable"}
    done = subprocess.run(tests, cwd=ROOT, env=environment, capture_output=True, text=True)
    assert done.returncode == 1
    assert "FAILED tests/ops/test_dropout.py" in done.stdout
