"""Checkpoints: what is refused, and what a disk that refuses does to a training."""

import json
import os
import subprocess
import sys
from typing import ClassVar

import numpy as np
import pytest
import safetensors.numpy

import minicnn as mc
from minicnn import ModelFileError, Sequential, callbacks, layers, optimizers, saving
from minicnn.callbacks import BackupAndRestore
from minicnn.checkpoint import _checksum

X = np.random.default_rng(0).normal(size=(12, 4)).astype(np.float32)
Y = np.arange(12) % 3


@pytest.fixture(autouse=True)
def portable():
    with mc.device("portable"):
        yield


def classifier(units=3, activation="softmax", optimizer="adam", rate=0.2):
    mc.utils.set_random_seed(1)
    model = Sequential([layers.Dense(5), layers.Dropout(rate, seed=2), layers.Dense(units, activation)])
    model.compile(optimizer, "sparse_categorical_crossentropy", metrics=["accuracy"])
    return model


def stopping():
    return [callbacks.EarlyStopping(patience=9, restore_best_weights=True)]


def fit(folder, model=None, epochs=3, others=(), **options):
    """The model, trained with a backup that stays."""
    model = model or classifier()
    backup = BackupAndRestore(folder, options.pop("save_freq", "epoch"), delete_checkpoint=False)
    data = {"x": X, "y": Y, "batch_size": 5} | options
    model.fit(**data, epochs=epochs, validation_data=(X, Y), callbacks=[backup, *others], verbose=0)
    return model


class Stop(callbacks.Callback):
    """Ends training like an error of the user's, after so many batches."""

    def __init__(self, batches):
        self.batches = batches

    def on_train_batch_end(self, batch, logs=None):
        self.batches -= 1
        if self.batches < 0:
            raise KeyboardInterrupt


def interrupted(folder, batches, **options):
    with pytest.raises(KeyboardInterrupt):
        fit(folder, others=[*stopping(), Stop(batches)], **options)
    return folder / "checkpoint.safetensors"


@pytest.fixture
def path(tmp_path):
    """A checkpoint after an epoch and two steps."""
    return interrupted(tmp_path, 5, save_freq=1)


def assert_same(model, other):
    for one, another in zip(model.get_weights(), other.get_weights(), strict=True):
        np.testing.assert_array_equal(one, another)
    assert model.history.history == other.history.history


def contents(path):
    with safetensors.safe_open(path, framework="numpy") as file:
        header = json.loads(file.metadata()["minicnn"])
        return header, {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118


def rewrite(path, state, tensors):
    """A checkpoint whose checksum is right, whatever is in it."""
    saving.write(path, {"format": 1, "checkpoint": state, "checksum": _checksum(state, tensors)}, tensors)


# ---------------------------------------------------------------------------------------------------- going on


@pytest.mark.parametrize("save_freq", ["epoch", 1, 2])
@pytest.mark.parametrize("batches", range(0, 9, 2))
def test_goes_on_in_the_same_process(tmp_path, save_freq, batches):
    """Even with the model that was interrupted, whose weights and plans are of a later step."""
    model = classifier()
    with mc.device("cpu"):
        with pytest.raises(KeyboardInterrupt):
            fit(tmp_path / "a", model, others=[Stop(batches)], save_freq=save_freq)
        if batches < (3 if save_freq == "epoch" else save_freq):
            model = classifier()  # nothing but its beginning has been saved
        assert_same(fit(tmp_path / "a", model, save_freq=save_freq), fit(tmp_path / "b"))


def test_a_finished_training_is_not_repeated(tmp_path):
    model = fit(tmp_path)
    again = fit(tmp_path)
    assert again.optimizer.iterations == model.optimizer.iterations == 9
    assert_same(model, again)
    assert again.history.epoch == [0, 1, 2]


def test_more_epochs_of_a_finished_training(tmp_path):
    fit(tmp_path / "a", epochs=2)
    assert_same(fit(tmp_path / "a", epochs=4), fit(tmp_path / "b", epochs=4))


def test_killed_after_early_stopping_decided(tmp_path):
    """Training does not go on, and the best weights come back."""

    class Die(callbacks.Callback):
        def on_train_end(self, logs=None):
            raise KeyboardInterrupt

    def stopping_soon():
        return [callbacks.EarlyStopping("loss", baseline=0, patience=1, restore_best_weights=True)]

    with pytest.raises(KeyboardInterrupt):
        fit(tmp_path / "a", epochs=9, others=[Die(), *stopping_soon()])
    model = fit(tmp_path / "a", epochs=9, others=stopping_soon())
    whole = fit(tmp_path / "b", epochs=9, others=stopping_soon())
    assert len(whole.history.epoch) < 9
    assert_same(model, whole)


def test_killed_after_training_was_stopped_within_an_epoch(tmp_path):
    class StopTraining(callbacks.Callback):
        kept: ClassVar = {"batches": int}
        batches = 0

        def on_train_batch_end(self, batch, logs=None):
            self.batches += 1
            self.model.stop_training = self.batches == 4

    def die(*_):
        raise KeyboardInterrupt

    whole = fit(tmp_path / "b", others=[StopTraining()], save_freq=1)
    assert whole.history.epoch == [0, 1]
    dying = callbacks.LambdaCallback(on_epoch_end=lambda epoch, logs: epoch == 1 and die())
    with pytest.raises(KeyboardInterrupt):
        fit(tmp_path / "a", others=[StopTraining(), dying], save_freq=1)
    assert_same(fit(tmp_path / "a", others=[StopTraining()], save_freq=1), whole)


def test_deleted_at_the_end_and_nothing_else(tmp_path):
    other = tmp_path / "other"
    for _ in range(2):
        classifier().fit(X, Y, callbacks=[BackupAndRestore(tmp_path / "backup")], verbose=0)
        assert list(tmp_path.iterdir()) == []
    (tmp_path / "backup").mkdir()
    other = tmp_path / "backup" / "mine.txt"
    other.write_text("here")
    classifier().fit(X, Y, callbacks=[BackupAndRestore(tmp_path / "backup")], verbose=0)
    assert list((tmp_path / "backup").iterdir()) == [other]


def test_remains_of_a_killed_write_are_removed(tmp_path):
    part = tmp_path / ".checkpoint.safetensors.123-456.part"
    part.write_bytes(b"half")
    fit(tmp_path)
    assert not part.exists()


def test_a_callback_of_ones_own(tmp_path):
    class Counter(callbacks.Callback):
        kept: ClassVar = {"count": int}

        def on_train_begin(self, logs=None):
            self.count = 0

        def on_train_batch_end(self, batch, logs=None):
            self.count += 1

    with pytest.raises(KeyboardInterrupt):
        fit(tmp_path, others=[Counter(), Stop(4)])
    counter = Counter()
    fit(tmp_path, others=[counter])
    assert counter.count == 9


def test_a_callback_that_is_new_begins_anew(tmp_path):
    fit(tmp_path, epochs=1)
    with pytest.warns(UserWarning, match="callback EarlyStopping is not in the checkpoint: it begins anew"):
        fit(tmp_path, others=[callbacks.EarlyStopping(patience=5)])


def test_numbers_that_are_none(tmp_path):
    """A loss of NaN is written and comes back."""
    with pytest.warns(RuntimeWarning, match="the loss is"):
        fit(tmp_path, epochs=1, x=np.full_like(X, 3e38))
    model = fit(tmp_path, epochs=1)
    assert not np.isfinite(model.history.history["loss"]).any()


def test_weights_of_a_checkpoint(path):
    """They can be had without training."""
    model = classifier()
    model.build((None, 4))
    model.load_weights(path)
    _, tensors = contents(path)
    np.testing.assert_array_equal(model.get_weights()[0], tensors["dense/kernel"])


# ------------------------------------------------------------------------------------------------- what is refused


@pytest.mark.parametrize(
    ("change", "match"),
    [
        ({"units": 4}, r"its layer dense_1 is Dense\(units=3, .*, the model's is Dense\(units=4"),
        ({"activation": "sigmoid"}, r"activation='softmax'.*activation='sigmoid'"),
        ({"rate": 0.3}, r"layer dropout is Dropout\(rate=0.2.*Dropout\(rate=0.3"),
        ({"optimizer": "sgd"}, "its optimizer is Adam, the model's is SGD"),
    ],
)
def test_another_model(path, change, match):
    with pytest.raises(ModelFileError, match=match) as error:
        fit(path.parent, classifier(**change))
    assert f"checkpoint {path}" in str(error.value)
    assert "delete it to begin anew" in str(error.value)


def test_another_number_of_layers(path):
    model = Sequential([layers.Input((4,)), layers.Dense(3)])
    model.compile("adam", "mse")
    with pytest.raises(ModelFileError, match=r"layers \['dense', 'dropout', 'dense_1'\], this one \['dense'\]"):
        fit(path.parent, model)


def test_other_hyperparameters_of_an_optimizer_are_not_another_optimizer(path):
    fit(path.parent, classifier(optimizer=optimizers.Adam(0.5, beta_1=0.8)))


def test_other_batches_within_an_epoch(path):
    with pytest.raises(ModelFileError, match="batch_size 5, which is now 4"):
        fit(path.parent, batch_size=4)
    with pytest.raises(ModelFileError, match="steps 3, which is now 2"):
        fit(path.parent, x=X[:10], y=Y[:10])


def test_data_that_has_become_shorter(tmp_path):
    def batches(count):
        return ((X[:4], Y[:4]) for _ in range(count))

    options = {"y": None, "batch_size": None, "steps_per_epoch": 3}
    with pytest.raises(KeyboardInterrupt):
        fit(tmp_path, x=batches(99), others=[Stop(5)], **options)
    with pytest.raises(ValueError, match="ends after 2 batches, but the training that was interrupted had taken 3"):
        fit(tmp_path, x=batches(2), **options)


def test_a_model_file_is_no_checkpoint(path):
    fit(path.parent).save(path)
    with pytest.raises(ModelFileError, match="is a model file, not the checkpoint of a training"):
        fit(path.parent)


def test_a_checkpoint_is_no_model_file(path):
    with pytest.raises(ModelFileError, match="holds weights only"):
        mc.models.load_model(path)


def test_damaged_anywhere(path):
    whole, rng = path.read_bytes(), np.random.default_rng(0)
    for length in range(0, len(whole), 500):
        path.write_bytes(whole[:length])
        with pytest.raises(ModelFileError):
            fit(path.parent)
    for place in rng.choice(len(whole), 150, replace=False):
        broken = bytearray(whole)
        broken[place] ^= 1 << int(rng.integers(8))
        path.write_bytes(broken)
        with pytest.raises(ModelFileError):
            fit(path.parent)


ODD_VALUES = [None, True, -1, 10**30, "", [], [[1, 2]], {}, {"tensor": "dense/kernel"}, {"float": "x"}, {"eval": "1"}]


def nodes(tree, place=()):
    yield place
    for key, value in tree.items() if isinstance(tree, dict) else enumerate(tree) if isinstance(tree, list) else ():
        yield from nodes(value, (*place, key))


def replaced(tree, place, value):
    if not place:
        return value
    copy = tree.copy()
    copy[place[0]] = replaced(copy[place[0]], place[1:], value)
    return copy


@pytest.mark.filterwarnings("ignore:(generator|metric|callback) ")
def test_odd_values_everywhere(path):
    """Every node of the JSON replaced by odd values: a ModelFileError, or a training that goes on."""
    header, tensors = contents(path)
    rng = np.random.default_rng(0)
    gone_on = 0
    for place in nodes(header["checkpoint"]):
        for i in rng.choice(len(ODD_VALUES), 2, replace=False):
            rewrite(path, replaced(header["checkpoint"], place, ODD_VALUES[i]), tensors)
            try:
                fit(path.parent, others=stopping())
            except ModelFileError:
                continue
            except ValueError as error:
                assert "the data ends after" in str(error)  # noqa: PT017
            gone_on += 1
    assert gone_on > 5  # losses of the past may be any numbers


# ------------------------------------------------------------------------------------------------ disks that refuse


@pytest.mark.parametrize("step", ["os.fsync", "os.replace"])
def test_a_full_disk_does_not_end_training(tmp_path, monkeypatch, step):
    def full(*_, **__):
        raise OSError(28, "No space left on device")

    whole = fit(tmp_path / "whole")
    interrupted(tmp_path / "a", 4)
    before = (tmp_path / "a" / "checkpoint.safetensors").read_bytes()
    with monkeypatch.context() as patch:
        patch.setattr(f"minicnn.files.{step}", full)
        with pytest.warns(UserWarning, match=r"could not be written, the one before is kept: .*No space left"):
            assert_same(fit(tmp_path / "a"), whole)
        with pytest.warns(UserWarning, match="could not be written, there is none yet"):
            assert_same(fit(tmp_path / "b"), whole)
    assert (tmp_path / "a" / "checkpoint.safetensors").read_bytes() == before
    assert [file.name for file in (tmp_path / "a").iterdir()] == ["checkpoint.safetensors"]
    assert_same(fit(tmp_path / "a"), whole)


HOLD = """
import sys, time
from minicnn.callbacks.backup_and_restore import _lock
lock = _lock(sys.argv[1])
print("held", flush=True)
time.sleep(60)
"""


@pytest.mark.skipif(os.name != "posix", reason="needs folders that can be locked")
def test_two_processes_with_one_folder(tmp_path):
    with subprocess.Popen([sys.executable, "-c", HOLD, str(tmp_path)], stdout=subprocess.PIPE) as other:
        assert other.stdout.readline() == b"held\n"
        with pytest.raises(RuntimeError, match=f"another training is using {tmp_path}"):
            fit(tmp_path)
        other.kill()
        other.wait()
    fit(tmp_path)


@pytest.mark.parametrize("save_freq", ["batch", 0, 1.5, None])
def test_frequencies_that_are_refused(save_freq, tmp_path):
    with pytest.raises(ValueError, match="save_freq must be"):
        BackupAndRestore(tmp_path, save_freq)
