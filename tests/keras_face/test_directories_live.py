"""Folders of images under the installed Keras and under minicnn: the same files, labels, classes and parts."""

import os

import numpy as np
import pytest
from PIL import Image

import minicnn

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
pytest.importorskip("tensorflow", reason="TensorFlow is not installed")

import keras

NAMES = [
    *("b/10.png", "b/9.jpg", "b/deep/er/1.png", "b/deep/2.png", "b/deep-1/1.png", "B/1.png", "B/2.bmp"),
    *(f"ä c/{n}.png" for n in range(9)),
]


@pytest.fixture(scope="module")
def directory(tmp_path_factory):
    """Every image is of a grey of its own."""
    root = tmp_path_factory.mktemp("photographs")
    for number, name in enumerate(NAMES):
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        Image.new("RGB", (9, 7), (10 * number,) * 3).save(root / name)
    (root / "b/notes.txt").write_text("no image")
    return root


def both(directory, capsys, **options):
    """What Keras makes of it and what minicnn does, and what they say."""
    found = []
    for library in (keras, minicnn):
        made = library.utils.image_dataset_from_directory(directory, image_size=(4, 4), **options)
        found.append((made if isinstance(made, (list, tuple)) else [made], capsys.readouterr().out))
    return found


OPTIONS = [
    {},
    {"label_mode": "categorical", "batch_size": 5},
    {"label_mode": "categorical", "batch_size": None},
    {"label_mode": None},
    {"label_mode": None, "batch_size": None},
    {"labels": None},
    {"labels": [2, 5] * 8},
    {"labels": [2, 1] * 8, "label_mode": "categorical"},
    {"class_names": ["ä c", "b", "B"]},
    {"class_names": ["b", "B"], "label_mode": "binary"},
    {"color_mode": "grayscale", "class_names": ["ä c", "b"]},  # TensorFlow reads no grey BMP
    {"validation_split": 0.2, "subset": "training"},
    {"validation_split": 0.3, "subset": "validation"},
    {"validation_split": 0.25, "subset": "both", "label_mode": "categorical"},
]


@pytest.mark.parametrize("options", OPTIONS, ids=str)
def test_the_same_batches_in_order(directory, capsys, options):
    (theirs, said), (ours, we_say) = both(directory, capsys, shuffle=False, **options)
    assert we_say == said
    for expected, found in zip(theirs, ours, strict=True):
        assert found.file_paths == expected.file_paths
        assert (found.class_names or None) == expected.class_names
        assert len(found) == len(expected)
        for batch, wanted in zip(found, expected.as_numpy_iterator(), strict=True):
            if not isinstance(wanted, tuple):
                batch, wanted = (batch,), (wanted,)
            for ours_, theirs_ in zip(batch, wanted, strict=True):
                assert (ours_.shape, ours_.dtype) == (theirs_.shape, theirs_.dtype)
                np.testing.assert_allclose(ours_, theirs_, atol=1)  # two decoders of JPEG


@pytest.mark.parametrize("seed", [0, 1337])
def test_the_same_files_are_held_back_when_they_are_shuffled(directory, capsys, seed):
    options = {"validation_split": 0.3, "seed": seed, "subset": "both"}
    (theirs, said), (ours, we_say) = both(directory, capsys, **options)
    assert we_say == said
    for expected, found in zip(theirs, ours, strict=True):
        assert found.file_paths == expected.file_paths
    # the validation part is not shuffled again
    for (_, y), (_, wanted) in zip(ours[1], theirs[1], strict=True):
        np.testing.assert_array_equal(y, wanted)
