"""The scripts that students get: they run, the networks learn, and nothing in them gives the answer away."""

import subprocess
import sys

import numpy as np
import pytest

from minicnn import device
from minicnn.datasets import digits
from minicnn.lab import BUGS, SUBJECTS, exercise, find, number_of
from minicnn.utils import set_random_seed


@pytest.mark.parametrize("subject", SUBJECTS.values(), ids=SUBJECTS)
def test_its_network_learns(subject):
    set_random_seed(0)
    (images, labels), _ = digits.load_data()
    with device("portable"):
        x = images[:120, ::2, ::2, None] / np.float32(255)
        history = subject.model().fit(x, labels[:120], epochs=4, verbose=0).history
    assert history["loss"][-1] < history["loss"][0]


def test_the_script_runs_and_shows_the_difference(tmp_path):
    number = number_of(find("divide_forgets_a_denominator"))
    script = tmp_path / "bug.py"
    suspicion = 'suspect("divide", ops.divide, [[1.0, 2.0]], [[3.0, 4.0]])\n'
    script.write_text(exercise(find(number)) + suspicion, encoding="utf-8")
    done = subprocess.run([sys.executable, script], capture_output=True, text=True, encoding="utf-8")
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    loss, first, _, last, wrong_first, _, wrong_last = lines[1].replace("→", " → ").split()
    assert loss == "loss"
    assert float(last) < float(first)
    assert float(wrong_last) < float(wrong_first)
    assert last != wrong_last
    assert "negative: right" in lines
    assert lines[-1].startswith("divide: wrong gradient for input 1 (b, shape (1, 2)): worst at index")


def test_a_network_that_never_comes_to_the_bug_says_so(tmp_path):
    script = tmp_path / "bug.py"
    script.write_text(exercise(find("nesterov_is_ignored")), encoding="utf-8")
    done = subprocess.run([sys.executable, script], capture_output=True, text=True, encoding="utf-8")
    assert "Not a digit differs" in done.stdout


@pytest.mark.parametrize("bug", BUGS, ids=lambda bug: bug.name)
def test_the_script_keeps_the_secret(bug):
    script = exercise(bug)
    compile(script, "bug.py", "exec")
    for secret in (bug.name, bug.story, bug.hint, bug.place):
        assert secret not in script
