"""`minicnn evaluate`: the tables agree with the model's own predictions; other models are refused."""

import numpy as np
import pytest

import minicnn as mc
from minicnn.models import load_model


def test_numbers_are_those_of_the_model(run, few_digits, model_file):
    found = run("evaluate", model_file, "--json").json
    _, (images, labels) = few_digits
    p = load_model(model_file).predict(images[..., None].astype(np.float32))
    assert found["test_accuracy"] == (p.argmax(axis=1) == labels).mean()
    assert found["test_loss"] == pytest.approx(-np.log(p[np.arange(30), labels]).mean(), rel=1e-6)
    assert found["test_samples"] == 30


def test_tables_fit_a_terminal_of_80_columns(run, few_digits, model_file, monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")
    code, out, _ = run("evaluate", model_file)
    assert code == 0
    assert any("Confusion matrix" in line and "Recall" in line for line in out.splitlines())
    assert max(map(len, out.splitlines())) <= 80


@pytest.mark.parametrize(
    ("shape", "classes", "message"),
    [((8, 8, 3), 10, "the model takes images (8, 8, 3)"), ((28, 28, 1), 4, "the model knows 4 classes")],
)
def test_models_for_other_images_are_refused(run, tmp_path, shape, classes, message):
    layers = [mc.Input(shape), mc.layers.GlobalAveragePooling2D(), mc.layers.Dense(classes, activation="softmax")]
    mc.Sequential(layers).save(tmp_path / "other.safetensors")
    code, out, err = run("evaluate", "other.safetensors", "--json")
    assert (code, out) == (2, "")
    assert message in err


def test_the_number_of_threads_is_taken(run, few_digits, model_file, monkeypatch):
    taken = []
    monkeypatch.setattr("minicnn.config.set_num_threads", taken.append)
    assert run("evaluate", model_file, "--threads", "3").code == 0
    assert taken == [3]
    assert run("evaluate", model_file, "--threads", "0").code == 2
