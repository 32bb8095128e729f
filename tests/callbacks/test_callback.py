"""When callbacks are called, and History, LambdaCallback and TerminateOnNaN, which do little more."""

import pytest

from minicnn.callbacks import Callback, CallbackList, History, LambdaCallback, TerminateOnNaN

MOMENTS = [moment for moment in vars(Callback) if moment.startswith("on_")]


class Recorder(Callback):
    def __init__(self):
        self.heard = []


for moment in MOMENTS:
    setattr(Recorder, moment, lambda self, *args, _moment=moment: self.heard.append(_moment))


class TestMoments:
    def test_all_of_keras(self):
        batch = [f"on_{mode}_batch_{end}" for mode in ("train", "test", "predict") for end in ("begin", "end")]
        whole = [f"on_{what}_{end}" for what in ("train", "test", "predict", "epoch") for end in ("begin", "end")]
        assert sorted(MOMENTS) == sorted([*batch, *whole, "on_batch_begin", "on_batch_end"])

    def test_order(self, training):
        recorder = Recorder()
        training.fit(recorder, [1.0], batches=1)
        assert recorder.heard == [
            "on_train_begin",
            "on_epoch_begin",
            "on_train_batch_begin",
            "on_train_batch_end",
            "on_test_begin",
            "on_test_end",
            "on_epoch_end",
            "on_train_end",
        ]

    def test_older_names_of_training_batches(self, training):
        batches = []

        class Older(Callback):
            def on_batch_begin(self, batch, logs=None):
                batches.append(("begin", batch))

            def on_batch_end(self, batch, logs=None):
                batches.append(("end", batch, logs["val_loss"]))

        training.fit(Older(), [0.5])
        assert batches == [("begin", 0), ("end", 0, 0.5), ("begin", 1), ("end", 1, 0.5)]

    def test_everyone_is_called_in_order_with_model_and_params(self, training):
        heard = []

        class Numbered(Callback):
            def __init__(self, number):
                self.number = number

            def on_epoch_end(self, epoch, logs=None):
                heard.append((self.number, self.model is training.model, self.params["batch_size"]))

        training.fit([Numbered(1), Numbered(2)], [0.5])
        assert heard == [(1, True, 4), (2, True, 4)]

    def test_there_are_no_other_moments(self):
        with pytest.raises(AttributeError, match="callbacks are not called at 'on_coffee_break'"):
            CallbackList([], None, {}).on_coffee_break()


class TestHistory:
    def test_collects_every_epoch(self, training):
        history = History()
        training.fit(history, [{"loss": 1.0, "val_loss": 2.0}, {"loss": 0.5, "val_loss": 1.5}])
        assert history.history == {"loss": [1.0, 0.5], "val_loss": [2.0, 1.5]}
        assert history.epoch == [0, 1]

    def test_a_number_that_comes_later(self, training):
        history = History()
        training.fit(history, [{"loss": 1.0}, {"loss": 0.5, "val_loss": 1.5}])
        assert history.history == {"loss": [1.0, 0.5], "val_loss": [1.5]}


class TestLambdaCallback:
    def test_calls_its_functions(self, training):
        heard = []
        callback = LambdaCallback(
            on_epoch_begin=lambda epoch, logs=None: heard.append(epoch),
            on_train_batch_end=lambda batch, logs: heard.append(logs["size"]),
            on_test_begin=lambda logs=None: heard.append("test"),
        )
        training.fit(callback, [0.5])
        assert heard == [0, 4, 4, "test"]

    def test_other_names_are_refused(self):
        with pytest.raises(TypeError, match="callbacks are not called at 'on_epoch_stop'"):
            LambdaCallback(on_epoch_stop=print)


class TestTerminateOnNaN:
    @pytest.mark.parametrize("loss", [float("nan"), float("inf")])
    def test_stops(self, training, loss, capsys):
        training.fit(TerminateOnNaN(), [{"loss": 1.0}, {"loss": loss}, {"loss": 1.0}])
        assert training.model.stop_training
        assert training.model.weights == [2]
        assert f"batch 0: the loss is {loss}" in capsys.readouterr().out

    def test_raises_when_told_to(self, training):
        with pytest.raises(RuntimeError, match="batch 0: the loss is nan"):
            training.fit(TerminateOnNaN(raise_error=True), [{"loss": float("nan")}])

    def test_goes_on_otherwise(self, training):
        training.fit(TerminateOnNaN(), [{"loss": 1e30}, {"accuracy": 1.0}])
        assert not training.model.stop_training
