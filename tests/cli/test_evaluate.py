"""`minicnn evaluate`: the tables agree with the model's own predictions; classes are matched by name."""

import json

import numpy as np
import pytest

import minicnn as mc
from minicnn.models import load_model


@pytest.fixture
def colours(tmp_path):
    """The file of a model that knows the colours of `photos` and one more, by their strongest channel."""
    model = mc.Sequential([mc.Input((12, 12, 3)), mc.layers.Rescaling(1 / 255), mc.layers.GlobalAveragePooling2D()])
    model.add(mc.layers.Dense(4, activation="softmax"))
    weights = np.zeros((3, 4), np.float32)
    weights[[0, 1, 2], [3, 1, 0]] = 20
    model.layers[-1].set_weights([weights, np.zeros(4, np.float32)])
    model.class_names = ["blue", "green", "pink", "red"]
    model.save(tmp_path / "colours.safetensors")
    return "colours.safetensors"


def test_numbers_are_those_of_the_model(run, few_digits, model_file):
    found = run("evaluate", model_file, "--json").json
    _, (images, labels) = few_digits
    p = load_model(model_file).predict(images[..., None].astype(np.float32))
    assert found["accuracy"] == (p.argmax(axis=1) == labels).mean()
    assert found["loss"] == pytest.approx(-np.log(p[np.arange(30), labels]).mean(), rel=1e-6)
    assert (found["samples"], found["held_back"]) == (30, "test")


def test_tables_fit_a_terminal_of_80_columns(run, few_digits, model_file, monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")
    code, out, _ = run("evaluate", model_file)
    assert code == 0
    assert "Confusion matrix" in out
    assert max(map(len, out.splitlines())) <= 80


def test_classes_of_a_folder_are_matched_by_name(run, photos, colours):
    found = run("evaluate", colours, "photos", "--json").json
    assert (found["accuracy"], found["samples"]) == (1.0, 40)
    assert {name: numbers["samples"] for name, numbers in found["classes"].items()} == {
        "blue": 8,
        "green": 12,
        "pink": 0,
        "red": 20,
    }
    (photos / "red").rename(photos / "pink")
    found = run("evaluate", colours, "photos", "--json").json
    assert found["accuracy"] == 0.5
    assert found["classes"]["pink"]["recall"] == 0


def test_other_classes_are_refused(run, photos, colours):
    (photos / "red").rename(photos / "rot")
    code, out, err = run("evaluate", colours, "photos")
    assert (code, out) == (2, "")
    assert "its folders are rot, but the model knows the classes blue, green, pink, red" in err
    code, out, err = run("evaluate", colours, ".")
    assert "did you mean photos?" in err


def test_unreadable_files_are_named_or_fatal(run, photos, colours):
    (photos / "red" / "000.png").write_bytes(b"")
    code, out, _ = run("evaluate", colours, "photos")
    assert code == 0
    assert "red/000.png: an empty file" in out
    assert list(run("evaluate", colours, "photos", "--json").json["unreadable"]) == ["red/000.png"]
    code, _, err = run("evaluate", colours, "photos", "--on-error", "fail")
    assert code == 1
    assert "red/000.png" in err


def test_results_can_be_kept(run, photos, colours, tmp_path):
    (photos / "red").rename(photos / "pink")
    found = run("evaluate", colours, "photos", "--out", "results", "--json").json
    names = ["confusion.png", "metrics.json", "mistakes.png", "report.html"]
    assert sorted(path.name for path in (tmp_path / "results").iterdir()) == names
    assert json.loads((tmp_path / "results/metrics.json").read_text())["accuracy"] == found["accuracy"] == 0.5
    report = (tmp_path / "results/report.html").read_text(encoding="utf-8")
    assert "pink/000.png" in report
    code, _, err = run("evaluate", colours, "photos", "--out", "results")
    assert code == 2
    assert "never overwritten" in err


def test_a_run_is_tested_with_what_it_held_back(run, photos):
    trained = run("train", "photos", "--epochs", "1", "--split", "0.4", "--seed", "3", "--json").json
    for name in ("runs/photos", "runs/photos/model.safetensors"):
        found = run("evaluate", name, "--json").json
        assert {key: found[key] for key in ("accuracy", "confusion_matrix", "held_back")} == {
            key: trained[key] for key in ("accuracy", "confusion_matrix", "held_back")
        }
    code, _, err = run("evaluate", "runs/photos", "photos", "--json")
    assert code == 0
    assert "are those that the model learned from" in err


@pytest.mark.parametrize(
    ("shape", "classes", "message"),
    [((8, 8, 3), 10, "the model takes images (8, 8, 3)"), ((28, 28, 1), 4, "the model knows 4")],
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
