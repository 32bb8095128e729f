"""Models with the same weights every time, and batches for them."""

import numpy as np
import pytest

import minicnn as mc

from .models import MODELS, Own


@pytest.fixture
def make():
    """make(name, compile options…): a model with the same weights every time."""

    def made(name, optimizer="sgd", loss="sparse_categorical_crossentropy", **options):
        mc.utils.set_random_seed(3)
        model = MODELS[name]() if isinstance(name, str) else name()
        model.compile(optimizer() if callable(optimizer) else optimizer, loss, **options)
        return model

    return made


@pytest.fixture
def batch():
    """batch(model, n): n samples with labels."""

    def drawn(model, samples):
        rng = np.random.default_rng(samples)
        shape = (8, 8, 3) if isinstance(model, Own) else model.inputs[0].shape[1:]
        return rng.standard_normal((samples, *shape), np.float32), rng.integers(0, 4, samples)

    return drawn
