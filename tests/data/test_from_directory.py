"""Keras's function for folders of images: which files, in which order, and what is said."""

import numpy as np
import pytest
from PIL import Image

from minicnn.utils import image_dataset_from_directory

NAMES = ("b/2.png", "b/10.PNG", "b/deep/1.jpg", "a/z.png", "a/y.bmp", "c ä/1.png", "b/deep-1/1.png")

IN_B = ("b/10.PNG", "b/2.png", "b/deep/1.jpg", "b/deep-1/1.png")  # not in the order of the paths as strings


@pytest.fixture
def directory(tmp_path):
    for grey, name in enumerate(NAMES):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.new("RGB", (8, 8), (10 * grey,) * 3).save(path)
    (tmp_path / "b/notes.txt").write_text("no image")
    return tmp_path


def load(directory, **options):
    return image_dataset_from_directory(
        directory, **({"image_size": (4, 4), "shuffle": False, "verbose": False} | options)
    )


def names(data, directory):
    return [path.removeprefix(f"{directory}/").replace("\\", "/") for path in data.file_paths]


def test_class_by_class_folder_by_folder_name_by_name(directory):
    data = load(directory)
    assert data.class_names == ["a", "b", "c ä"]
    assert names(data, directory) == ["a/y.bmp", "a/z.png", *IN_B, "c ä/1.png"]
    ((x, y),) = data
    assert (x.shape, y.tolist()) == ((7, 4, 4, 3), [0, 0, 1, 1, 1, 1, 2])
    np.testing.assert_allclose(x[:, 0, 0, 0], [40, 30, 10, 0, 20, 60, 50], atol=1)


def test_the_order_of_classes_can_be_given(directory):
    data = load(directory, class_names=["c ä", "a"])
    assert names(data, directory) == ["c ä/1.png", "a/y.bmp", "a/z.png"]
    assert data.labels.tolist() == [0, 1, 1]


def test_no_labels(directory):
    for options in ({"labels": None}, {"label_mode": None}):
        data = load(directory, **options)
        (x,) = data
        assert x.shape == (7, 4, 4, 3)
        assert data.class_names == []


def test_labels_of_ones_own(directory):
    data = load(directory, labels=[3, 3, 4, 4, 3, 4, 4])
    assert data.class_names == ["3", "4"]
    assert [y.tolist() for _, y in data] == [[3, 3, 4, 4, 3, 4, 4]]


def test_what_is_said(directory, capsys):
    load(directory, verbose=True)
    load(directory, verbose=True, labels=None)
    load(directory, verbose=True, validation_split=0.4, subset="validation")
    load(directory, verbose=True, validation_split=0.4, subset="both")
    load(directory)
    assert capsys.readouterr().out.splitlines() == [
        "Found 7 files belonging to 3 classes.",
        "Found 7 files.",
        "Found 7 files belonging to 3 classes.",
        "Using 2 files for validation.",
        "Found 7 files belonging to 3 classes.",
        "Using 5 files for training.",
        "Using 2 files for validation.",
    ]


@pytest.mark.parametrize("shuffle", [True, False])
def test_the_parts_make_up_the_whole(directory, shuffle):
    options = {"validation_split": 0.4, "shuffle": shuffle, "seed": 1}
    training, validation = load(directory, subset="both", **options)
    assert sorted(names(training, directory) + names(validation, directory)) == sorted(NAMES)
    assert training.file_paths == load(directory, subset="training", **options).file_paths
    assert validation.file_paths == load(directory, subset="validation", **options).file_paths
    assert [y.tolist() for _, y in validation] == [validation.labels.tolist()]  # never shuffled beside a training part
    assert len(validation.labels) == 2


def test_shapes(directory):
    Image.fromarray(np.tile(np.arange(0, 240, 10, dtype=np.uint8), (8, 1))).save(directory / "a/wide.png")
    options = {"label_mode": None, "color_mode": "grayscale", "image_size": 8, "interpolation": "nearest"}
    wide = {
        fit: load(directory, batch_size=1, **options, **{f"{fit}_to_aspect_ratio": True} if fit else {})
        for fit in ("", "crop", "pad")
    }
    rows = {fit: next(iter(data))[0, 4, :, 0].tolist() for fit, data in wide.items()}
    assert rows[""] == rows["pad"] == [10, 40, 70, 100, 130, 160, 190, 220]
    assert rows["crop"] == [80, 90, 100, 110, 120, 130, 140, 150]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"labels": [1, 2]}, "a number for each of the 7 images .* got 2"),
        ({"labels": "infer"}, "got 'infer'"),
        ({"labels": None, "class_names": ["a"]}, "class_names are for"),
        ({"color_mode": "rgba"}, "color_mode must be 'grayscale' or 'rgb', got 'rgba'"),
        ({"interpolation": "gaussian"}, "interpolation must be .* got 'gaussian'"),
        ({"label_mode": "binary"}, "2 classes"),
        ({"validation_split": 0.2}, "give both"),
        ({"subset": "training"}, "give both"),
        ({"validation_split": 0.2, "subset": "test"}, "subset must be"),
        ({"validation_split": 1.2, "subset": "both"}, "between 0 and 1"),
        ({"validation_split": 0.1, "subset": "both"}, "less than one"),
        ({"validation_split": 0.2, "subset": "both", "shuffle": True}, "give a seed"),
        ({"crop_to_aspect_ratio": True, "pad_to_aspect_ratio": True}, "not both"),
    ],
)
def test_arguments_that_cannot_be(directory, options, message):
    with pytest.raises(ValueError, match=message):
        load(directory, **options)
