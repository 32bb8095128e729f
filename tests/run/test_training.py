"""A run as a whole: what it leaves untouched, and what it cannot do without."""

import time

import numpy as np
import pytest

from minicnn.run.directory import RunDirectoryError, new_run
from minicnn.run.sources import source
from minicnn.run.training import Clock, Run


@pytest.fixture
def run_of(settings_of):
    def make(photos, **wanted):
        images = source(photos)
        run = Run(settings_of(images, **{"epochs": 2, "augment": "none"} | wanted), images)
        run.check()
        run.compile()
        return run

    return make


def test_measuring_a_step_changes_nothing(run_of, photos, tmp_path):
    histories = []
    for measured in (False, True):
        run = run_of(photos, augment="flip,rotation=20")
        if measured:
            assert run.seconds_a_step() > 0
        histories.append(run.fit(new_run(tmp_path / str(measured), ""), []).history)
    assert histories[0] == histories[1]


def test_a_class_without_a_readable_image_is_an_error(run_of, photos):
    for path in (photos / "blue").iterdir():
        path.write_bytes(b"")
    with pytest.raises(RunDirectoryError, match="no image of class 'blue' to learn from can be read"):
        run_of(photos)


def test_steps_are_counted_without_unreadable_images(run_of, photos):
    for path in sorted((photos / "red").iterdir())[:17]:
        path.write_bytes(b"")
    run = run_of(photos, batch_size=4)
    assert len(run.unreadable) == 17
    assert run.steps == -(-len(run.training) // 4)
    assert len(run.training) + len(run.held_back) == 23


def test_the_best_epoch_is_that_of_the_kept_weights(run_of, photos):
    history = {"val_loss": [0.1, 0.5, 0.2, 0.3], "loss": [1, 1, 1, 1]}
    assert run_of(photos, patience=5, epochs=4).best_epoch(history) == 3
    assert run_of(photos, patience=5, epochs=4, schedule="constant").best_epoch(history) == 1
    assert run_of(photos, patience=0, epochs=4).best_epoch(history) == 4


def test_time_is_that_of_all_steps_and_tests(run_of, photos):
    run = run_of(photos, batch_size=8, epochs=3)
    assert run.seconds_to_go(1.0) == pytest.approx(3 * (4 + 0.35 * 8 / 8))


def test_the_clock_goes_on_after_an_interruption():
    clock = Clock()
    clock.on_train_begin()
    time.sleep(0.01)
    state = clock.state()
    later = Clock()
    later.on_train_begin()
    later.load_state(state)
    assert later.seconds > state["seconds"] > 0.01


def test_classes_are_weighted(run_of, photos):
    weights = run_of(photos, class_weights=True).class_weights
    np.testing.assert_allclose(list(weights.values()), [32 / (3 * n) for n in (6, 10, 16)])
