"""Finding images and their classes: every layout of folders, the same split everywhere, and errors that help."""

import os
import random
import re
import unicodedata
from pathlib import Path

import numpy as np
import pytest

from minicnn.data.folder import FolderError, find_images, find_training_and_validation, list_images

COMPOSED, DECOMPOSED = (unicodedata.normalize(form, "Bär") for form in ("NFC", "NFD"))


@pytest.fixture
def tree(tmp_path):
    """Makes empty files (names that end with / are folders) in a new folder."""

    def make(*names):
        for name in names:
            path = tmp_path / name
            if name.endswith("/"):
                path.mkdir(parents=True, exist_ok=True)
            else:
                path.parent.mkdir(parents=True, exist_ok=True)
                path.touch()
        return tmp_path

    return make


@pytest.fixture
def cats_and_dogs(tree):
    return tree(*(f"cats/{i}.jpg" for i in range(30)), *(f"dogs/{i}.png" for i in range(10)))


def names(folder):
    """Paths below the root, with /."""
    return [path.relative_to(folder.root).as_posix() for path in folder.paths]


# ---- find_images


def test_sub_folders_are_classes_and_everything_is_sorted(tree):
    found = find_images(tree("dogs/b.jpg", "dogs/a.jpg", "cats/2.jpg", "cats/10.jpg"))
    assert found.class_names == ["cats", "dogs"]
    assert names(found) == ["cats/10.jpg", "cats/2.jpg", "dogs/a.jpg", "dogs/b.jpg"]
    assert found.labels.tolist() == [0, 0, 1, 1]
    assert found.labels.dtype == np.int64
    assert found.counts.tolist() == [2, 2]
    assert len(found) == 4


def test_nested_files_belong_to_the_class_above_them(tree):
    found = find_images(tree("cats/indoors/night/1.jpg", "cats/2.jpg", "dogs/3.jpg"))
    assert names(found) == ["cats/2.jpg", "cats/indoors/night/1.jpg", "dogs/3.jpg"]
    assert found.labels.tolist() == [0, 0, 1]


def test_very_deep_folders(tree):
    found = find_images(tree("cats/" + "d/" * 300 + "1.jpg", "dogs/2.jpg"))
    assert len(found) == 2


def test_suffixes_in_capital_letters_and_of_every_format(tree):
    kinds = ["JPG", "jpeg", "png", "bmp", "gif", "TIF", "tiff", "webp", "ppm", "jp2"]
    found = find_images(tree(*(f"cats/1.{kind}" for kind in kinds), "dogs/2.jpg"))
    assert found.counts.tolist() == [len(kinds), 1]


def test_other_files_are_left_out_but_remembered(tree):
    found = find_images(tree("cats/1.jpg", "cats/notes.txt", "dogs/2.jpg", "dogs/x/3.heic", "loose.jpg", "README"))
    assert names(found) == ["cats/1.jpg", "dogs/2.jpg"]
    ignored = [path.relative_to(found.root).as_posix() for path in found.ignored]
    assert ignored == ["README", "cats/notes.txt", "dogs/x/3.heic", "loose.jpg"]


def test_hidden_files_and_folders_do_not_exist(tree):
    hidden = ["cats/._1.jpg", "cats/.thumbnails/1.jpg", ".git/2.jpg", ".DS_Store", "cats/.DS_Store"]
    found = find_images(tree("cats/1.jpg", "dogs/2.jpg", *hidden))
    assert names(found) == ["cats/1.jpg", "dogs/2.jpg"]
    assert not found.ignored


def test_class_names_choose_and_order(tree):
    root = tree("a/1.jpg", "b/2.jpg", "c/3.jpg")
    found = find_images(root, class_names=["c", "a"])
    assert (found.class_names, names(found), found.labels.tolist()) == (["c", "a"], ["c/3.jpg", "a/1.jpg"], [0, 1])
    assert find_images(root, class_names=["b"]).class_names == ["b"]


def test_a_class_that_is_asked_for_may_be_empty(tree):
    found = find_images(tree("cats/1.jpg", "dogs/"), class_names=["dogs", "cats"])
    assert found.counts.tolist() == [0, 1]
    assert found.labels.tolist() == [1]


def test_folders_without_images_are_no_classes_and_are_named(tree):
    root = tree("cats/1.jpg", "dogs/2.jpg", "masks/1.npy", "empty/")
    with pytest.warns(UserWarning, match="no images in 'empty', 'masks': not taken for a class"):
        assert find_images(root).class_names == ["cats", "dogs"]


def test_names_in_every_script(tree):
    found = find_images(tree("猫/ねこ 1.jpg", "собаки/пёс.jpg", "größe & co/ä'\"\n.jpg", "🐈/1.jpg"))
    assert found.class_names == ["größe & co", "собаки", "猫", "🐈"]
    assert all(path.exists() for path in found.paths)


def test_accents_are_the_same_however_the_file_system_stores_them(tree):
    root = tree(f"one/{COMPOSED}/1.jpg", "one/Zebra/1.jpg", f"two/{DECOMPOSED}/1.jpg", "two/Zebra/1.jpg")
    one, two = find_images(root / "one"), find_images(root / "two")
    assert one.class_names == two.class_names == [COMPOSED, "Zebra"]
    assert find_images(root / "two", class_names=[COMPOSED, "Zebra"]).counts.tolist() == [1, 1]
    assert find_images(root / "one", class_names=[DECOMPOSED, "Zebra"]).counts.tolist() == [1, 1]
    assert all(path.exists() for path in two.paths)


def test_two_folders_that_look_the_same_are_one_class(tree):
    root = tree(f"{COMPOSED}/1.jpg", "Zebra/1.jpg")
    tree(f"{DECOMPOSED}/2.jpg")
    if len(os.listdir(root)) < 3:
        pytest.skip("this file system does not tell composed from decomposed names")
    found = find_images(root)
    assert found.class_names == [COMPOSED, "Zebra"]
    assert found.counts.tolist() == [2, 1]


def test_the_order_of_the_file_system_does_not_matter(tree, monkeypatch):
    root = tree(*(f"{c}/{d}/{i}.jpg" for c in "abc" for d in "xy" for i in range(20)), "a/notes.txt")
    expected = find_images(root)
    scandir = os.scandir

    class Shuffled:
        def __init__(self, folder):
            with scandir(folder) as entries:
                self.entries = random.sample(list(entries), len(list(scandir(folder))))

        def __enter__(self):
            return iter(self.entries)

        def __exit__(self, *_):
            pass

    monkeypatch.setattr(os, "scandir", Shuffled)
    for _ in range(3):
        found = find_images(root, follow_links=True)
        assert (found.paths, found.class_names) == (expected.paths, expected.class_names)
        assert found.split(0.3)[1].paths == expected.split(0.3)[1].paths


def test_relative_paths_stay_relative(cats_and_dogs, monkeypatch):
    absolute = find_images(cats_and_dogs)
    monkeypatch.chdir(cats_and_dogs)
    for here in (".", "", Path()):
        found = find_images(here)
        assert found.paths[0] == Path("cats/0.jpg")
        assert names(found.split(0.2)[1]) == names(absolute.split(0.2)[1])


def test_ten_thousand_files(tree):
    found = find_images(tree(*(f"{c}/{i}.jpg" for c in range(10) for i in range(1000))))
    assert found.counts.tolist() == [1000] * 10
    assert found.split(0.2)[1].counts.tolist() == [200] * 10


# ---- links


def test_links_to_images_and_class_folders_are_followed(tree, tmp_path_factory):
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    (elsewhere / "2.jpg").touch()
    root = tree("cats/1.jpg")
    (root / "dogs").symlink_to(elsewhere)
    (root / "cats/3.jpg").symlink_to(elsewhere / "2.jpg")
    assert names(find_images(root)) == ["cats/1.jpg", "cats/3.jpg", "dogs/2.jpg"]


def test_links_to_folders_further_down_are_followed_on_request(tree, tmp_path_factory):
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    (elsewhere / "2.jpg").touch()
    root = tree("cats/1.jpg", "dogs/3.jpg")
    (root / "cats/more").symlink_to(elsewhere)
    assert names(find_images(root)) == ["cats/1.jpg", "dogs/3.jpg"]
    assert names(find_images(root, follow_links=True)) == ["cats/1.jpg", "cats/more/2.jpg", "dogs/3.jpg"]


@pytest.mark.parametrize("follow_links", [False, True])
def test_loops_of_links_do_no_harm(tree, follow_links):
    root = tree("cats/1.jpg", "cats/in/2.jpg", "dogs/3.jpg")
    (root / "cats/in/again").symlink_to(root / "cats")
    (root / "cats/self").symlink_to(root / "cats/self")
    (root / "everything").symlink_to(root)
    (root / "above").symlink_to(root.parent)
    found = find_images(root, follow_links=follow_links)
    assert found.class_names == ["cats", "dogs"]
    assert names(found) == ["cats/1.jpg", "cats/in/2.jpg", "dogs/3.jpg"]


def test_links_to_nothing_are_left_to_the_reader_who_names_them(tree):
    root = tree("cats/1.jpg", "dogs/2.jpg")
    (root / "cats/gone.jpg").symlink_to(root / "nowhere.jpg")
    (root / "birds").symlink_to(root / "nowhere")
    found = find_images(root)
    assert names(found) == ["cats/1.jpg", "cats/gone.jpg", "dogs/2.jpg"]
    assert found.ignored == [root / "birds"]


# ---- the split


def test_the_split_is_stratified_and_complete(cats_and_dogs):
    found = find_images(cats_and_dogs)
    rest, held_back = found.split(0.2, seed=3)
    assert rest.counts.tolist() == [24, 8]
    assert held_back.counts.tolist() == [6, 2]
    assert sorted(rest.paths + held_back.paths) == sorted(found.paths)
    for part in (rest, held_back):
        assert part.class_names == found.class_names
        assert [part.class_names[label] for label in part.labels] == [path.parent.name for path in part.paths]
        assert part.paths == sorted(part.paths)


@pytest.mark.parametrize(
    ("count", "fraction", "expected"),
    [(1, 0.2, 0), (2, 0.2, 1), (3, 0.01, 1), (2, 0.99, 1), (10, 0.3, 3), (7, 0.5, 4), (1000, 0.999, 999)],
)
def test_each_class_keeps_one_and_gives_one_where_it_can(tree, count, fraction, expected):
    found = find_images(tree(*(f"cats/{i}.jpg" for i in range(count)), *(f"dogs/{i}.jpg" for i in range(9))))
    rest, held_back = found.split(fraction)
    assert (rest.counts[0], held_back.counts[0]) == (count - expected, expected)


def test_an_empty_class_survives_the_split(tree):
    found = find_images(tree("cats/1.jpg", "cats/2.jpg", "dogs/"), class_names=["dogs", "cats"])
    assert [part.counts.tolist() for part in found.split(0.5)] == [[0, 1], [0, 1]]


def test_the_split_is_the_same_on_every_computer_and_for_ever(cats_and_dogs):
    _, held_back = find_images(cats_and_dogs).split(0.1, seed=7)
    assert names(held_back) == ["cats/11.jpg", "cats/15.jpg", "cats/5.jpg", "dogs/9.png"]


def test_the_split_depends_on_the_seed_and_is_spread_over_the_files(cats_and_dogs):
    found = find_images(cats_and_dogs)
    parts = {tuple(names(found.split(0.2, seed)[1])) for seed in range(50)}
    assert len(parts) == 50
    assert len({name for part in parts for name in part}) == len(found)


def test_the_split_does_not_depend_on_where_the_folder_lies_or_how_accents_are_stored(tree):
    root = tree(*(f"{base}/{bear}/{i}.jpg" for base, bear in (("a", COMPOSED), ("b", DECOMPOSED)) for i in range(40)))
    tree("a/cat/1.jpg", "b/cat/1.jpg")
    (_, a), (_, b) = find_images(root / "a").split(0.25), find_images(root / "b").split(0.25)
    assert [path.name for path in a.paths] == [path.name for path in b.paths]


def test_added_images_hardly_move_the_others(cats_and_dogs, tree):
    before = set(names(find_images(cats_and_dogs).split(0.2)[1]))
    tree(*(f"cats/new{i}.jpg" for i in range(5)))
    after = set(names(find_images(cats_and_dogs).split(0.2)[1]))
    assert len(before - after) <= 2


@pytest.mark.parametrize("fraction", [0, 1, -0.1, 20, float("nan")])
def test_a_wrong_fraction_is_refused(cats_and_dogs, fraction):
    with pytest.raises(ValueError, match=f"between 0 and 1, not be {fraction}"):
        find_images(cats_and_dogs).split(fraction)


def test_take_keeps_the_order_of_the_indices(cats_and_dogs):
    taken = find_images(cats_and_dogs).take([35, 0, 0])
    assert taken.labels.tolist() == [1, 0, 0]
    assert [path.parent.name for path in taken.paths] == ["dogs", "cats", "cats"]
    assert len(taken.take([])) == 0


# ---- find_training_and_validation


@pytest.mark.parametrize("training", ["train", "Training"])
@pytest.mark.parametrize("validation", ["validation", "valid", "val", "Test"])
def test_folders_of_both_parts_are_taken_as_they_are(tree, training, validation):
    root = tree(f"{training}/cats/1.jpg", f"{training}/dogs/2.jpg", f"{validation}/dogs/3.jpg", f"{validation}/cats/")
    found, held_back = find_training_and_validation(root)
    assert (names(found), names(held_back)) == (["cats/1.jpg", "dogs/2.jpg"], ["dogs/3.jpg"])
    assert held_back.class_names == ["cats", "dogs"]
    assert held_back.labels.tolist() == [1]


def test_validation_goes_before_test(tree):
    root = tree(*(f"{part}/{name}/1.jpg" for part in ("train", "test", "validation") for name in "ab"))
    assert find_training_and_validation(root)[1].root == root / "validation"


def test_train_alone_and_class_folders_are_split(cats_and_dogs, tree):
    for root in (
        cats_and_dogs,
        tree(*(f"more/train/{c}/{i}.jpg" for c in ("cats", "dogs") for i in range(20))) / "more",
    ):
        training, validation = find_training_and_validation(root, 0.3, seed=5)
        found = find_images(training.root)
        assert names(validation) == names(found.split(0.3, 5)[1])
        assert len(training) + len(validation) == len(found)
    assert training.root.name == "train"


def test_a_class_may_be_called_train(tree):
    root = tree(*(f"{name}/{i}.jpg" for name in ("train", "car", "plane") for i in range(5)))
    training, validation = find_training_and_validation(root)
    assert training.class_names == ["car", "plane", "train"]
    assert validation.counts.tolist() == [1, 1, 1]


def test_different_classes_of_the_parts_are_named(tree):
    root = tree("train/cats/1.jpg", "train/dogs/2.jpg", "val/cats/3.jpg", "val/Dogs/4.jpg", "val/notes/5.txt")
    with pytest.raises(FolderError) as caught:
        find_training_and_validation(root)
    assert str(caught.value) == (
        f"{root / 'val'}: other classes than in {root / 'train'}, without 'dogs', with 'Dogs'; "
        "give the folders the same names (one may be empty)"
    )


# ---- list_images


def test_all_images_of_a_folder_whatever_their_classes(tree):
    root = tree("2.jpg", "b/1.jpg", "b/notes.txt", ".hidden/3.jpg")
    assert list_images(root) == [root / "2.jpg", root / "b/1.jpg"]
    with pytest.raises(FolderError, match=r"no images in it or below, 1 other file: 1 \.md"):
        list_images(tree("c/x.md") / "c")


# ---- errors


def refusal(root, find=find_images, **options):
    with pytest.raises(FolderError) as caught:
        find(root, **options)
    assert str(caught.value).startswith(f"{root}")
    return str(caught.value).removeprefix(f"{root}")


@pytest.mark.parametrize("find", [find_images, find_training_and_validation])
def test_errors_name_the_folder_the_reason_and_the_fix(tree, find):
    root = tree("images/1.jpg", "images/2.jpg", "other/a.txt", "empty/", "one/cats/1.jpg", "one/empty/")
    layout = "make one sub-folder a class and put .jpg, .png or other images into each"
    for folder, message in {
        "nowhere": ": no such folder",
        "images/1.jpg": ": a file, not a folder",
        "empty": f": no images, no files at all; {layout}",
        "other": f": no images, 1 other file: 1 .txt; {layout}",
        "images": f": its 2 images lie in no class folder; {layout}",
        "one": f": a classifier needs at least two classes, here is only 'cats'; {layout}",
    }.items():
        assert refusal(root / folder, find) == message


def test_a_folder_around_the_class_folders_is_recognised(tree):
    root = tree("archive/cats/1.jpg", "archive/dogs/2.jpg")
    assert f"did you mean {root / 'archive'}, with 'cats', 'dogs'?" in refusal(root)


def test_parts_are_not_taken_for_classes(tree):
    parted = tree("parts/train/cats/1.jpg", "parts/train/dogs/1.jpg", "parts/val/cats/2.jpg") / "parts"
    flat = tree("flat/train/cat.1.jpg", "flat/test/2.jpg") / "flat"
    assert refusal(parted).endswith(f"; name one of them, such as {parted / 'train'}")
    for find in (find_images, find_training_and_validation):
        assert "'test', 'train' are no classes but parts of a data set; in each, make one" in refusal(flat, find)


def test_a_missing_class_is_named_with_what_there_is(cats_and_dogs):
    assert refusal(cats_and_dogs, class_names=["cats", "dgos"]).endswith("class 'dgos'; did you mean 'dogs'?")
    assert refusal(cats_and_dogs, class_names=["zebra"]).endswith("; there are 'cats', 'dogs'")
    with pytest.raises(ValueError, match="must differ"):
        find_images(cats_and_dogs, class_names=["cats", "cats"])


def test_many_names_are_cut_short(tree):
    root = tree(*(f"class{i:02}/1.jpg" for i in range(25)))
    assert refusal(root, class_names=["zebra"]).endswith("'class09' and 15 more")


def test_a_folder_that_may_not_be_read_is_named(cats_and_dogs, monkeypatch):
    scandir = os.scandir

    def guarded(folder):
        if folder.endswith("dogs"):
            raise PermissionError(13, "Permission denied")
        return scandir(folder)

    monkeypatch.setattr(os, "scandir", guarded)
    assert re.fullmatch("/dogs: no permission to look into it; allow it, .* chmod .rx", refusal(cats_and_dogs))
