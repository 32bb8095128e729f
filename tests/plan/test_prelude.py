"""Preprocessing layers in planned models: before the program, with the numbers of an eager run."""

import warnings

import numpy as np
import pytest

import minicnn as mc
from minicnn import layers
from minicnn.kernels.cpu import threads
from minicnn.plan.explain import plan_rows

from .models import planned


def head():
    return [layers.Conv2D(4, 3, activation="relu"), layers.MaxPooling2D(), layers.Flatten(), layers.Dense(4, "softmax")]


def augmentation():
    return [
        layers.RandomFlip("horizontal"),
        layers.RandomRotation(0.1),
        layers.RandomZoom(0.2),
        layers.RandomTranslation(0.1, 0.1, "constant"),
        layers.RandomBrightness(0.2, value_range=(0, 1)),
        layers.RandomContrast(0.2, value_range=(0, 1)),
        layers.RandomCrop(11, 10),
    ]


def nested():
    return mc.Sequential([mc.Input((12, 11, 3)), mc.Sequential(augmentation()), *head()])


def functional():
    x = mc.Input((12, 11, 3))
    y = layers.RandomFlip()(layers.Resizing(9, 9)(x))
    a, b = layers.Conv2D(3, 2)(y), layers.Conv2D(3, 2)(layers.RandomContrast(0.5, value_range=(0, 1))(y))
    return mc.Model(x, layers.Dense(4, "softmax")(layers.GlobalAveragePooling2D()(layers.Add()([a, b]))))


def behind_rescaling():
    scaled = [layers.Rescaling(255.0), layers.RandomBrightness(0.2), layers.Rescaling(1 / 255)]
    return mc.Sequential([mc.Input((12, 11, 3)), *scaled, *head()])


def both_before_and_after():
    """What a preprocessing layer starts from is also used by itself."""
    x = mc.Input((12, 11, 3))
    y = layers.Rescaling(2.0)(x)
    y = layers.Add()([y, layers.RandomFlip()(y)])
    return mc.Model(x, layers.Dense(4, "softmax")(layers.GlobalAveragePooling2D()(layers.Conv2D(3, 2)(y))))


MODELS = [
    lambda: mc.Sequential([mc.Input((12, 11, 3)), *augmentation(), *head()]),
    nested,
    functional,
    behind_rescaling,
    both_before_and_after,
]


@pytest.fixture
def data():
    rng = np.random.default_rng(0)
    return rng.random((13, 12, 11, 3), np.float32), rng.integers(0, 4, 13)


def trained(make, data, eagerly=False):
    mc.utils.set_random_seed(3)
    model = make()
    model.compile("sgd", "sparse_categorical_crossentropy", run_eagerly=eagerly)
    history = model.fit(*data, batch_size=5, epochs=3, validation_data=data, verbose=0).history
    return model, history


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("make", MODELS)
def test_trains_as_it_does_eagerly(make, data):
    found, expected = trained(make, data), trained(make, data, eagerly=True)
    assert planned(found[0])
    for name, values in expected[1].items():
        np.testing.assert_allclose(found[1][name], values, rtol=1e-5)
    for ours, theirs in zip(found[0].get_weights(), expected[0].get_weights()):
        np.testing.assert_allclose(ours, theirs, atol=1e-6)
    np.testing.assert_allclose(found[0].predict(data[0], verbose=0), expected[0].predict(data[0], verbose=0), atol=1e-6)


def test_any_number_of_threads_draws_the_same(data):
    before, results = threads.get_num_threads(), []
    try:
        for count in (1, 2, 3):
            threads.set_num_threads(count)
            results.append(trained(nested, data)[0].get_weights())
    finally:
        threads.set_num_threads(before)
    for weights in results[1:]:
        for found, expected in zip(weights, results[0]):
            np.testing.assert_array_equal(found, expected)


def test_generators_are_where_an_eager_run_leaves_them(data):
    ends = []
    for eagerly in (False, True):
        model, _ = trained(nested, data, eagerly)
        ends.append([layer.generator.bit_generator.state for layer in model.layers[0].layers])
    assert ends[0] == ends[1]


def test_a_step_that_turns_out_to_be_eager_draws_once(data):
    """Decay is a call more, which shows only when the plan's step has begun."""
    ends = []
    for eagerly in (False, True):
        model, _ = trained(nested, data, eagerly)
        model.optimizer.weight_decay = 0.5
        model.train_on_batch(data[0][:5], data[1][:5])
        ends.append([layer.generator.bit_generator.state for layer in model.layers[0].layers])
    assert ends[0] == ends[1]


def test_a_changed_generator_is_used_in_the_next_step(data):
    model, _ = trained(nested, data)
    layer, losses = model.layers[0].layers[0], []
    weights, state = model.get_weights(), [layer.generator.bit_generator.state for layer in model.layers[0].layers]
    for _ in range(2):
        model.set_weights(weights)
        for layer, kept in zip(model.layers[0].layers, state):
            layer.generator.bit_generator.state = kept
        losses.append(model.train_on_batch(*data))
    assert losses[0] == losses[1]


def test_behind_weights_it_runs_eagerly_with_one_warning(data):
    model = mc.Sequential([mc.Input((12, 11, 3)), layers.Conv2D(3, 3), layers.Resizing(4, 4), *head()[2:]])
    model.predict(data[0], verbose=0)
    with pytest.warns(UserWarning, match=r"resizing.*works on arrays and stands behind layers with weights"):
        model.predict(data[0], verbose=0)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        model.predict(data[0], verbose=0)


def test_rows_say_what_is_done_before(data):
    model, _ = trained(nested, data)
    states = [layer.generator.bit_generator.state for layer in model.layers[0].layers]
    rows, _ = plan_rows(model, batch_size=4)
    before = [row for row in rows if row.reason == "before the plan runs"]
    assert [row.layer for row in before] == [layer.name for layer in model.layers[0].layers]
    assert before[-1].shape == "4×11×10×3"
    assert all(row.seconds > 0 and row.bytes > 0 for row in before)
    assert states == [layer.generator.bit_generator.state for layer in model.layers[0].layers]


def test_saved_models_hold_the_layers(data, tmp_path):
    model, _ = trained(nested, data)
    model.save(tmp_path / "model.safetensors")
    loaded = mc.models.load_model(tmp_path / "model.safetensors")
    np.testing.assert_array_equal(loaded.predict(data[0], verbose=0), model.predict(data[0], verbose=0))
    config = [layer.get_config() for layer in loaded.layers[0].layers]
    assert [c["factor"] for c in config if "factor" in c] == [0.1, 0.2, 0.2]
    loaded.fit(*data, verbose=0)
