"""Every script in examples/ and every Python example of the README runs, and prints what it should."""

import os
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageDraw

ROOT = Path(__file__).parents[1]
SCRIPTS = sorted(str(script.relative_to(ROOT / "examples")) for script in (ROOT / "examples").rglob("*.py"))
README = (ROOT / "README.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```python\n(.*?)^```", README, flags=re.DOTALL | re.MULTILINE)


def output_of(*command, folder):
    done = subprocess.run(
        [sys.executable, *map(str, command)],
        cwd=folder,
        env=os.environ | {"PYTHONIOENCODING": "utf-8"},
        capture_output=True,
        text=True,
        encoding="utf-8",
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def draw_spots(folder, colours):
    """Ten pictures of each class: spots of one colour."""
    rng = np.random.default_rng(0)
    for name in colours:
        (folder / name).mkdir(parents=True)
        for i in range(10):
            picture = Image.new("RGB", (120, 90), "white")
            for x, y in rng.integers(0, 80, (6, 2)):
                ImageDraw.Draw(picture).ellipse((x, y, x + 20, y + 20), name)
            picture.save(folder / name / f"{i}.png")
    return folder


def test_there_is_a_test_for_every_script():
    assert SCRIPTS == [
        "backprop_by_hand.py",
        "cats_dogs.py",
        "convolution_by_hand.py",
        "micrographs/predict.py",
        "micrographs/train.py",
        "paintings.py",
        "train_digits.py",
    ]


def test_backprop_by_hand(tmp_path):
    lines = output_of(ROOT / "examples/backprop_by_hand.py", folder=tmp_path).splitlines()
    agreeing = {line.split()[0]: line.split()[-2:] for line in lines if line.startswith("  ") and "=" in line[:10]}
    values = {"x1": 6, "x2": 7, "L": 3, "dL/dx2": 1, "dL/dx1": 1, "dL/db": 1, "dL/dw": 2, "dL/dx": 3}
    assert agreeing == {name: [str(value)] * 2 for name, value in values.items()}


def test_convolution_by_hand(tmp_path):
    printed = output_of(ROOT / "examples/convolution_by_hand.py", folder=tmp_path)
    sums = re.findall(r"^   sum (\d)$", printed, flags=re.MULTILINE)
    assert sums == list("434243234")
    assert "   4 3 4\n   2 4 3\n   2 3 4\nThe engine finds the same." in printed
    assert "sum 0.4797\nThe engine finds 0.4797." in printed


def test_train_digits(tmp_path):
    printed = output_of(ROOT / "examples/train_digits.py", 1, folder=tmp_path)
    accuracy = float(re.search(r"test accuracy ([\d.]+)%", printed)[1])
    assert accuracy > 70
    assert (tmp_path / "train_digits.safetensors").is_file()


@pytest.mark.parametrize("network", ["conv1024", "dense512"])
def test_cats_dogs(network, tmp_path):
    images = draw_spots(tmp_path / "images", ("blue", "red"))
    printed = output_of(*(ROOT / "examples/cats_dogs.py", images, "--network", network, "--epochs", 2), folder=tmp_path)
    assert "Using 16 files for training.\nUsing 4 files for validation.\n" in printed
    assert {"conv1024": "664,609", "dense512": "9,494,561"}[network] in printed
    assert re.search(r"accuracy: [\d.]+% of the training images, [\d.]+% of others", printed)


def test_paintings(tmp_path):
    images = draw_spots(tmp_path / "images", ("blue", "green", "red"))
    printed = output_of(ROOT / "examples/paintings.py", images, "--epochs", 1, folder=tmp_path)
    table = re.findall(r"^net (\d), (plain|regularised) +([\d,]+)( +[\d.]+%){3}$", printed, flags=re.MULTILINE)
    kinds = [(str(n), kind) for n in (1, 2, 3) for kind in ("plain", "regularised")]
    assert [row[:2] for row in table] == kinds
    assert [row[2] for row in table[::2]] == ["438,851", "438,851", "475,779"]
    assert Image.open(tmp_path / "paintings.png").size > (600, 400)


def test_micrographs(tmp_path):
    images = draw_spots(tmp_path / "images", ("blue", "green", "red"))
    printed = output_of(ROOT / "examples/micrographs/train.py", "images", "--epochs", 2, "--steps", 20, folder=tmp_path)
    assert "Found 24 images belonging to 3 classes.\nFound 6 images belonging to 3 classes.\n" in printed
    assert float(re.search(r"validation accuracy ([\d.]+)%", printed)[1]) == 100
    files = [images / name / "0.png" for name in ("blue", "green", "red")]
    printed = output_of(ROOT / "examples/micrographs/predict.py", *files, folder=tmp_path).splitlines()
    assert [re.sub(r" \([\d.]+%\)$", "", line) for line in printed] == [f"{f}: {f.parent.name}" for f in files]


@pytest.mark.parametrize("block", BLOCKS, ids=range(len(BLOCKS)))
def test_the_readmes_python_runs(block, tmp_path):
    (tmp_path / "example.py").write_text(block.replace("epochs=3", "epochs=1"), encoding="utf-8")
    printed = output_of("example.py", folder=tmp_path).splitlines()[-1]
    if promised := re.search(r"print\(.*# (.*)\n", block):
        assert printed == promised[1]


def test_the_readme_has_its_two_python_examples():
    assert len(BLOCKS) == 2
