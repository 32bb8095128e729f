"""Pictures: the right lines, numbers and names, any suffix, and a clear word where Matplotlib is missing."""

import sys
import warnings

import numpy as np
import pytest
from PIL import Image

from minicnn import plots
from minicnn.plots import Mistake, PlotsUnavailableError, save_confusion, save_curves, save_mistakes
from minicnn.report import ClassificationReport

HISTORY = {
    "loss": [0.9, 0.4, 0.2],
    "accuracy": [0.7, 0.9, 0.95],
    "val_loss": [0.8, 0.5, 0.4],
    "val_accuracy": [0.7, 0.8],
}


@pytest.fixture
def figures(monkeypatch):
    """The figures that are drawn."""
    drawn = []
    new_figure = plots._new_figure
    monkeypatch.setattr(plots, "_new_figure", lambda *size: drawn.append(new_figure(*size)) or drawn[-1])
    return drawn


def test_curves_hold_every_epochs_numbers(tmp_path, figures):
    save_curves(HISTORY, tmp_path / "curves.png", held_back="test")
    loss, accuracy = figures[0].axes
    assert [list(line.get_ydata()) for line in loss.lines] == [HISTORY["loss"], HISTORY["val_loss"]]
    assert [line.get_label() for line in accuracy.lines] == ["training", "test"]
    assert list(loss.lines[0].get_xdata()) == [1, 2, 3]


def test_the_picture_is_no_empty_page(tmp_path):
    save_curves({"loss": [1.0], "accuracy": [0.5]}, tmp_path / "one-epoch.png")
    assert len(Image.open(tmp_path / "one-epoch.png").convert("RGB").getcolors(1 << 24)) > 10


def test_the_suffix_decides_the_kind(tmp_path):
    save_curves(HISTORY, tmp_path / "curves.svg")
    assert "<svg" in (tmp_path / "curves.svg").read_text()


def test_without_matplotlib_the_error_says_how_to_get_it(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    with pytest.raises(PlotsUnavailableError, match=r"pip install \"minicnn\[report\]\""):
        save_curves(HISTORY, tmp_path / "curves.png")


def test_an_unwritable_place_is_an_os_error(tmp_path):
    with pytest.raises(OSError, match="nowhere"):
        save_curves(HISTORY, tmp_path / "nowhere" / "curves.png")


def test_the_confusion_matrix_shows_counts_in_shades_of_the_row(tmp_path, figures):
    report = ClassificationReport.of([0, 0, 0, 0, 1, 1], [0, 0, 0, 1, 1, 1], ["cat", "dog", "$\\fox$"])
    save_confusion(report, tmp_path / "confusion.png")
    axes = figures[0].axes[0]
    assert [text.get_text() for text in axes.texts] == list("310020000")
    np.testing.assert_array_equal(axes.images[0].get_array(), [[0.75, 0.25, 0], [0, 1, 0], [0, 0, 0]])
    assert [label.get_text() for label in axes.get_yticklabels()] == report.class_names


def test_hundreds_of_classes_are_shades_only(tmp_path, figures):
    save_confusion(ClassificationReport.of([0], [0], [f"class {i}" for i in range(200)]), tmp_path / "confusion.png")
    assert not figures[0].axes[0].texts
    assert max(Image.open(tmp_path / "confusion.png").size) < 2500


def mistake(name):
    return Mistake(name, Image.new("RGB", (40, 30), "red"), true="cat", predicted="dog", probability=0.9)


def test_mistakes_name_file_truth_answer_and_probability(tmp_path, figures):
    save_mistakes([mistake(f"cats/{i}.jpg") for i in range(7)], tmp_path / "mistakes.png")
    shown = [axes for axes in figures[0].axes if axes.images]
    assert len(shown) == 7
    assert shown[3].get_title() == "cat, taken for\ndog 90%"
    assert shown[3].texts[0].get_text() == "cats/3.jpg"


@pytest.mark.parametrize("name", ["$a_b$.jpg", "猫/🐈.jpg", "a\tb.jpg", "x" * 300])
def test_any_file_name_can_be_shown(tmp_path, name):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        save_mistakes([mistake(name)], tmp_path / "mistakes.png")


def test_no_mistakes_are_a_picture_too(tmp_path, figures):
    save_mistakes([], tmp_path / "mistakes.png")
    assert figures[0].axes[0].texts[0].get_text() == "no mistakes"
