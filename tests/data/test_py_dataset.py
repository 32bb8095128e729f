"""Datasets by number: fit, evaluate and predict go through them in order, once an epoch, and tell them so."""

import threading

import numpy as np
import pytest

import minicnn as mc
from minicnn.data.py_dataset import Passes
from minicnn.utils import PyDataset


class Lines(PyDataset):
    """Batch i holds points of y = 2·x; it writes down who asks for what."""

    def __init__(self, batches=3, **options):
        super().__init__(**options)
        self.batches = batches
        self.events = []

    def __len__(self):
        return self.batches

    def __getitem__(self, index):
        self.events.append(index)
        x = np.full((2, 1), index, np.float32)
        return x, 2 * x

    def on_epoch_begin(self):
        self.events.append("begin")

    def on_epoch_end(self):
        self.events.append("end")


def a_model():
    model = mc.Sequential([mc.Input((1,)), mc.layers.Dense(1, kernel_initializer="ones")])
    model.compile("sgd", "mean_squared_error")
    return model


def test_every_epoch_takes_each_batch_once_between_its_beginning_and_its_end():
    data = Lines()
    a_model().fit(data, epochs=2, verbose=0)
    assert data.events == ["begin", 0, 1, 2, "end"] * 2


def test_training_is_that_of_the_same_batches_one_by_one():
    model, other = a_model(), a_model()
    data = Lines(workers=3)
    model.fit(data, epochs=2, verbose=0)
    for index in [0, 1, 2] * 2:
        other.train_on_batch(*Lines()[index])
    np.testing.assert_array_equal(model.get_weights()[0], other.get_weights()[0])
    assert model.evaluate(data, verbose=0) == pytest.approx(np.mean([other.test_on_batch(*data[i]) for i in range(3)]))


def test_prediction_and_validation_take_it_too():
    model, data = a_model(), Lines()
    assert model.predict(data, verbose=0).ravel().tolist() == [0, 0, 1, 1, 2, 2]
    history = model.fit(data, validation_data=Lines(batches=2), verbose=0).history
    assert history["val_loss"] == [model.evaluate(Lines(batches=2), verbose=0)]


@pytest.mark.filterwarnings("ignore:the data ran out")
def test_steps_go_on_where_the_last_epoch_stopped():
    data = Lines(batches=5, max_queue_size=0)
    a_model().fit(data, epochs=3, steps_per_epoch=2, verbose=0)
    assert [event for event in data.events if event != "begin"] == [0, 1, 2, 3, 4, "end"]


def test_a_pass_that_is_cut_short_ends():
    data = Lines()
    batches = iter(Passes(data))
    next(batches)
    batches.close()
    assert data.events[0] == "begin"
    assert data.events[-1] == "end"


def test_as_many_workers_as_wanted_make_batches():
    meeting = threading.Barrier(3, timeout=10)

    class Together(Lines):
        def __getitem__(self, index):
            meeting.wait()
            return super().__getitem__(index)

    assert len(list(Passes(Together(workers=3)))) == 3


def test_by_itself_it_is_the_list_of_its_batches():
    assert [x[0].item() for x, _ in Lines()] == [0, 1, 2]


def test_what_has_to_be_defined_is_named():
    with pytest.raises(NotImplementedError, match="PyDataset must define __len__"):
        len(PyDataset())
    with pytest.raises(NotImplementedError, match="PyDataset must define __getitem__"):
        PyDataset()[0]
