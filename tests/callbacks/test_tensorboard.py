"""TensorBoard: the points in the event files, as Keras writes them, once each."""

import os
import struct
import sys

import numpy as np
import pytest

import minicnn as mc
from minicnn import callbacks
from minicnn.callbacks import BackupAndRestore, TensorBoard

pytest.importorskip("tensorboardX", reason="tensorboardX is not installed")

from tensorboardX.proto.event_pb2 import Event

X = np.random.default_rng(0).normal(size=(12, 4)).astype(np.float32)
Y = np.arange(12) % 3


@pytest.fixture(autouse=True)
def portable():
    mc.utils.set_random_seed(1)
    with mc.device("portable"):
        yield


def classifier(keras=mc):
    model = keras.Sequential([keras.layers.Input((4,)), keras.layers.Dense(3, "softmax", name="last")], name="net")
    model.compile(keras.optimizers.Adam(0.01), "sparse_categorical_crossentropy", metrics=["accuracy"])
    return model


def fit(folder, *others, model=None, epochs=3, **options):
    tensorboard = TensorBoard(folder / "logs", **options)
    model = model or classifier()
    data = {"x": X, "y": Y, "batch_size": 5, "validation_data": (X, Y), "shuffle": False}
    return model.fit(**data, epochs=epochs, callbacks=[tensorboard, *others], verbose=0)


def events(folder):
    """(tag, step, value) of everything in the folder's files, in order; a value is a number or a histogram."""
    for file in sorted(folder.glob("events.out.tfevents.*")):
        content = file.read_bytes()
        while content:
            (length,) = struct.unpack("<Q", content[:8])
            event = Event.FromString(content[12 : 12 + length])
            content = content[16 + length :]
            for value in event.summary.value:
                yield value.tag, event.step, value.histo if value.HasField("histo") else value.simple_value


def points(folder, part):
    return {(tag, step): value for tag, step, value in events(folder / "logs" / part)}


def test_an_epoch_is_a_point(tmp_path):
    history = fit(tmp_path).history
    expected = {(f"epoch_{name}", i): history[name][i] for name in ("loss", "accuracy") for i in range(3)}
    assert points(tmp_path, "train") == pytest.approx(expected | {("epoch_learning_rate", i): 0.01 for i in range(3)})
    expected = {(f"epoch_{name}", i): history[f"val_{name}"][i] for name in ("loss", "accuracy") for i in range(3)}
    at_steps = {(f"evaluation_{name[6:]}_vs_iterations", 3 * i + 3): value for (name, i), value in expected.items()}
    assert points(tmp_path, "validation") == pytest.approx(expected | at_steps)


@pytest.mark.parametrize(("update_freq", "steps"), [("batch", range(1, 10)), (4, [4, 8])])
def test_points_of_batches(tmp_path, update_freq, steps):
    losses = []
    listener = callbacks.LambdaCallback(on_train_batch_end=lambda batch, logs: losses.append(logs["loss"]))
    fit(tmp_path, listener, update_freq=update_freq)
    found = {step: value for (tag, step), value in points(tmp_path, "train").items() if tag == "batch_loss"}
    assert found == pytest.approx({step: losses[step - 1] for step in steps})
    assert not any("size" in tag for tag, _ in points(tmp_path, "train"))


def test_histograms(tmp_path):
    model = classifier()
    fit(tmp_path, model=model, histogram_freq=2)
    found = {key: value for key, value in points(tmp_path, "train").items() if "histogram" in key[0]}
    assert list(found) == [(f"net/last/{name}/histogram", epoch) for epoch in (0, 2) for name in ("kernel", "bias")]
    kernel, last = model.get_weights()[0], found["net/last/kernel/histogram", 2]
    assert (last.min, last.max, last.num) == pytest.approx((kernel.min(), kernel.max(), 12))
    edges = [-np.inf, *last.bucket_limit[:-1], np.inf]
    np.testing.assert_array_equal(last.bucket, np.histogram(kernel.astype(float), edges)[0])


def test_weights_that_are_no_numbers_have_no_histogram(tmp_path):
    model = classifier()
    model.set_weights([np.full((4, 3), np.nan), np.zeros(3)])
    with pytest.warns(RuntimeWarning):
        fit(tmp_path, model=model, histogram_freq=1, epochs=1)
    assert not any("histogram" in tag for tag, _ in points(tmp_path, "train"))


def test_evaluate_alone(tmp_path):
    model = classifier()
    loss, _ = model.evaluate(X, Y, callbacks=[TensorBoard(tmp_path / "logs")], verbose=0)
    assert points(tmp_path, "validation")["evaluation_loss_vs_iterations", 0] == pytest.approx(loss)


class Die(callbacks.Callback):
    def __init__(self, moment, count):
        self.left = count
        setattr(self, moment, self.count)

    def count(self, *_):
        self.left -= 1
        if self.left < 0:
            raise KeyboardInterrupt


@pytest.mark.parametrize("save_freq", ["epoch", 2])
@pytest.mark.parametrize(("moment", "count"), [("on_epoch_end", 0), ("on_epoch_end", 1), ("on_train_batch_end", 4)])
def test_an_interruption_doubles_and_loses_nothing(tmp_path, moment, count, save_freq):
    """Points are written and not yet in a checkpoint; the files of another run are left alone."""

    def run(folder, *others):
        mc.utils.set_random_seed(1)
        return fit(tmp_path / folder, *others, BackupAndRestore(tmp_path / folder / "backup", save_freq), update_freq=1)

    run("whole")
    other = tmp_path / "cut" / "logs" / "train" / "events.out.tfevents.1.host.0badcafe.1"
    other.parent.mkdir(parents=True)
    other.write_bytes(b"")
    for _ in range(2):
        with pytest.raises(KeyboardInterrupt):
            run("cut", Die(moment, count))
    run("cut")
    for part in ("train", "validation"):
        expected = list(events(tmp_path / "whole" / "logs" / part))
        assert sorted(events(tmp_path / "cut" / "logs" / part)) == sorted(expected)
    assert other.exists()


@pytest.mark.parametrize(
    "change", [{"run": "*"}, {"run": "../12345"}, {"run": 5}, {"sizes": {"a": -1}}, {"sizes": {"a": "1"}}, {"sizes": 3}]
)
def test_what_is_no_state(tmp_path, change):
    tensorboard = TensorBoard(tmp_path)
    (tmp_path / "train").mkdir()
    other = tmp_path / "train" / "events.out.tfevents.1.host.0badcafe.1"
    other.write_bytes(b"1234")
    with pytest.raises((ValueError, TypeError, AttributeError)):
        tensorboard.load_state({**tensorboard.state(), **change})
    assert other.read_bytes() == b"1234"


@pytest.mark.parametrize("update_freq", ["epochs", 0, 1.5])
def test_frequencies_that_are_refused(update_freq):
    with pytest.raises(ValueError, match="update_freq must be"):
        TensorBoard(update_freq=update_freq)


def test_without_tensorboardx(monkeypatch):
    for name in [name for name in sys.modules if name.split(".")[0] == "tensorboardX"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "tensorboardX", None)
    with pytest.raises(ModuleNotFoundError, match=r"pip install 'minicnn\[tensorboard\]'"):
        TensorBoard()


def test_the_same_points_as_keras(tmp_path):
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    pytest.importorskip("tensorboard", reason="tensorboard, with which Keras writes, is not installed")
    tf = pytest.importorskip("tensorflow", reason="TensorFlow is not installed")
    keras = pytest.importorskip("keras", reason="Keras is not installed")
    ours, theirs = classifier(), classifier(keras)
    ours.set_weights(theirs.get_weights())
    # with update_freq=2 Keras leaves out every epoch that ends after an odd number of batches
    options = {"histogram_freq": 2, "write_graph": False, "update_freq": 1}
    fit(tmp_path, model=ours, **options)
    theirs.fit(
        X,
        Y,
        batch_size=5,
        epochs=3,
        validation_data=(X, Y),
        shuffle=False,
        verbose=0,
        callbacks=[keras.callbacks.TensorBoard(str(tmp_path / "keras"), **options)],
    )
    for part in ("train", "validation"):
        expected = {}
        for file in (tmp_path / "keras" / part).glob("events.out.tfevents.*"):
            for event in tf.compat.v1.train.summary_iterator(str(file)):
                for value in event.summary.value:
                    expected[value.tag, event.step] = tf.make_ndarray(value.tensor)
        found = points(tmp_path, part)
        assert sorted(found) == sorted(expected)
        for key, value in found.items():
            if "histogram" not in key[0]:
                assert value == pytest.approx(float(expected[key]), abs=1e-5)
