"""EarlyStopping: when it stops, and with which weights."""

import pytest

from minicnn.callbacks import EarlyStopping


def epochs_of(training, losses, **options):
    """After how many epochs training ended."""
    training.fit(EarlyStopping(**options), losses)
    return training.model.weights[0]


@pytest.mark.parametrize(
    ("losses", "patience", "epochs"),
    [
        ([5, 4, 3, 2], 0, 4),
        ([5, 4, 4, 1], 0, 3),  # equal is no improvement
        ([5, 6, 1], 0, 2),
        ([5, 6, 7, 1], 2, 3),
        ([5, 6, 4, 5, 3, 9, 9, 1], 2, 7),
    ],
)
def test_patience(training, losses, patience, epochs):
    assert epochs_of(training, losses, patience=patience) == epochs
    assert training.model.stop_training == (epochs < len(losses))


def test_small_changes_are_none(training):
    assert epochs_of(training, [5, 4.95, 4.9, 4.85], min_delta=0.1, patience=2) == 3
    assert epochs_of(training, [5, 5.05, 1], min_delta=-0.1) == 2  # its size counts


def test_more_can_be_better(training):
    logs = [{"accuracy": value} for value in (0.1, 0.3, 0.2, 0.9)]
    assert epochs_of(training, logs, monitor="accuracy") == 3
    assert epochs_of(training, logs, monitor="accuracy", mode="min", patience=2) == 3


def test_a_metric_of_the_model_says_which_is_better(training):
    assert epochs_of(training, [{"val_mse": 1}, {"val_mse": 2}], monitor="val_mse") == 2
    assert training.model.stop_training
    assert epochs_of(training, [{"val_accuracy": 1}, {"val_accuracy": 2}], monitor="val_accuracy") == 2
    assert not training.model.stop_training


def test_a_number_of_unknown_direction(training):
    with pytest.raises(ValueError, match="cannot tell whether less or more 'surprise' is better; say mode=\"min\""):
        epochs_of(training, [{"surprise": 1}, {"surprise": 2}], monitor="surprise")


def test_unknown_mode():
    with pytest.raises(ValueError, match="mode must be"):
        EarlyStopping(mode="down")


def test_baseline_is_waited_for(training):
    assert epochs_of(training, [5, 4, 3, 1], baseline=2, patience=3) == 4
    assert epochs_of(training, [5, 4, 3, 1, 9, 9, 9, 0], baseline=2, patience=3) == 7
    assert epochs_of(training, [5, 4, 3, 3.5, 1], baseline=2, patience=3) == 4  # better, but never good


def test_first_epochs_can_be_left_out(training):
    assert epochs_of(training, [1, 9, 8, 7, 8], start_from_epoch=2) == 5


def test_best_weights_come_back(training):
    losses = [5, 3, 4, 4, 1]
    assert epochs_of(training, losses, patience=2) == 4
    assert epochs_of(training, losses, patience=2, restore_best_weights=True) == 2
    assert epochs_of(training, [5, 3, 4], patience=9, restore_best_weights=True) == 2  # without stopping too


def test_a_second_training_starts_anew(training):
    callback = EarlyStopping(patience=1)
    training.fit(callback, [1, 2])
    training.fit(callback, [9, 8, 7])
    assert training.model.weights == [3]


def test_missing_number_warns_and_goes_on(training):
    with pytest.warns(UserWarning, match="EarlyStopping watches 'val_loss', which is not among loss; give fit"):
        assert epochs_of(training, [{"loss": 1.0}, {"loss": 2.0}]) == 2


def test_says_what_it_does(training, capsys):
    epochs_of(training, [1, 2], verbose=1, restore_best_weights=True)
    assert capsys.readouterr().out == "Epoch 2: early stopping\nRestoring the weights of the best epoch: 1\n"
