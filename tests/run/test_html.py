"""The report is one file that needs no other, says what was measured, and trusts no file name."""

import re
import sys

import numpy as np
import pytest
from PIL import Image

import minicnn as mc
from minicnn.plots import Mistake
from minicnn.run.evaluation import Evaluation
from minicnn.run.html import ReportUnavailableError, layer_rows, render

TEXTS = {
    "title": "pets",
    "subtitle": "today",
    "held_back": "validation",
    "facts": [("Data", "4 images")],
    "layers": [{"name": "dense", "kind": "Dense", "shape": "2", "parameters": 12345}],
    "settings": {"seed": 0},
    "unreadable": {},
    "commands": {"minicnn predict m.safetensors": "Use it:"},
    "footer": "",
}


def page(names=("a.jpg", "b.jpg", "c.jpg"), classes=("cat", "dog"), labels=(0, 1, 1), **changes):
    evaluation = Evaluation(np.array([[0.9, 0.1], [0.8, 0.2], [0.4, 0.6]]), np.array(labels), names, list(classes))
    picture = Image.new("L", (28, 28), 200)
    mistakes = [
        Mistake(names[i], picture, classes[labels[i]], classes[evaluation.predicted[i]], 0.8)
        for i in evaluation.worst(9)
    ]
    arguments = {"results": evaluation.numbers(), "mistakes": mistakes} | TEXTS | changes
    return render(**arguments).decode()


def test_it_says_what_was_measured():
    text = re.sub(r"\s+", " ", re.sub("<[^>]*>", " ", page()))
    for expected in (
        "66.7% accuracy",
        "2 of 3 validation images right",
        "dog 2 1 100.0% 50.0%",
        "dense Dense 2 12,345",
    ):
        assert expected in text
    assert "dog , taken for cat (80.0%) b.jpg" in text
    assert "could not be read" not in text


def test_pictures_are_inside_and_nothing_is_fetched(tmp_path):
    for name in ("curves.png", "confusion.png"):
        Image.new("RGB", (9, 9), "red").save(tmp_path / name)
    html = page(curves=tmp_path / "curves.png", confusion=tmp_path / "confusion.png")
    sources = re.findall(r'src="([^"]*)"', html)
    assert len(sources) == 3
    assert all(source.startswith("data:image/png;base64,") for source in sources)
    assert not re.search(r"https?://|<script|<link|@import|url\(", html)


def test_names_are_text_and_nothing_else():
    html = page(names=["<script>alert(1)</script>.jpg", "<b>&", "\udcff.jpg"], classes=["<i>", "日本"])
    assert "<script" not in html
    assert "&lt;i&gt;" in html
    assert "日本" in html


def test_unreadable_files_are_listed_by_name():
    html = page(unreadable={"cats/broken.jpg": "of no known kind"})
    assert "cats/broken.jpg" in html
    assert "of no known kind" in html
    assert "1 left out" in html


def test_large_pictures_are_made_small():
    noise = Image.fromarray(np.random.default_rng(0).integers(0, 255, (900, 1200, 3), np.uint8))
    html = page(mistakes=[Mistake("a.jpg", noise, "cat", "dog", 0.5)])
    assert len(html) < 100_000


def test_classes_without_images_have_no_rates():
    assert "–" in page(labels=(0, 0, 0))


def test_without_mistakes_it_says_so():
    assert "There are none." in page(mistakes=[])


def test_layers_of_a_model():
    model = mc.Sequential([mc.Input((8, 8, 1)), mc.layers.Conv2D(2, 3, name="first"), mc.layers.Flatten(name="flat")])
    assert [(r["name"], r["kind"], r["shape"], r["parameters"]) for r in layer_rows(model)] == [
        ("first", "Conv2D", "6×6×2", 20),
        ("flat", "Flatten", "72", 0),
    ]


def test_without_jinja_the_error_says_how_to_get_it(monkeypatch):
    monkeypatch.setitem(sys.modules, "jinja2", None)
    with pytest.raises(ReportUnavailableError, match=r"pip install \"minicnn\[report\]\""):
        page()
