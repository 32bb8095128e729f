"""Where pictures come from: counts, sizes, and labels matched by name."""

import numpy as np
import pytest
from PIL import Image

from minicnn.data.listing import FolderError
from minicnn.datasets import digits
from minicnn.run.sources import Digits, labelled_as, source

from ..folders import make_folder, make_images


def test_without_a_folder_it_is_the_digits(settings_of):
    found = source(None)
    assert isinstance(found, Digits)
    assert (found.size, found.channels, found.held_back, found.class_names) == ((28, 28), 1, "test", digits.CLASS_NAMES)
    assert [counts.tolist() for counts in found.counts] == [[400] * 10, [100] * 10]
    training, test = found.pictures(settings_of(found), "int")
    assert (len(training), len(test), test.names[17]) == (4000, 1000, "test image 17")
    np.testing.assert_array_equal(np.asarray(test.picture(17)), digits.load_data()[1][0][17])


def test_a_folder_is_split_by_class(photos):
    found = source(photos, split=0.25)
    assert (found.name, found.class_names, found.held_back) == ("photos", ["blue", "green", "red"], "validation")
    assert [counts.tolist() for counts in found.counts] == [[6, 9, 15], [2, 3, 5]]
    assert (found.size, found.channels, found.is_split) == ((12, 12), 3, True)


def test_training_and_validation_folders_are_taken_as_they_are(tmp_path):
    make_folder(tmp_path / "train", {"red": 5, "blue": 4})
    make_folder(tmp_path / "validation", {"red": 2, "blue": 3})
    found = source(tmp_path)
    assert [counts.tolist() for counts in found.counts] == [[4, 5], [3, 2]]
    assert not found.is_split


def test_sizes_are_the_median_and_grey_is_grey_only_if_all_are(tmp_path):
    make_images(tmp_path / "a", 3, "red", size=(30, 20))
    make_images(tmp_path / "b", 2, "blue", size=(90, 50))
    assert source(tmp_path).size == (20, 30)
    for path in tmp_path.glob("*/*.png"):
        Image.open(path).convert("L").save(path)
    (tmp_path / "a" / "broken.png").write_text("no picture")
    assert source(tmp_path).channels == 1


def test_the_fingerprint_tells_other_pictures(photos):
    before = source(photos).fingerprint
    assert source(photos).fingerprint == before
    assert source(photos, seed=1).fingerprint != before
    (photos / "red" / "000.png").write_bytes(b"x")
    assert source(photos).fingerprint != before


def test_labels_are_those_of_the_model(photos):
    found = labelled_as(["green", "yellow", "red", "blue"], photos)
    assert found.class_names == ["green", "yellow", "red", "blue"]
    assert found.counts.tolist() == [12, 0, 20, 8]
    assert {path.parent.name for path, label in zip(found.paths, found.labels) if label == 2} == {"red"}


def test_one_class_is_enough_to_be_tested(tmp_path):
    make_images(tmp_path / "red", 2, "red")
    assert labelled_as(["blue", "red"], tmp_path).labels.tolist() == [1, 1]


def test_other_classes_are_refused_and_the_likely_folder_named(photos, tmp_path):
    with pytest.raises(FolderError, match=r"its folders are red, but the model knows the classes blue, green; name"):
        labelled_as(["blue", "green"], photos)
    with pytest.raises(FolderError, match=r"folders are photos, but .*; did you mean .*photos\?"):
        labelled_as(["blue", "green", "red"], tmp_path)
    (tmp_path / "empty").mkdir()
    with pytest.raises(FolderError, match="folders are none"):
        labelled_as(["blue", "green"], tmp_path / "empty")
