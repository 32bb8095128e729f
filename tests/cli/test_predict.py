"""`minicnn predict`: probabilities of image files, broken files beside good ones, ink on paper."""

import numpy as np
import pytest
from PIL import Image

from minicnn.datasets import digits
from minicnn.models import load_model


@pytest.fixture
def digit_file(tmp_path):
    """The first test digit as a PNG in the current folder."""
    _, (images, _) = digits.load_data()
    Image.fromarray(images[0]).save(tmp_path / "digit.png")
    return "digit.png"


def test_probabilities_are_the_models_own(run, digit_file, model_file):
    (prediction,) = run("predict", model_file, digit_file, "--json").json["predictions"]
    _, (images, _) = digits.load_data()
    p = load_model(model_file).predict(images[:1, ..., None].astype(np.float32))[0]
    assert list(prediction["probabilities"].values()) == pytest.approx(p.tolist(), rel=1e-6)
    assert prediction["class"] == str(p.argmax())
    assert sum(prediction["probabilities"].values()) == pytest.approx(1)


def test_the_table_shows_the_best_classes_first(run, digit_file, model_file):
    found = run("predict", model_file, digit_file, "--json").json["predictions"][0]["probabilities"]
    best = sorted(found, key=lambda name: -found[name])
    code, out, err = run("predict", model_file, digit_file, "--top", "2")
    rows = [line.split() for line in out.splitlines()[1:]]
    assert (code, err) == (0, "")
    assert len(rows) == 2
    assert rows[0][:2] == [digit_file, best[0]]
    assert rows[1][0] == best[1]
    assert rows[0][-1] == f"{found[best[0]]:.1%}"


def test_bad_files_are_named_and_the_others_predicted(run, digit_file, model_file, tmp_path):
    (tmp_path / "broken.png").write_bytes((tmp_path / digit_file).read_bytes()[:60])
    (tmp_path / "notes.txt").write_text("no image")
    code, out, err = run("predict", model_file, "broken.png", digit_file, "notes.txt", "missing.jpg")
    assert code == 1
    assert digit_file in out
    assert [line.split(":")[1].strip() for line in err.splitlines()] == ["broken.png", "notes.txt", "missing.jpg"]


def test_bad_files_in_json(run, digit_file, model_file):
    result = run("predict", model_file, "missing.jpg", digit_file, "--json")
    assert result.code == 1
    assert result.json["unreadable"] == ["missing.jpg"]
    assert [p["file"] for p in result.json["predictions"]] == [digit_file]


def test_only_bad_files(run, model_file):
    result = run("predict", model_file, "missing.jpg", "--json")
    assert result.code == 1
    assert result.json["predictions"] == []


def test_invert_makes_of_a_photographed_digit_what_the_model_knows(run, digit_file, model_file, tmp_path):
    """Dark grey ink on light grey paper, five times as large."""
    ink = np.asarray(Image.open(tmp_path / digit_file), np.float32).repeat(5, axis=0).repeat(5, axis=1)
    Image.fromarray((210 - ink * 170 / 255).astype(np.uint8)).save(tmp_path / "photo.png")
    expected, photo = (
        run("predict", model_file, *files, "--json").json["predictions"][0]["probabilities"]
        for files in ([digit_file], ["photo.png", "--invert"])
    )
    assert list(photo.values()) == pytest.approx(list(expected.values()), abs=0.01)
