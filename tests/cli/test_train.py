"""`minicnn train`: what it says, what it saves, what it refuses; on few digits and on folders."""

import csv
import json
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from minicnn.datasets import digits
from minicnn.models import load_model
from minicnn.run.settings import Settings, settings_of

from ..folders import make_folder

FILES = ["config.json", "confusion.png", "curves.png", "metrics.csv", "metrics.json", "mistakes.png"]
FILES += ["model.safetensors", "report.html"]


def test_it_announces_reports_saves_and_says_what_next(run, few_digits, tmp_path):
    code, out, err = run("train", "--epochs", "2", "--batch-size", "32")
    assert (code, err) == (0, "")
    for expected in ("96 to learn from, 30 to test on", "80,202 parameters", "2 epochs of 3 steps", "seed 0", "a step"):
        assert expected in out
    for expected in (
        "Epoch 2/2",
        "Test accuracy",
        "Confusion matrix",
        "specificity",
        "Most frequent mistake",
        "Try next",
    ):
        assert expected in out
    assert sorted(path.name for path in (tmp_path / "runs/digits").iterdir()) == FILES
    model = load_model(tmp_path / "runs/digits/model.safetensors")
    assert model.class_names == digits.CLASS_NAMES
    assert [type(layer).__name__ for layer in model.layers[:2]] == ["RandomAffine", "Rescaling"]


def test_json_is_one_object_with_everything(run, few_digits):
    code, out, err = run("train", "--epochs", "2", "--json", "--seed", "5", "--out", "runs/five")
    found = json.loads(out)
    assert code == 0
    assert "Epoch 2/2" in err
    assert (found["seed"], found["epochs"], found["interrupted"], found["run"]) == (5, 2, False, "runs/five")
    assert {name: len(values) for name, values in found["history"].items()} == dict.fromkeys(
        ("loss", "accuracy", "val_loss", "val_accuracy"), 2
    )
    confusion = np.array(found["confusion_matrix"])
    assert confusion.sum(axis=1).tolist() == np.bincount(few_digits[1][1], minlength=10).tolist()
    assert found["accuracy"] == confusion.trace() / 30 == found["history"]["val_accuracy"][-1]
    assert found["loss"] == pytest.approx(found["history"]["val_loss"][-1], rel=1e-5)
    assert found["files"]["model"] == "runs/five/model.safetensors"
    assert all(Path(file).is_file() for file in found["files"].values())


def test_a_folder_becomes_a_classifier(run, photos, tmp_path):
    (photos / "red" / "000.png").write_text("no picture")
    code, out, _ = run("train", "photos", "--epochs", "2", "--batch-size", "8")
    assert code == 0
    for expected in ("40 images in photos, 3 classes", "green", "1 cannot be read and are left out", "red/000.png"):
        assert expected in out
    for expected in ("convnet on 12×12×3", "class weights", "Validation accuracy", "minicnn predict runs/photos PHOTO"):
        assert expected in out
    where = tmp_path / "runs/photos"
    assert sorted(path.name for path in where.iterdir()) == FILES
    metrics = json.loads((where / "metrics.json").read_text())
    assert (metrics["held_back"], list(metrics["classes"]), metrics["samples"]) == (
        "validation",
        ["blue", "green", "red"],
        8,
    )
    assert list(metrics["unreadable"]) == ["red/000.png"]
    lines = list(csv.DictReader((where / "metrics.csv").open()))
    assert [float(line["val_loss"]) for line in lines] == metrics["history"]["val_loss"]
    assert "red/000.png" in (where / "report.html").read_text(encoding="utf-8")
    settings = settings_of(json.loads((where / "config.json").read_text()))
    assert isinstance(settings, Settings)
    assert (settings.directory, settings.image_size, settings.epochs) == (str(photos), (12, 12), 2)
    assert load_model(where / "model.safetensors").class_names == ["blue", "green", "red"]


def test_a_second_run_does_not_touch_the_first(run, photos):
    runs = [run("train", "photos", "--epochs", "1", "--json").json["run"] for _ in range(2)]
    assert runs == ["runs/photos", "runs/photos-2"]
    code, _, err = run("train", "photos", "--epochs", "1", "--out", "runs/photos")
    assert code == 2
    assert "a finished run, which is never overwritten" in err


def test_choices_are_taken(run, photos, tmp_path):
    options = (
        "--split 0.5 --image-size 16x10 --augment flip,zoom=0.2 --batch-size 5 --optimizer sgd --schedule constant"
    )
    options += " --weight-decay 0.01 --label-smoothing 0.2"
    options += " --learning-rate 0.02 --no-class-weights --patience 3 --epochs 1 --seed 4 --on-error fail --json"
    found = run("train", "photos", *options.split()).json
    assert found["samples"] == 20
    settings = settings_of(json.loads((tmp_path / "runs/photos/config.json").read_text()))
    assert settings == Settings(
        directory=str(photos),
        test=None,
        split=0.5,
        seed=4,
        image_size=(16, 10),
        channels=3,
        model="convnet",
        augment="flip,zoom=0.2",
        epochs=1,
        batch_size=5,
        optimizer="sgd",
        learning_rate=0.02,
        schedule="constant",
        weight_decay=0.01,
        label_smoothing=0.2,
        patience=3,
        class_weights=False,
        on_error="fail",
        tensorboard=False,
    )
    model = load_model(tmp_path / "runs/photos/model.safetensors")
    assert model.inputs[0].shape == (None, 16, 10, 3)
    assert [type(layer).__name__ for layer in model.layers[:3]] == ["RandomFlip", "RandomAffine", "Rescaling"]


def test_a_folder_that_is_split_already(run, tmp_path):
    make_folder(tmp_path / "data/train", {"red": 6, "blue": 6})
    make_folder(tmp_path / "data/val", {"red": 2, "blue": 3})
    found = run("train", "data", "--epochs", "1", "--json").json
    assert found["confusion_matrix"] == pytest.approx(np.array(found["confusion_matrix"]))
    assert np.sum(found["confusion_matrix"], axis=1).tolist() == [3, 2]


def test_other_images_to_test_on(run, photos, tmp_path):
    make_folder(tmp_path / "others", {"blue": 3, "red": 2})
    (tmp_path / "others/red/notes.txt").write_text("no image")
    found = run("train", "photos", "--test", "others", "--epochs", 3, "--json").json
    assert found["held_back"] == "test"
    assert np.sum(found["confusion_matrix"]) == 5
    assert found["best_epoch"] == 3  # nothing is chosen by them
    config = json.loads((tmp_path / "runs/photos/config.json").read_text())
    assert config["data"]["classes"]["red"] == {"training": 20, "test": 2}


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--test", "photos"], "--test needs images to learn from"),
        (["photos", "--test", "photos", "--split", 0.5], "--test holds nothing of DIR back"),
        (["photos", "--test", "strange"], "its folders are grey, but the model knows the classes"),
    ],
)
def test_wrong_images_to_test_on(run, photos, tmp_path, arguments, message):
    make_folder(tmp_path / "strange", {"grey": 2})
    code, _, err = run("train", *arguments)
    assert code == 2
    assert message in " ".join(err.split())


def test_early_stopping_keeps_the_best_weights(run, photos):
    found = run(
        "train", "photos", "--epochs", 12, "--patience", 1, "--learning-rate", 0.05, "--label-smoothing", 0, "--json"
    ).json
    losses = found["history"]["val_loss"]
    assert found["best_epoch"] == 6 + int(np.argmin(losses[6:])) + 1
    assert found["loss"] == pytest.approx(min(losses[6:]), rel=1e-4)
    assert found["accuracy"] == found["history"]["val_accuracy"][found["best_epoch"] - 1]


def test_a_script_brings_the_net(run, photos, tmp_path):
    (tmp_path / "net.py").write_text(
        "import minicnn as keras\n"
        "def model(input_shape, classes):\n"
        "    layers = [keras.Input(input_shape), keras.layers.Flatten(), keras.layers.Dense(classes, 'softmax')]\n"
        "    return keras.Sequential(layers, name='mine')\n"
    )
    assert run("train", "photos", "--script", "net.py", "--epochs", "1", "--quiet").code == 0
    assert (tmp_path / "runs/photos/model.py").read_text() == (tmp_path / "net.py").read_text()
    assert load_model(tmp_path / "runs/photos/model.safetensors").name == "mine"


def test_a_script_with_one_output_for_two_classes(run, photos, tmp_path):
    (photos / "green").rename(tmp_path / "elsewhere")
    (tmp_path / "net.py").write_text(
        "import minicnn as keras\n"
        "def model(input_shape, classes):\n"
        "    layers = [keras.Input(input_shape), keras.layers.Flatten(), keras.layers.Dense(1, 'sigmoid')]\n"
        "    return keras.Sequential(layers)\n"
    )
    found = run("train", "photos", "--script", "net.py", "--epochs", "8", "--learning-rate", "0.01", "--json").json
    assert found["accuracy"] == found["history"]["val_accuracy"][found["best_epoch"] - 1] > 0.7


def test_the_same_seed_gives_the_same_file_and_another_seed_another(run, photos, tmp_path):
    for name, seed in (("a", 3), ("b", 3), ("c", 4)):
        run("train", "photos", "--epochs", "1", "--seed", seed, "--out", name)
    a, b, c = ((tmp_path / name / "model.safetensors").read_bytes() for name in "abc")
    assert a == b
    assert a != c


def test_quiet_prints_the_results_only(run, few_digits):
    code, out, _ = run("train", "--epochs", "1", "--quiet")
    assert code == 0
    assert out.startswith("Test accuracy")
    assert "Epoch" not in out
    assert "Try next" not in out


def test_device_chooses_the_kernels(run, few_digits):
    assert run("train", "--epochs", "1", "--device", "portable", "--json").json["device"] == "portable"


def test_a_loss_that_is_no_number_ends_training_with_one_line(run, few_digits, tmp_path):
    code, out, err = run("train", "--learning-rate", "1e30", "--batch-size", "8", "--json")
    assert (code, out) == (1, "")
    assert "no model is saved. Try a smaller --learning-rate." in err.splitlines()[-1]
    assert "epoch 1, step" in err
    assert "Warning" not in err
    assert not (tmp_path / "runs/digits/model.safetensors").exists()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--out", "full"], "is not empty"),
        (["--out", "full/file"], "is a file"),
        (["--out", "full/file/run"], "cannot write to full/file"),
        (["--out", "/proc/run"], "cannot write to /proc/run"),
        (["--image-size", "12by12"], "--image-size 12by12: give pixels from 4 to 4096"),
        (["--image-size", "2"], "--image-size 2: give"),
        (["--split", "1.5"], "--split must lie between 0 and 1"),
        (["--augment", "turn"], "no augmentation 'turn'"),
        (["--model", "lennet"], "--model is lenet or convnet, not 'lennet'; did you mean 'lenet'?"),
        (["--optimizer", "rms"], "--optimizer is adam or sgd"),
        (["--schedule", "stairs"], "--schedule is cosine or constant"),
        (["--on-error", "stop"], "--on-error is skip or fail"),
        (["--script", "net.py"], "cannot read net.py"),
        (["--script", "net.py", "--model", "lenet"], "--script brings its own net"),
        (["--resume", "runs/none"], "runs/none is not the directory of a run"),
        (["--resume", "runs/none", "--epochs", "3"], "leave --epochs out"),
        (["photos", "--resume", "runs/none"], "leave DIR out"),
        (["nowhere"], "nowhere: no such folder"),
        (["full"], "full: no images"),
        (["--model", "lenet", "--image-size", "10"], "conv2d"),
    ],
)
def test_what_cannot_be_is_told_in_one_line_and_leaves_nothing(run, photos, tmp_path, arguments, message):
    (tmp_path / "full").mkdir()
    (tmp_path / "full/file").touch()
    code, stdout, err = run("train", *arguments)
    assert (code, stdout) == (2, "")
    assert message in err
    assert err.count("\n") == 1
    assert not (tmp_path / "runs").exists()


def test_unreadable_files_are_fatal_on_request_and_leave_nothing(run, photos, tmp_path):
    (photos / "red" / "000.png").write_text("no picture")
    code, _, err = run("train", "photos", "--on-error", "fail")
    assert code == 1
    assert "red/000.png" in err
    assert not list((tmp_path / "runs").iterdir())


@pytest.mark.parametrize("missing", ["matplotlib.figure", "jinja2"])
def test_without_the_libraries_of_the_report_everything_else_is_there(run, few_digits, monkeypatch, tmp_path, missing):
    monkeypatch.setitem(sys.modules, missing, None)
    code, out, _ = run("train", "--epochs", "1")
    assert code == 0
    assert 'for a report with pictures: pip install "minicnn[report]"' in out
    assert not (tmp_path / "runs/digits/report.html").exists()
    assert (tmp_path / "runs/digits/curves.png").exists() == (missing == "jinja2")
    assert (tmp_path / "runs/digits/metrics.json").is_file()


def test_without_tensorboardx_there_are_no_event_files(run, few_digits, monkeypatch, tmp_path):
    for name in ["tensorboardX", *(name for name in sys.modules if name.startswith("tensorboardX."))]:
        monkeypatch.setitem(sys.modules, name, None)  # those that another test has imported, too
    code, out, err = run("train", "--epochs", "1", "--tensorboard")
    assert (code, out) == (2, "")
    assert "pip install 'minicnn[tensorboard]'" in err
    assert not (tmp_path / "runs").exists()


def test_event_files(run, few_digits, tmp_path):
    pytest.importorskip("tensorboardX", reason="tensorboardX is not installed")
    code, out, _ = run("train", "--epochs", "1", "--tensorboard")
    assert code == 0
    assert "tensorboard --logdir runs/digits/tensorboard" in out
    assert list((tmp_path / "runs/digits/tensorboard").rglob("events.out.tfevents.*"))


def test_other_files_are_ignored_by_name(run, photos, tmp_path):
    (photos / "red" / "notes.txt").write_text("no picture")
    (photos / "README").write_text("no picture")
    _, out, _ = run("train", "photos", "--epochs", "1")
    assert "2 not named like images of a class and ignored: README, red/notes.txt" in out
    config = json.loads((tmp_path / "runs/photos/config.json").read_text())
    assert config["data"]["ignored"] == ["README", "red/notes.txt"]


def test_names_of_any_kind(run, tmp_path):
    make_folder(tmp_path / "data", {"red": 4, "blue": 4})
    (tmp_path / "data/red").rename(tmp_path / "data/[bold]é 猫")
    (tmp_path / "data/blue").rename(tmp_path / "data/<b>$x$")
    (tmp_path / "data/<b>$x$/000.png").rename(tmp_path / "data/<b>$x$/\udcff.png")
    code, out, err = run("train", "data", "--epochs", "1", "--learning-rate", "1e-9")
    assert (code, err) == (0, "")
    assert "[bold]é 猫" in out
    report = (tmp_path / "runs/data/report.html").read_text(encoding="utf-8")
    assert "[bold]é 猫" in report
    assert "&lt;b&gt;$x$" in report


def test_grey_pictures_are_read_as_grey(run, photos, tmp_path):
    for path in photos.rglob("*.png"):
        Image.open(path).convert("L").resize((20, 20)).save(path)
    assert run("train", "photos", "--epochs", "1", "--quiet").code == 0
    model = load_model(tmp_path / "runs/photos/model.safetensors")
    assert (model.name, model.inputs[0].shape) == ("lenet", (None, 20, 20, 1))
