"""Pictures: batches as the loss wants them, names beside answers, and files that cannot be read."""

import numpy as np
import pytest

from minicnn.data.folder import find_images
from minicnn.images import ImageFileError
from minicnn.run.pictures import ArrayPictures, FolderPictures


def of_folder(photos, **options):
    return FolderPictures(find_images(photos), image_size=(12, 12), batch_size=7, shuffle=False, **options)


@pytest.mark.parametrize("mode", ["int", "categorical", "binary"])
def test_both_kinds_want_the_same_of_labels(photos, mode, tmp_path):
    (photos / "green").rename(tmp_path / "elsewhere")
    files = of_folder(photos, label_mode=mode)
    y = np.concatenate([y for _, y in files.data])
    arrays = ArrayPictures(np.zeros((28, 4, 4), np.uint8), files.labels, files.class_names, "image", 28, mode)
    [(_, expected)] = arrays.data
    np.testing.assert_array_equal(y, expected)
    np.testing.assert_array_equal(files.targets(files.labels), expected)


def test_names_labels_and_pictures_belong_together(photos):
    files = of_folder(photos)
    x = np.concatenate([x for x, _ in files.data])
    assert (len(files), files.names[8], files.counts.tolist()) == (40, "green/000.png", [8, 12, 20])
    assert [name.partition("/")[0] for name in files.names] == [files.class_names[label] for label in files.labels]
    np.testing.assert_array_equal(np.asarray(files.picture(8)), x[8])


def test_unreadable_files_are_left_out_by_name(photos):
    (photos / "green" / "000.png").write_bytes(b"")
    files = of_folder(photos)
    files.check()
    assert list(files.unreadable) == ["green/000.png"]
    assert "empty" in files.unreadable["green/000.png"]
    assert (len(files), files.names[8]) == (39, "green/001.png")
    with pytest.warns(UserWarning, match="left out"):
        assert sum(len(x) for x, _ in files.data) == 39


def test_unreadable_files_stop_everything_if_they_shall(photos):
    (photos / "green" / "000.png").write_bytes(b"")
    with pytest.raises(ImageFileError, match=r"green/000\.png"):
        of_folder(photos, on_error="raise").check()


def test_nothing_readable_is_an_error(photos):
    for path in photos.rglob("*.png"):
        path.write_bytes(b"")
    with pytest.raises(ImageFileError):
        of_folder(photos).check()


def test_names_that_are_no_text_can_be_printed(photos):
    (photos / "blue" / "000.png").rename(photos / "blue" / "\udcff.png")
    assert "blue/?.png" in of_folder(photos).names
