"""The command line as a whole: help, version, wrong usage, and one run as a user starts it."""

import json
import os
import subprocess
import sys

import pytest

import minicnn

COMMANDS = ["train", "evaluate", "predict", "summary", "devices"]


def test_help_lists_every_command_and_the_exit_codes(run):
    result = run("--help")
    assert result.code == 0
    assert all(command in result.out for command in COMMANDS)
    assert "130 interrupted" in result.out


def test_no_command_shows_the_help(run):
    assert run() == run("--help")


@pytest.mark.parametrize("command", COMMANDS)
def test_every_help_has_examples_and_json(run, command):
    result = run(command, "--help")
    assert result.code == 0
    assert f"  minicnn {command}" in result.out
    assert "--json" in result.out


def test_version(run):
    assert run("--version") == (0, f"minicnn {minicnn.__version__}\n", "")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["learn"], "No such command 'learn'. See minicnn --help."),
        (["train", "--epoch", "3"], "--epoch"),
        (["train", "--epochs", "0"], "'--epochs'"),
        (["train", "--batch-size", "many"], "'--batch-size'"),
        (["train", "--learning-rate", "0"], "--learning-rate must be positive, not 0"),
        (["train", "--learning-rate", "nan"], "--learning-rate must be positive, not nan"),
        (["train", "--device", "abacus"], "no device 'abacus'"),
        (["train", "--device", "gpu"], 'use device("cpu")'),
        (["evaluate"], "MODEL"),
        (["predict", "model.safetensors"], "FILES"),
    ],
)
def test_wrong_usage_is_one_line_on_stderr_and_exit_code_2(run, arguments, message):
    code, out, err = run(*arguments)
    assert (code, out) == (2, "")
    assert message in err
    assert err.startswith("minicnn: ")
    assert err.count("\n") == 1


@pytest.mark.parametrize("command", ["evaluate", "summary", "predict"])
def test_a_missing_damaged_or_foreign_model_file_is_one_line_and_exit_code_2(run, tmp_path, command):
    images = ["image.png"] if command == "predict" else []
    (tmp_path / "text.safetensors").write_text("no model at all")
    for name, message in (("missing.safetensors", "no model file"), ("text.safetensors", "not a readable model")):
        code, out, err = run(command, name, *images, "--json")
        assert (code, out) == (2, "")
        assert message in err
        assert name in err
        assert err.count("\n") == 1


def test_ctrl_c_outside_of_training_is_exit_code_130(run, monkeypatch):
    def interrupt(path):
        raise KeyboardInterrupt

    monkeypatch.setattr("minicnn.cli.summary.open_model", interrupt)
    assert run("summary", "model.safetensors") == (130, "", "")


def test_too_little_memory_is_told(run, monkeypatch):
    def no_memory(name):
        raise MemoryError("try batch_size=8")

    monkeypatch.setattr("minicnn.cli.devices.choose_device", no_memory)
    result = run("devices")
    assert (result.code, result.err) == (1, "minicnn: try batch_size=8\n")


def start(*arguments, folder, **environment):
    """The command in a process of its own."""
    command = [sys.executable, "-c", "from minicnn.cli import main; main()", *arguments]
    return subprocess.run(command, cwd=folder, env=os.environ | environment, capture_output=True, text=True)


def test_a_wrong_device_in_the_environment_is_told(tmp_path):
    done = start("devices", folder=tmp_path, MINICNN_DEVICE="abacus")
    assert (done.returncode, done.stdout) == (2, "")
    assert "no device 'abacus'" in done.stderr
    assert done.stderr.count("\n") == 1


def test_a_user_trains_and_evaluates(tmp_path):
    """Nothing but JSON on stdout, the file where it should be, and the same numbers from it."""
    done = start("train", "--epochs", "1", "--batch-size", "250", "--json", folder=tmp_path)
    trained = json.loads(done.stdout)
    assert "Epoch 1/1" in done.stderr
    assert (done.returncode, trained["run"]) == (0, "runs/digits")
    evaluated = json.loads(start("evaluate", "runs/digits", "--json", folder=tmp_path).stdout)
    assert evaluated["accuracy"] == trained["accuracy"] > 0.2
    assert evaluated["confusion_matrix"] == trained["confusion_matrix"]
