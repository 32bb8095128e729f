"""CSVLogger: the file it writes."""

import pytest

from minicnn.callbacks import CSVLogger


def written(training, path, epochs, **options):
    training.fit(CSVLogger(path, **options), epochs)
    return path.read_text().splitlines()


def test_columns_in_alphabetical_order_and_no_size(training, tmp_path):
    assert written(
        training, tmp_path / "log.csv", [{"val_loss": 2.0, "loss": 1.0}, {"val_loss": 1.5, "loss": 0.5}]
    ) == [
        "epoch,loss,val_loss",
        "0,1.0,2.0",
        "1,0.5,1.5",
    ]


def test_room_for_validation_in_later_epochs(training, tmp_path):
    assert written(training, tmp_path / "log.csv", [{"loss": 1.0}, {"loss": 0.5, "val_loss": 0.7}]) == [
        "epoch,loss,val_loss",
        "0,1.0,NA",
        "1,0.5,0.7",
    ]


def test_separator(training, tmp_path):
    assert written(training, tmp_path / "log.csv", [2.0], separator=";") == ["epoch;val_loss", "0;2.0"]


def test_starts_anew_or_appends(training, tmp_path):
    path = tmp_path / "log.csv"
    written(training, path, [3.0])
    assert written(training, path, [2.0]) == ["epoch,val_loss", "0,2.0"]
    assert written(training, path, [1.0], append=True) == ["epoch,val_loss", "0,2.0", "0,1.0"]


def test_appending_to_no_file_writes_a_header(training, tmp_path):
    assert written(training, tmp_path / "log.csv", [1.0], append=True) == ["epoch,val_loss", "0,1.0"]


def test_every_epoch_is_on_disk_at_once(training, tmp_path):
    path = tmp_path / "log.csv"
    logger = CSVLogger(path)
    logger.on_train_begin()
    logger.on_epoch_end(0, {"val_loss": 1.0})
    assert path.read_text().splitlines() == ["epoch,val_loss", "0,1.0"]
    logger.on_train_end()


@pytest.mark.parametrize("left_in_the_file", ["", "epoch,loss\n0,3.0\n1,2.0\n2,1.0\n", "epoch,lo", None])
@pytest.mark.parametrize("append", [False, True])
def test_going_on_after_an_interruption(tmp_path, append, left_in_the_file):
    """Two epochs are in the checkpoint; the file may have lost lines since, or have more."""
    path = tmp_path / "log.csv"
    earlier = "epoch,loss\n0,9.0\n" if append else ""
    path.write_text(earlier)
    first = CSVLogger(path, append=append)
    first.on_train_begin()
    first.on_epoch_end(0, {"loss": 3.0, "accuracy": 0.5})
    first.on_epoch_end(1, {"loss": 2.0, "accuracy": 0.6})
    state, written_so_far = first.state(), path.read_bytes()
    first.on_epoch_end(2, {"loss": 1.0, "accuracy": 0.7})
    expected = path.read_bytes()
    first.close()
    if left_in_the_file is not None:
        path.write_text(earlier + left_in_the_file)
    second = CSVLogger(path, append=append)
    second.on_train_begin()
    second.load_state(state)
    assert path.read_bytes() == written_so_far
    second.on_epoch_end(2, {"loss": 1.0, "accuracy": 0.7})
    second.on_train_end()
    assert path.read_bytes() == expected
