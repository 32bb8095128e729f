"""Runs that end before their time, and go on: Ctrl-C, kill, a full disk."""

import errno
import json
import os
import random
import signal
import subprocess
import sys
import time

import pytest

from minicnn.callbacks import CSVLogger
from minicnn.cli import main
from minicnn.models import load_model
from minicnn.run import training

from ..folders import make_folder

COUNTS = {"red": 20, "green": 12, "blue": 8}
OPTIONS = ("--epochs", "3", "--batch-size", "4", "--augment", "flip,zoom=0.2")


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """The run without an interruption; `photos` of every test are the same images."""
    folder = tmp_path_factory.mktemp("whole")
    make_folder(folder / "photos", COUNTS)
    arguments = ["train", str(folder / "photos"), *OPTIONS, "--out", str(folder / "run"), "--quiet"]
    with pytest.raises(SystemExit) as left:
        main(arguments)
    assert left.value.code == 0
    return folder / "run"


@pytest.fixture
def interrupt(monkeypatch):
    """interrupt(n): Ctrl-C during step n."""

    def at(step):
        steps = iter(range(1, 10**6))
        begin = training.Clock.on_train_batch_begin

        def count(self, batch, logs=None):
            if next(steps) == step:
                signal.raise_signal(signal.SIGINT)
            begin(self, batch, logs)

        monkeypatch.setattr(training.Clock, "on_train_batch_begin", count)

    return at


def assert_same_end(one, other):
    for name in ("model.safetensors", "metrics.csv"):
        assert (one / name).read_bytes() == (other / name).read_bytes()
    a, b = (json.loads((path / "metrics.json").read_text()) for path in (one, other))
    assert a | {"seconds": 0} == b | {"seconds": 0}  # all but the time


def test_interrupted_runs_are_saved_and_go_on(run, whole, photos, interrupt, tmp_path):
    interrupt(13)
    before = signal.getsignal(signal.SIGINT)
    code, out, _ = run("train", "photos", *OPTIONS)
    assert code == 130
    assert "Interrupted after epoch 2, step 5 of 8" in out
    assert "minicnn train --resume runs/photos" in out
    assert "accuracy [" not in out
    assert load_model(tmp_path / "runs/photos/model.safetensors").optimizer.iterations == 13
    assert signal.getsignal(signal.SIGINT) is before

    assert run("evaluate", "runs/photos").code == 0
    code, out, err = run("train", "--resume", "runs/photos")
    assert (code, err) == (0, "")
    assert "Validation accuracy" in out
    assert_same_end(tmp_path / "runs/photos", whole)
    assert not (tmp_path / "runs/photos/backup").exists()


def test_an_interruption_during_validation_waits_for_its_end(run, photos, monkeypatch):
    monkeypatch.setattr(training.Clock, "on_test_begin", lambda self, logs=None: signal.raise_signal(signal.SIGINT))
    code, out, _ = run("train", "photos", *OPTIONS)
    assert code == 130
    assert "Interrupted after epoch 1." in out


def test_interruption_in_json(run, few_digits, interrupt):
    interrupt(1)
    result = run("train", "--epochs", "5", "--json")
    assert result.code == 130
    assert result.json["interrupted"] is True
    assert result.json["files"] == {"model": "runs/digits/model.safetensors"}


def test_a_finished_run_is_left_as_it_is(run, whole):
    before = {path: path.stat().st_mtime_ns for path in whole.rglob("*")}
    code, out, _ = run("train", "--resume", whole)
    assert code == 0
    assert "is finished already" in out
    found = run("train", "--resume", whole, "--json").json
    assert found["accuracy"] == json.loads((whole / "metrics.json").read_text())["accuracy"]
    assert {path: path.stat().st_mtime_ns for path in whole.rglob("*")} == before


def test_other_images_are_refused(run, photos, interrupt):
    interrupt(3)
    run("train", "photos", *OPTIONS)
    (photos / "red" / "000.png").unlink()
    code, out, err = run("train", "--resume", "runs/photos")
    assert (code, out) == (1, "")
    assert "have changed since the run in runs/photos began" in err


@pytest.mark.parametrize("config", ["{}", "[]", '{"settings": {"epochs": 3}}', "{"])
def test_a_config_that_does_not_fit_is_told(run, tmp_path, config):
    (tmp_path / "run").mkdir()
    (tmp_path / "run/config.json").write_text(config)
    code, out, err = run("train", "--resume", "run")
    assert (code, out) == (2, "")
    assert "config.json" in err
    assert err.count("\n") == 1


def test_a_full_disk_is_one_line_and_the_run_can_go_on(run, whole, photos, monkeypatch, tmp_path):
    def full(self, epoch, logs=None):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(self.filename))

    with monkeypatch.context() as patched:
        patched.setattr(CSVLogger, "on_epoch_end", full)
        code, out, err = run("train", "photos", *OPTIONS, "--json")
    assert (code, out) == (1, "")
    message = (
        "cannot write to runs/photos/metrics.csv: No space left on device; make room, then go on with `minicnn train"
    )
    assert message in err.splitlines()[-1]
    assert "Traceback" not in err
    assert run("train", "--resume", "runs/photos").code == 0
    assert_same_end(tmp_path / "runs/photos", whole)


def test_a_disk_that_is_full_at_the_end(run, whole, photos, monkeypatch, tmp_path):
    def full(directory, *_, **__):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(directory.report))

    with monkeypatch.context() as patched:
        patched.setattr("minicnn.run.results.write_results", full)
        assert run("train", "photos", *OPTIONS).code == 1
    assert not (tmp_path / "runs/photos/metrics.json").exists()
    assert run("train", "--resume", "runs/photos").code == 0
    assert_same_end(tmp_path / "runs/photos", whole)


def test_a_run_that_is_killed_goes_on_to_the_same_end(whole, photos, tmp_path):
    """kill -9 at random moments, in processes of their own, until the run comes to its end."""
    command = [sys.executable, "-c", "from minicnn.cli import main; main()", "train"]
    often = "import datetime; from minicnn.run import training; training._BETWEEN_BACKUPS = datetime.timedelta(0); "
    command[2] = often + command[2]
    rng = random.Random(5)
    arguments = ["photos", *OPTIONS, "--out", "killed"]
    for _ in range(2):
        process = subprocess.Popen([*command, *arguments], cwd=tmp_path, stdout=subprocess.DEVNULL)
        begun = tmp_path / "killed/metrics.csv"
        while process.poll() is None and not begun.exists():
            time.sleep(0.02)
        time.sleep(rng.uniform(0, 0.3))
        process.kill()
        process.wait()
        arguments = ["--resume", "killed"]
    assert subprocess.run([*command, "--resume", "killed"], cwd=tmp_path, stdout=subprocess.DEVNULL).returncode == 0
    assert_same_end(tmp_path / "killed", whole)
