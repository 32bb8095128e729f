"""Updates in a captured run: many in one launch, each with the numbers of its time."""

import functools

import numpy as np
import pytest

from minicnn.kernels import backend, gpu
from minicnn.kernels.gpu.capture import Capture
from minicnn.kernels.gpu.machine import using
from minicnn.kernels.rates import RATES

from ..emulator import Emulator, missing

pytestmark = pytest.mark.skipif(missing() is not None, reason=str(missing()))

reference = backend("reference")

#: kernel, number of state arrays, options of one step and the next
UPDATES = [
    ("sgd_update", 1, {"momentum": 0.9, "nesterov": True}, {"momentum": 0.8, "nesterov": False}),
    ("rmsprop_update", 3, {"rho": 0.9, "momentum": 0.9}, {"rho": 0.8, "momentum": 0.7, "epsilon": 0.1}),
    ("adam_update", 2, {"step": 1}, {"step": 2, "beta_1": 0.8, "beta_2": 0.9, "epsilon": 0.1}),
    ("adamw_update", 3, {"step": 5, "weight_decay": 0.1}, {"step": 6, "weight_decay": 0.2}),
]


class Counting(Emulator):
    """Knows how many kernels it was started for."""

    started = 0

    def launch(self, *args):
        self.started += 1
        super().launch(*args)


@pytest.fixture
def machine():
    emulator = Counting()
    with using(emulator):
        yield emulator


def variable(shape, states, seed):
    """w, g and states, which are positive, so that they may be means of squares."""
    rng = np.random.default_rng(seed)
    draw = functools.partial(rng.standard_normal, shape)
    arrays = [draw(), draw(), *(abs(draw()) + offset for offset in (9, 0, 0)[:states])]
    return [np.asarray(array, np.float32) for array in arrays]


def step(k, kernel, variables, rates, **options):
    for arrays, rate in zip(variables, rates):
        getattr(k, kernel)(*arrays, learning_rate=rate, **options)


def assert_close(found, expected):
    for arrays, wanted in zip(found, expected):
        for one, other in zip(arrays, wanted):
            np.testing.assert_allclose(one.get(), other, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize(("kernel", "states", "first", "second"), UPDATES)
@pytest.mark.parametrize(
    ("shapes", "launches"), [([(700,), (3, 5), (), (256, 4)], 1), ([(2,)] * 130, 3)], ids=["few", "many"]
)
def test_many_variables_take_one_launch_and_the_numbers_of_the_step(
    kernel, states, first, second, shapes, launches, machine
):
    expected = [variable(shape, states, seed) for seed, shape in enumerate(shapes)]
    rates = [0.1 / (1 + i) for i in range(len(shapes))]
    on_device = [[machine.put(array) for array in arrays] for arrays in expected]
    capture = Capture()
    capture.record(lambda: step(gpu, kernel, on_device, rates, **first))
    step(reference, kernel, expected, rates, **first)
    assert_close(on_device, expected)
    assert machine.started == launches
    for numbers, rate in zip(capture.numbers, rates, strict=True):
        numbers[...] = RATES[kernel](learning_rate=2 * rate, **second)
    capture.run()
    step(reference, kernel, expected, [2 * rate for rate in rates], **second)
    assert_close(on_device, expected)


def test_a_variable_that_is_stepped_twice_takes_two_launches(machine):
    w, g = np.array([1.0], np.float32), np.array([2.0], np.float32)
    on_device = [machine.put(w), machine.put(g)]
    Capture().record(lambda: step(gpu, "sgd_update", [on_device, on_device], [0.25, 0.5]))
    assert on_device[0].get() == [-0.5]
    assert machine.started == 2


def test_what_lies_between_two_updates_happens_between_them(machine):
    w, x = machine.put(np.array([1.0], np.float32)), machine.put(np.array([3.0], np.float32))

    def function():
        gpu.sgd_update(w, x, learning_rate=1.0)  # −2
        gpu.sgd_update(x, gpu.relu(w), learning_rate=1.0)

    Capture().record(function)
    assert (w.get(), x.get()) == ([-2], [3])
    assert machine.started == 3
