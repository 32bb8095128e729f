"""ModelCheckpoint: what is saved when, under which name."""

import pytest

from minicnn.callbacks import ModelCheckpoint


def saved(training, path, epochs, batches=2, **options):
    """Names of the files of one training."""
    training.model.saved.clear()
    training.fit(ModelCheckpoint(path, **options), epochs, batches=batches)
    return [(kind, name.split("/")[-1]) for kind, name in training.model.saved]


def test_every_epoch(training, tmp_path):
    path = tmp_path / "{epoch:02d}-{val_loss:.2f}.safetensors"
    expected = [("model", "01-5.00.safetensors"), ("model", "02-0.12.safetensors")]
    assert saved(training, path, [5, 0.123]) == expected


def test_only_weights(training, tmp_path):
    assert saved(training, tmp_path / "w.safetensors", [5], save_weights_only=True) == [("weights", "w.safetensors")]


def test_only_the_best(training, tmp_path):
    assert saved(training, tmp_path / "{epoch}", [5, 6, 3, 3, 2], save_best_only=True) == [
        ("model", "1"),
        ("model", "3"),
        ("model", "5"),
    ]


def test_only_what_beats_a_threshold(training, tmp_path):
    options = {"save_best_only": True, "initial_value_threshold": 4}
    assert saved(training, tmp_path / "{epoch}", [5, 3], **options) == [("model", "2")]


def test_more_can_be_better(training, tmp_path):
    logs = [{"accuracy": value} for value in (0.5, 0.4, 0.6)]
    options = {"save_best_only": True, "monitor": "accuracy"}
    assert saved(training, tmp_path / "{epoch}", logs, **options) == [("model", "1"), ("model", "3")]


def test_every_few_batches_across_epochs(training, tmp_path):
    path = tmp_path / "{epoch}-{batch}"
    assert saved(training, path, [1, 1, 1], batches=3, save_freq=2) == [
        ("model", "1-2"),
        ("model", "2-1"),
        ("model", "2-3"),
        ("model", "3-2"),
    ]


def test_missing_number_warns_and_saves(training, tmp_path):
    with pytest.warns(UserWarning, match="ModelCheckpoint watches 'val_loss'"):
        assert saved(training, tmp_path / "m", [{"loss": 1.0}], save_best_only=True) == [("model", "m")]


def test_folders_are_made(training, tmp_path):
    saved(training, tmp_path / "runs" / "{epoch}" / "model", [1])
    assert (tmp_path / "runs" / "1").is_dir()


def test_a_name_that_the_logs_do_not_have(training, tmp_path):
    with pytest.raises(KeyError, match=r"asks for 'val_acc'; there are: epoch, val_loss"):
        saved(training, tmp_path / "{val_acc}", [1])


@pytest.mark.parametrize("save_freq", ["batch", 0, 1.5])
def test_frequencies_that_are_refused(save_freq):
    with pytest.raises(ValueError, match="save_freq must be"):
        ModelCheckpoint("m", save_freq=save_freq)


def test_says_what_it_does(training, tmp_path, capsys):
    saved(training, tmp_path / "m", [1, 2], save_best_only=True, verbose=1)
    assert capsys.readouterr().out == f"Epoch 1: saved {tmp_path}/m\nEpoch 2: val_loss did not improve from 1\n"
