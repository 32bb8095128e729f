"""Every optimizer against its paper's recurrence, written out in NumPy here."""

import numpy as np
import pytest

from minicnn import Variable
from minicnn.optimizers import SGD, Adam, AdamW, RMSprop
from minicnn.optimizers.schedules import ExponentialDecay

STEPS = 6
SHAPES = [(3, 2), (4,), ()]


def sgd(w, gradients, rate=0.01, momentum=0.0, nesterov=False):
    u = 0
    for g in gradients:
        u = momentum * u - rate * g
        w = w + (momentum * u - rate * g if nesterov else u)
    return w


def rmsprop(w, gradients, rate=0.001, rho=0.9, momentum=0.0, epsilon=1e-7, centered=False):
    s = a = u = 0
    for g in gradients:
        s = rho * s + (1 - rho) * g**2
        a = rho * a + (1 - rho) * g if centered else 0
        u = momentum * u + rate * g / np.sqrt(s - a**2 + epsilon)
        w = w - u
    return w


def adam(w, gradients, rate=0.001, beta_1=0.9, beta_2=0.999, epsilon=1e-7, amsgrad=False, decay=0.0):
    m = v = largest = 0
    for t, g in enumerate(gradients, start=1):
        w = w - rate * decay * w
        m = beta_1 * m + (1 - beta_1) * g
        v = beta_2 * v + (1 - beta_2) * g**2
        largest = np.maximum(largest, v)
        rate_t = rate * np.sqrt(1 - beta_2**t) / (1 - beta_1**t)
        w = w - rate_t * m / (np.sqrt(largest if amsgrad else v) + epsilon)
    return w


CASES = {
    "sgd": (SGD(), lambda w, g: sgd(w, g)),
    "momentum": (SGD(0.1, 0.9), lambda w, g: sgd(w, g, 0.1, 0.9)),
    "nesterov": (SGD(0.1, 0.9, nesterov=True), lambda w, g: sgd(w, g, 0.1, 0.9, True)),
    "rmsprop": (RMSprop(), lambda w, g: rmsprop(w, g)),
    "rmsprop momentum": (RMSprop(0.01, 0.8, 0.5), lambda w, g: rmsprop(w, g, 0.01, 0.8, 0.5)),
    "rmsprop centered": (
        RMSprop(0.01, epsilon=1e-3, centered=True),
        lambda w, g: rmsprop(w, g, 0.01, epsilon=1e-3, centered=True),
    ),
    "rmsprop both": (
        RMSprop(0.01, momentum=0.3, centered=True),
        lambda w, g: rmsprop(w, g, 0.01, momentum=0.3, centered=True),
    ),
    "adam": (Adam(), lambda w, g: adam(w, g)),
    "adam options": (Adam(0.1, 0.8, 0.9, 1e-3), lambda w, g: adam(w, g, 0.1, 0.8, 0.9, 1e-3)),
    "amsgrad": (Adam(0.1, beta_2=0.5, amsgrad=True), lambda w, g: adam(w, g, 0.1, beta_2=0.5, amsgrad=True)),
    "adam with decay": (Adam(0.1, weight_decay=0.2), lambda w, g: adam(w, g, 0.1, decay=0.2)),
    "adamw": (AdamW(0.1), lambda w, g: adam(w, g, 0.1, decay=0.004)),
    "adamw amsgrad": (
        AdamW(0.1, 0.3, beta_2=0.5, amsgrad=True),
        lambda w, g: adam(w, g, 0.1, beta_2=0.5, amsgrad=True, decay=0.3),
    ),
}


@pytest.mark.parametrize(("optimizer", "definition"), CASES.values(), ids=CASES)
@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_follows_the_recurrence(optimizer, definition, dtype, rng):
    optimizer = type(optimizer).from_config(optimizer.get_config())
    starts = [rng.normal(size=shape) for shape in SHAPES]
    gradients = [[rng.normal(size=shape) for shape in SHAPES] for _ in range(STEPS)]
    variables = [Variable(start.astype(dtype), name=f"v{i}") for i, start in enumerate(starts)]
    for step in gradients:
        optimizer.apply([g.astype(dtype) for g in step], variables)
    for i, variable in enumerate(variables):
        expected = definition(starts[i], [step[i] for step in gradients])
        assert variable.dtype == dtype
        np.testing.assert_allclose(variable.data, expected, rtol=1e-12 if dtype == "float64" else 2e-5, atol=1e-6)


@pytest.mark.parametrize("optimizer", [SGD(0.5, weight_decay=0.1), RMSprop(0.5, weight_decay=0.1)])
def test_weights_decay_by_themselves_without_gradient(optimizer):
    w = Variable(np.array([2.0, -4.0]))
    optimizer.apply([np.zeros(2)], [w])
    np.testing.assert_allclose(w.data, [1.9, -3.8])


def test_scheduled_rate_is_that_of_the_step(rng):
    schedule = ExponentialDecay(0.5, 1, 0.5)
    w, g = Variable(np.array([0.0])), np.array([1.0])
    optimizer = SGD(schedule)
    for _ in range(3):
        optimizer.apply([g], [w])
    assert w.item() == -(0.5 + 0.25 + 0.125)


def test_minimizes_a_bowl():
    for optimizer in (SGD(0.1), SGD(0.05, 0.9), RMSprop(0.05), Adam(0.1), AdamW(0.1, 0.0)):
        w = Variable(np.array([3.0, -2.0]))
        for _ in range(200):
            optimizer.apply([2 * w.data], [w])
        assert np.abs(w.data).max() < 0.1, optimizer.name
