"""Pictures of curves: the right lines, any suffix, and a clear word where Matplotlib is missing."""

import sys

import pytest
from PIL import Image

from minicnn import plots
from minicnn.plots import PlotsUnavailableError, save_curves

HISTORY = {
    "loss": [0.9, 0.4, 0.2],
    "accuracy": [0.7, 0.9, 0.95],
    "val_loss": [0.8, 0.5, 0.4],
    "val_accuracy": [0.7, 0.8],
}


def test_curves_hold_every_epochs_numbers(tmp_path, monkeypatch):
    figures = []
    new_figure = plots._new_figure
    monkeypatch.setattr(plots, "_new_figure", lambda: figures.append(new_figure()) or figures[-1])
    save_curves(HISTORY, tmp_path / "curves.png", test_accuracy=0.9)
    loss, accuracy = figures[0].axes
    assert [list(line.get_ydata()) for line in loss.lines] == [HISTORY["loss"], HISTORY["val_loss"]]
    assert [line.get_label() for line in accuracy.lines] == ["training", "validation", "test 90.0%"]
    assert list(loss.lines[0].get_xdata()) == [1, 2, 3]


def test_the_picture_is_no_empty_page(tmp_path):
    save_curves({"loss": [1.0], "accuracy": [0.5]}, tmp_path / "one-epoch.png")
    assert len(Image.open(tmp_path / "one-epoch.png").convert("RGB").getcolors(1 << 24)) > 10


def test_the_suffix_decides_the_kind(tmp_path):
    save_curves(HISTORY, tmp_path / "curves.svg")
    assert "<svg" in (tmp_path / "curves.svg").read_text()


def test_without_matplotlib_the_error_says_how_to_get_it(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    with pytest.raises(PlotsUnavailableError, match="pip install matplotlib"):
        save_curves(HISTORY, tmp_path / "curves.png")


def test_an_unwritable_place_is_an_os_error(tmp_path):
    with pytest.raises(OSError, match="nowhere"):
        save_curves(HISTORY, tmp_path / "nowhere" / "curves.png")
