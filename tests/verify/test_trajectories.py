"""Distances, bounds and judgement by hand, and training in minicnn; Keras comes in under tests/tensorflow."""

import numpy as np
import pytest

import minicnn
from minicnn.verify import trajectories
from minicnn.verify.trajectories import FACTOR, Distance, Trajectory, bound, distance, judge, new_task, train


@pytest.fixture(autouse=True)
def _on_portable_kernels():
    with minicnn.device("portable"):
        yield


def small_net(keras):
    layers = keras.layers
    return keras.Sequential([keras.Input((3, 2, 1)), layers.Flatten(), layers.Dense(4, "tanh"), layers.Dense(3)])


def small_task(**options):
    rng = np.random.default_rng(5)
    images, labels = np.float32(rng.standard_normal((7, 3, 2, 1))), rng.integers(0, 3, 7)
    sgd = lambda keras: keras.optimizers.SGD(0.5, momentum=0.5)  # noqa: E731
    return new_task(small_net, sgd, images, labels, **{"steps": 5, "batch": 3, **options})


def flat(weights):
    return np.concatenate([w.ravel() for w in weights])


def test_each_epoch_shows_every_image_once_in_an_order_of_its_own():
    order = small_task(steps=14, batch=3).order
    assert order.shape == (14, 3)
    epochs = order.reshape(6, 7)
    np.testing.assert_array_equal(np.sort(epochs, axis=1), np.tile(np.arange(7), (6, 1)))
    assert len(np.unique(epochs, axis=0)) > 1


def test_a_seed_decides_weights_and_order():
    one, same, other = small_task(seed=1), small_task(seed=1), small_task(seed=2)
    np.testing.assert_array_equal(flat(one.start), flat(same.start))
    np.testing.assert_array_equal(one.order, same.order)
    assert (flat(one.start) != flat(other.start)).any()
    assert (one.order != other.order).any()


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_training_records_every_step(dtype):
    """Against plain train_on_batch, one step at a time."""
    task = small_task()
    run = train(task, minicnn, dtype)
    assert run.losses.shape == (5,)
    assert run.losses.dtype == run.weights.dtype == dtype
    np.testing.assert_array_equal(run.weights[0], flat(task.start))
    minicnn.config.set_floatx(dtype)
    try:
        model = small_net(minicnn)
    finally:
        minicnn.config.set_floatx("float32")
    model.compile(task.optimizer(minicnn), minicnn.losses.SparseCategoricalCrossentropy(from_logits=True))
    model.set_weights(task.start)
    for step, batch in enumerate(task.order):
        loss = model.train_on_batch(task.images[batch].astype(dtype), task.labels[batch])
        np.testing.assert_array_equal(run.losses[step], np.asarray(loss, dtype))
        np.testing.assert_array_equal(run.weights[step + 1], flat(model.get_weights()))


def test_training_leaves_the_dtype_as_it_was(monkeypatch):
    train(small_task(), minicnn, "float64")
    assert minicnn.config.floatx() == "float32"
    monkeypatch.setattr(trajectories, "_train", lambda *_: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        train(small_task(), minicnn, "float64")
    assert minicnn.config.floatx() == "float32"


def test_distances_by_hand():
    one = Trajectory(np.array([1.0, 0.5]), np.array([[3.0, 4.0], [0.0, 2.0], [1.0, 0.0]]))
    other = Trajectory(np.array([2.0, 0.75]), np.array([[3.0, 4.0], [0.0, 1.0], [-3.0, -4.0]]))
    found = distance(one, other)
    np.testing.assert_array_equal(found.losses, [0.5, 0.25])
    np.testing.assert_allclose(found.weights, [0, 1, np.sqrt(4**2 + 4**2) / 5], rtol=1e-15)
    np.testing.assert_array_equal(found.largest, [0, 1, 4])


def test_distances_of_float32_runs_are_not_rounded_to_float32():
    ones = np.ones((1, 3), np.float32)
    above = np.nextafter(ones, np.float32(2))
    found = distance(Trajectory(np.float32([0.1]), above), Trajectory(np.float32([0.3]), ones))
    assert found.weights[0] == pytest.approx(2**-23, rel=1e-12)
    assert found.losses[0] == abs(float(np.float32(0.1)) - float(np.float32(0.3)))


def test_trajectories_of_different_lengths_are_an_error():
    with pytest.raises(ValueError, match="broadcast"):
        distance(Trajectory(np.zeros(2), np.ones((3, 1))), Trajectory(np.zeros(3), np.ones((4, 1))))


@pytest.mark.parametrize(("dtype", "unit"), [("float32", 2**-24), ("float64", 2**-53)])
def test_the_bound_follows_the_largest_distance_so_far(dtype, unit):
    """The control's distances are given in units of float32; in float64 those of float64 take their place."""
    in_units = Distance(np.array([0.0, 7.0, 2.0]), np.array([0.5, 3.0, 0.0, 4.0]), np.array([0.0, 0.0, 0.0, 5.0]))
    allowed = bound(Distance(*(2**-24 * distances for distances in in_units)), dtype)
    np.testing.assert_array_equal(allowed.losses, FACTOR * unit * np.array([1, 7, 7]))
    np.testing.assert_array_equal(allowed.weights, FACTOR * unit * np.array([1, 3, 3, 4]))
    np.testing.assert_array_equal(allowed.largest, FACTOR * unit * np.array([1, 1, 1, 5]))


def test_judging_names_the_first_step_that_is_too_far():
    allowed = Distance(np.full(3, 1.0), np.full(4, 2.0), np.zeros(4))
    right = Distance(np.array([0.0, 1.0, 0.5]), np.array([0.0, 1.0, 1.0, 2.0]), np.ones(4))
    assert judge(right, allowed) == trajectories.Verdict(1.0)
    late_loss = right._replace(losses=np.array([0.0, 1.25, 3.0]))
    assert judge(late_loss, allowed) == trajectories.Verdict(3.0, "after step 1 the losses are 1.25 apart, beyond 1")
    weights = right._replace(weights=np.array([0.0, 1.0, 5.0, 4.0]))
    assert judge(weights, allowed).problem == "after step 2 the weights are 5 apart, beyond 2"


def test_nan_is_too_far():
    allowed = Distance(np.full(3, 1.0), np.full(4, 2.0), np.zeros(4))
    verdict = judge(Distance(np.array([0.0, np.nan, 0.5]), np.zeros(4), np.zeros(4)), allowed)
    assert verdict.problem
    assert verdict.worst == np.inf
