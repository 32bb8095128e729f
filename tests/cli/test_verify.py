"""`minicnn verify`: table, JSON, exit codes."""

import sys

import numpy as np
import pytest

from minicnn.kernels import backend


@pytest.fixture
def relu_loses_nan(monkeypatch):
    monkeypatch.setattr(backend("portable"), "relu", lambda x: np.asarray(np.fmax(x, 0)))


def test_the_table(run):
    code, out, _ = run("verify", "--op", "relu", "--backend", "portable", "--cases", "60")
    assert code == 0
    assert "relu_grad" in out
    assert out.index("Kernels") < out.index("relu_grad") < out.index("Gradients")
    assert "60 cases, 60 comparisons, seed 0" in out
    assert "no failure" in out


def test_json(run):
    result = run("verify", "--op", "dense", "--backend", "cpu", "--cases", "50", "--seed", "3", "--json")
    found = result.json
    assert result.code == 0
    assert (found["cases"], found["seed"], found["interrupted"], found["failures"]) == (50, 3, False, [])
    assert {row["backend"] for row in found["table"]} == {"cpu float32"}
    assert {row["name"] for row in found["table"]} == {"dense", "dense_input_grad", "dense_weight_grad"}


def test_a_failure_is_shown_as_a_program_and_with_exit_code_1(run, relu_loses_nan):
    code, out, _ = run("verify", "--op", "relu", "--backend", "portable", "--cases", "200")
    assert code == 1
    assert "FAILED" in out
    assert "# result 0 at []: got 0.0, expected nan, error inf, bound 0" in out
    assert 'case = Case("relu", "float32", [\n    np.array(nan, "float32"),\n], {})' in out
    assert "2 failed" in out


def test_a_failure_in_json(run, relu_loses_nan):
    result = run("verify", "--op", "relu", "--backend", "portable", "--cases", "200", "--json")
    assert result.code == 1
    assert {failure["backend"] for failure in result.json["failures"]} == {"portable float32", "portable float64"}
    assert "np.array(nan" in result.json["failures"][0]["program"]


def test_the_time_is_up_at_once(run):
    result = run("verify", "--seconds", "0", "--json")
    assert (result.code, result.json["cases"], result.json["table"]) == (0, 0, [])


def test_ctrl_c_shows_what_there_is(run, monkeypatch):
    def interrupted(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(backend("portable"), "relu", interrupted)
    result = run("verify", "--op", "relu", "--backend", "portable", "--json")
    assert result.code == 130
    assert result.json["interrupted"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--op", "conv3d"], "no kernel or operation 'conv3d' here; did you mean 'conv2d'?"),
        (["--backend", "portabel"], "no backend 'portabel' here; did you mean 'portable'?"),
        (["--cases", "0"], "'--cases'"),
        (["--seconds", "-1"], "'--seconds'"),
    ],
)
def test_wrong_usage(run, arguments, message):
    code, out, err = run("verify", *arguments)
    assert (code, out) == (2, "")
    assert message in err


def test_without_hypothesis_it_says_how_to_get_it(run, monkeypatch):
    monkeypatch.setitem(sys.modules, "hypothesis", None)
    assert run("verify") == (1, "", 'minicnn: drawing cases needs hypothesis: pip install "minicnn[verify]"\n')
