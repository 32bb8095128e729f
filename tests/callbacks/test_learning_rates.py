"""Callbacks that change the learning rate."""

import pytest

from minicnn.callbacks import History, LearningRateScheduler, ReduceLROnPlateau


def rates(training, callback, losses):
    """The learning rate that each epoch reports."""
    training.model.optimizer.learning_rate = 1.0
    history = History()
    training.fit([callback, history], losses)
    return history.history["learning_rate"]


class TestLearningRateScheduler:
    def test_of_epoch_and_rate(self, training):
        assert rates(training, LearningRateScheduler(lambda epoch, rate: rate / 2), [1, 1, 1]) == [0.5, 0.25, 0.125]

    def test_of_the_epoch_alone(self, training):
        assert rates(training, LearningRateScheduler(lambda epoch: 10.0 - epoch), [1, 1]) == [10, 9]

    def test_an_error_in_the_schedule_is_not_hidden(self, training):
        with pytest.raises(TypeError, match="unsupported operand"):
            rates(training, LearningRateScheduler(lambda epoch, rate: rate + "1"), [1])

    def test_says_what_it_does(self, training, capsys):
        rates(training, LearningRateScheduler(lambda epoch: 0.5, verbose=1), [1])
        assert capsys.readouterr().out == "Epoch 1: learning rate 0.5\n"


class TestReduceLROnPlateau:
    @pytest.mark.parametrize(
        ("losses", "expected", "options"),
        [
            ([5, 4, 3, 2], [1, 1, 1, 1], {"patience": 1}),
            ([5, 5, 5, 5], [1, 1, 0.5, 0.25], {"patience": 1}),
            ([5, 5, 5, 5, 5], [1, 1, 1, 0.5, 0.5], {"patience": 2}),
            ([5, 5, 5, 5, 5, 5], [1, 1, 0.5, 0.5, 0.25, 0.25], {"patience": 1, "cooldown": 2}),
            ([5, 5, 5, 5], [1, 1, 0.75, 0.75], {"patience": 1, "min_lr": 0.75}),
            ([5, 4.9, 4.8, 4.7], [1, 1, 0.5, 0.5], {"patience": 1, "min_delta": 0.15}),
        ],
    )
    def test_plateaus(self, training, losses, expected, options):
        assert rates(training, ReduceLROnPlateau(factor=0.5, **options), losses) == expected

    def test_a_second_training_starts_anew(self, training):
        callback = ReduceLROnPlateau(factor=0.5, patience=1)
        rates(training, callback, [1, 1, 1])
        assert rates(training, callback, [9, 8, 7]) == [1, 1, 1]

    def test_a_factor_that_reduces_nothing(self):
        with pytest.raises(ValueError, match="factor must be below 1"):
            ReduceLROnPlateau(factor=1.0)

    def test_says_what_it_does(self, training, capsys):
        rates(training, ReduceLROnPlateau(factor=0.5, patience=1, verbose=1), [1, 1])
        assert capsys.readouterr().out == "Epoch 2: learning rate reduced to 0.5\n"
