"""A planned run on a GPU, which is emulated where there is none, gives what an eager one on the host gives."""

import re

import numpy as np
import pytest

import minicnn as mc
from minicnn import layers, optimizers
from minicnn.kernels.gpu.machine import OutOfMemory, using
from minicnn.plan.explain import plan_rows

from ..emulator import Emulator, missing
from .models import MODELS, chain, dense, planned
from .test_plan import OPTIMIZERS


class Small(Emulator):
    """A machine with so many bytes for each array."""

    room = 1 << 30

    def empty(self, shape, dtype):
        need = int(np.prod(shape)) * dtype.itemsize
        if need > self.room:
            raise OutOfMemory(need, self.room)
        return super().empty(shape, dtype)


@pytest.fixture
def small():
    if reason := missing():
        pytest.skip(reason)
    emulated = Small()
    with using(emulated), mc.device("gpu"):
        yield emulated


@pytest.fixture(params=["small", pytest.param("gpu", marks=pytest.mark.gpu)])
def machine(request):
    found = request.getfixturevalue(request.param)
    with using(found), mc.device("gpu"):
        yield found


@pytest.fixture
def assert_same_steps(make, batch, machine):
    """Two updates, a test step and a prediction: as eager ones on the host."""

    def run(device, name, prepare, **options):
        with mc.device(device):
            model = make(name, run_eagerly=device != "gpu", metrics=["accuracy"], **options)
            x, *labels = prepare(*batch(model, 4))
            mc.utils.set_random_seed(5)
            results = [model.train_on_batch(x, *labels), model.train_on_batch(x, *labels)]
            results += [model.test_on_batch(x, *labels), model.predict_on_batch(x), *model.get_weights()]
            assert planned(model) == (device == "gpu")
            return results + [np.asarray(state) for state in model.optimizer.state().values()]

    def check(name, tolerance=1e-4, prepare=lambda *batch: batch, **options):
        found, expected = (run(device, name, prepare, **options) for device in ("gpu", "portable"))
        assert len(found) == len(expected)
        for ours, theirs in zip(found, expected):
            np.testing.assert_allclose(ours, theirs, rtol=0, atol=tolerance * max(1, np.abs(theirs).max()))

    return check


@pytest.mark.parametrize("name", MODELS)
def test_every_kind_of_model(assert_same_steps, name):
    assert_same_steps(name, optimizer=OPTIMIZERS["momentum"])


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_every_optimizer(assert_same_steps, optimizer):
    # Adam's first steps are the signs of gradients: a tiny gradient's last bit is a whole step
    assert_same_steps("dense layers", optimizer=OPTIMIZERS[optimizer], tolerance=2e-3)


def test_every_run_has_the_same_bits(make, batch, machine):
    def run():
        model = make("pooled convolutions", optimizer=OPTIMIZERS["momentum"])
        losses = [model.train_on_batch(*batch(model, 5)) for _ in range(3)]
        return [*losses, *model.get_weights()]

    for first, second in zip(run(), run()):
        assert np.asarray(first).tobytes() == np.asarray(second).tobytes()


def test_sample_weights(assert_same_steps):
    assert_same_steps("dense layers", prepare=lambda x, y: (x, y, np.array([0.5, 2, 0, 1], np.float32)))


def test_pixels_travel_as_bytes(assert_same_steps, make, batch):
    pictures = chain(lambda: layers.Rescaling(1 / 255), layers.Flatten, dense(4, "softmax"), shape=(5, 4, 3))
    assert_same_steps(pictures, prepare=lambda x, y: ((40 * x + 100).clip(0, 255).astype(np.uint8), y))


def test_what_is_augmented_before(assert_same_steps):
    augmented = chain(
        layers.RandomFlip, lambda: layers.RandomContrast(0.5, value_range=(-3, 3)), layers.Flatten, dense(4, "softmax"),
        shape=(5, 4, 3),
    )  # fmt: skip
    assert_same_steps(augmented)


def test_learning_rates_may_change_between_steps(make, batch, machine):
    runs = []
    for device in ("gpu", "portable"):
        with mc.device(device):
            model = make("dense layers", "adam")
            x, y = batch(model, 6)
            for rate in (0.1, 0.0, 0.5):
                model.optimizer.learning_rate = rate
                model.train_on_batch(x, y)
            runs.append(model.get_weights())
    for found, expected in zip(*runs):
        np.testing.assert_allclose(found, expected, rtol=0, atol=2e-3)


def test_a_model_goes_from_device_to_device(make, batch, machine):
    runs = []
    for devices in (["portable"] * 4, ["portable", "gpu", "portable", "gpu"]):
        model = make("dense layers", OPTIMIZERS["momentum"])
        x, y = batch(model, 6)
        for device in devices:
            with mc.device(device):
                model.train_on_batch(x, y)
        runs.append(model.get_weights())
    for found, expected in zip(*runs):
        np.testing.assert_allclose(found, expected, rtol=0, atol=1e-5)


def test_a_layer_that_looks_at_numbers_runs_eagerly_and_says_so(make, batch, machine):
    class Looks(layers.Layer):
        def call(self, inputs):
            return inputs * (2.0 if inputs.numpy().max() > 0 else 3.0)

        def compute_output_shape(self, input_shape):
            return input_shape

    model = make(chain(Looks, dense(4, "softmax"), shape=(6,)))
    x, _ = batch(model, 4)
    first = model.predict_on_batch(x)
    with pytest.warns(UserWarning, match="runs eagerly, which is slower"):
        np.testing.assert_array_equal(model.predict_on_batch(x), first)


def test_random_numbers_of_a_layers_own_are_not_taken_for_constants(make, batch, machine):
    class Noise(layers.Layer):
        def call(self, inputs):
            return inputs + np.random.default_rng().standard_normal(inputs.shape).astype(np.float32)

    model = make(chain(Noise, dense(4, "softmax"), shape=(6,)))
    x, _ = batch(model, 4)
    first = model.predict_on_batch(x)
    with pytest.warns(UserWarning, match="such as random ones"):
        assert (model.predict_on_batch(x) != first).all()


def test_a_batch_that_is_too_large_is_refused_with_one_that_is_not(make, batch, small):
    model = make("dense layers", "adam")
    x, y = batch(model, 64)
    before = model.get_weights()
    small.room = 6000
    with pytest.raises(OutOfMemory, match=r"a batch of 64 .* GPU.s memory, which has 5\.9 KiB") as caught:
        model.fit(x, y, batch_size=64, verbose=0)
    for found, expected in zip(model.get_weights(), before):
        np.testing.assert_array_equal(found, expected)
    advised = int(re.search(r"try batch_size=(\d+)", str(caught.value))[1])
    assert 1 < advised < 64
    model.fit(x, y, batch_size=advised, verbose=0)
    assert planned(model)


def test_other_plans_make_room(make, batch, small):
    model = make("dense layers")
    x, y = batch(model, 8)
    model.train_on_batch(x, y)
    (plan,) = model._planner._plans.values()

    def only_one(shape, dtype):
        if model._planner._plans and dtype == np.uint8:
            raise OutOfMemory(int(np.prod(shape)), 0)
        return Emulator.empty(small, shape, dtype)

    small.empty = only_one
    model.predict_on_batch(x)
    assert len(model._planner._plans) == 1
    assert plan not in model._planner._plans.values()


def test_plans_are_explained(make, machine):
    rows, memory = plan_rows(make("pooled convolutions"), batch_size=2)
    assert {row.algorithm for row in rows} <= {"tensor cores", "direct", "tiles", "pass"}
    assert memory > 0
    assert all(row.seconds > 0 for row in rows if row.kernel.startswith("conv2d"))


def test_an_optimizers_state_is_saved_and_goes_on(make, batch, machine, tmp_path):
    model = make("dense layers", optimizers.Adam(0.01))
    x, y = batch(model, 6)
    model.train_on_batch(x, y)
    model.save(tmp_path / "model.safetensors")
    again = mc.models.load_model(tmp_path / "model.safetensors")
    assert again.train_on_batch(x, y) == model.train_on_batch(x, y)
    for ours, theirs in zip(again.get_weights(), model.get_weights()):
        np.testing.assert_array_equal(ours, theirs)
