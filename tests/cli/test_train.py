"""`minicnn train` on few digits: what it says, what it saves, and how it ends early."""

import json
import signal
import sys

import numpy as np
import pytest
from PIL import Image

from minicnn.cli import recipe
from minicnn.datasets import digits
from minicnn.layers.layer import reset_names
from minicnn.models import load_model

pytestmark = pytest.mark.usefixtures("few_digits")


def test_it_announces_reports_saves_and_says_what_next(run, tmp_path):
    code, out, err = run("train", "--epochs", "2", "--batch-size", "32")
    assert (code, err) == (0, "")
    for expected in ("96 to learn from", "80,202 parameters", "2 epochs of 3 steps", "seed 0", "Epoch 2/2"):
        assert expected in out
    for expected in ("Test accuracy", "Confusion matrix", "Recall", "Most frequent mistake", "Try next"):
        assert expected in out
    model = load_model(tmp_path / "digits.safetensors")
    assert model.class_names == digits.CLASS_NAMES
    assert Image.open(tmp_path / "digits.png").size[0] > 600


def test_json_is_one_object_with_everything(run, few_digits):
    code, out, err = run("train", "--epochs", "2", "--json", "--seed", "5", "--out", "runs/five.safetensors")
    found = json.loads(out)
    assert code == 0
    assert "Epoch 2/2" in err
    assert (found["seed"], found["epochs"], found["interrupted"]) == (5, 2, False)
    assert len(found["history"]["loss"]) == len(found["history"]["accuracy"]) == 2
    confusion = np.array(found["confusion_matrix"])
    labels = few_digits[1][1]
    assert confusion.sum(axis=1).tolist() == np.bincount(labels, minlength=10).tolist()
    assert found["test_accuracy"] == confusion.trace() / 30
    for digit, recall in found["recall"].items():
        support = (labels == int(digit)).sum()
        assert recall == (confusion[int(digit), int(digit)] / support if support else None)
    assert found["files"] == {"model": "runs/five.safetensors", "picture": "runs/five.png"}


def test_the_same_seed_gives_the_same_file_and_another_seed_another(run, tmp_path):
    for name, seed in (("a", 3), ("b", 3), ("c", 4)):
        reset_names()
        run("train", "--epochs", "1", "--seed", seed, "--out", f"{name}.safetensors")
    a, b, c = ((tmp_path / f"{name}.safetensors").read_bytes() for name in "abc")
    assert a == b
    assert a != c


def test_quiet_prints_the_results_only(run):
    code, out, _ = run("train", "--epochs", "1", "--quiet")
    assert code == 0
    assert out.startswith("Test accuracy")
    assert "Epoch" not in out
    assert "Try next" not in out


def test_device_chooses_the_kernels(run):
    assert run("train", "--epochs", "1", "--device", "portable", "--json").json["device"] == "portable"


def test_interruption_saves_what_there_is(run, monkeypatch, tmp_path):
    batches = []

    def interrupt_at_the_fourth(images, rng):
        batches.append(len(images))
        if len(batches) == 4:
            signal.raise_signal(signal.SIGINT)
        return images

    monkeypatch.setattr(recipe, "AUGMENTATION", interrupt_at_the_fourth)
    before = signal.getsignal(signal.SIGINT)
    code, out, _ = run("train", "--epochs", "5", "--batch-size", "32")
    assert code == 130
    assert len(batches) == 4
    assert "Interrupted after step 4 of 15" in out
    assert "minicnn evaluate digits.safetensors" in out
    assert "Test accuracy" not in out
    assert load_model(tmp_path / "digits.safetensors").optimizer.iterations == 4
    assert signal.getsignal(signal.SIGINT) is before


def test_interruption_in_json(run, monkeypatch):
    def interrupt(images, rng):
        signal.raise_signal(signal.SIGINT)
        return images

    monkeypatch.setattr(recipe, "AUGMENTATION", interrupt)
    result = run("train", "--epochs", "5", "--json")
    assert result.code == 130
    assert result.json["interrupted"] is True
    assert result.json["files"]["model"] == "digits.safetensors"


def test_a_loss_that_is_no_number_ends_training_with_one_line(run, tmp_path):
    code, out, err = run("train", "--learning-rate", "1e30", "--batch-size", "8", "--json")
    assert (code, out) == (1, "")
    assert "nothing is saved. Try a smaller --learning-rate." in err.splitlines()[-1]
    assert "epoch 1, step" in err
    assert "Warning" not in err
    assert not (tmp_path / "digits.safetensors").exists()


@pytest.mark.parametrize(
    ("out", "message"),
    [
        ("model.h5", "must end in .safetensors"),
        ("folder.safetensors", "is a folder"),
        ("file/model.safetensors", "cannot write to file"),
        ("/proc/model.safetensors", "cannot write to /proc"),
    ],
)
def test_an_unwritable_output_is_found_before_training(run, monkeypatch, tmp_path, out, message):
    (tmp_path / "folder.safetensors").mkdir()
    (tmp_path / "file").touch()
    monkeypatch.setattr(recipe, "compiled_lenet", None)  # must not come so far
    code, stdout, err = run("train", "--out", out)
    assert (code, stdout) == (2, "")
    assert message in err
    assert err.count("\n") == 1


def test_without_matplotlib_everything_but_the_picture_is_there(run, monkeypatch, tmp_path):
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    code, out, _ = run("train", "--epochs", "1")
    assert code == 0
    assert 'for a picture of the curves: pip install "minicnn[report]"' in out
    assert not (tmp_path / "digits.png").exists()
    assert run("train", "--epochs", "1", "--json").json["files"]["picture"] is None
