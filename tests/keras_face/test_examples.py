"""Examples that are Keras programs run under Keras, with the import line changed."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

pytest.importorskip("tensorflow", reason="TensorFlow is not installed")
pytest.importorskip("scipy", reason="SciPy, which Keras transforms images with, is not installed")

EXAMPLES = Path(__file__).parents[2] / "examples"


def run_under_keras(script, *arguments, folder):
    program = (EXAMPLES / script).read_text(encoding="utf-8")
    assert program.count("\nimport minicnn as keras\n") == 1
    changed = folder / Path(script).name
    changed.write_text(program.replace("import minicnn as keras", "from tensorflow import keras"), encoding="utf-8")
    environment = os.environ | {"TF_CPP_MIN_LOG_LEVEL": "3", "PYTHONIOENCODING": "utf-8"}
    command = [sys.executable, str(changed), *map(str, arguments)]
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, encoding="utf-8")
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_micrographs(tmp_path):
    rng = np.random.default_rng(0)
    for name in ("a", "b", "c"):
        (tmp_path / "images" / name).mkdir(parents=True)
        for i in range(5):
            Image.fromarray(rng.integers(0, 256, (30, 40, 3), np.uint8)).save(tmp_path / "images" / name / f"{i}.png")
    options = ("--epochs", 1, "--steps", 2, "--model", "model.keras")
    printed = run_under_keras("micrographs/train.py", tmp_path / "images", *options, folder=tmp_path)
    assert "Found 12 images belonging to 3 classes.\nFound 3 images belonging to 3 classes.\n" in printed
    printed = run_under_keras(
        "micrographs/predict.py", tmp_path / "images/a/0.png", "--model", "model.keras", folder=tmp_path
    )
    assert "0.png: " in printed.splitlines()[-1]
