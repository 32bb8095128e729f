"""The gradient of every layer with every option, for its inputs and its weights, against finite differences."""

import numpy as np
import pytest

import minicnn
from minicnn import gradcheck, layers

from ..tensorflow.cases_layers import CASES, draw_weight

pytestmark = pytest.mark.usefixtures("float64")


@pytest.mark.parametrize("case", [case for case in CASES if not case.ties], ids=lambda case: case.name)
def test_gradient(case):
    rng = case.generator(seed=1)
    inputs = case.draw_inputs(rng)
    layer = case.make(minicnn)
    layer(inputs if len(inputs) > 1 else inputs[0])
    layer.set_weights([draw_weight(rng, w.name, w.shape) for w in layer.weights])
    names = [w.name for w in layer.trainable_weights]

    def outputs(*tensors):
        for name, weight in zip(names, tensors[len(inputs) :]):
            setattr(layer, name, weight)
        x = list(tensors[: len(inputs)])
        return layer(x if len(x) > 1 else x[0], training=case.training)

    report = gradcheck(outputs, *inputs, *(w.numpy() for w in layer.trainable_weights), directions=3)
    assert len(report.errors) == len(inputs) + len(names)
    assert not np.isnan(list(report.errors.values())).any(), "every direction met a kink"


def test_dropout_in_training(rng):
    """The mask of a seed is always the same, so that the layer is a function."""
    gradcheck(lambda x: layers.Dropout(0.4, seed=3)(x, training=True), rng.normal(size=(4, 5)))


def test_layer_of_layers(rng):
    class Block(layers.Layer):
        def __init__(self):
            super().__init__()
            self.conv = layers.Conv2D(2, 3, padding="same")
            self.norm = layers.BatchNormalization()

        def call(self, inputs):
            return self.norm(self.conv(inputs)) + inputs

    block = Block()
    gradcheck(lambda x: block(x, training=True), rng.normal(size=(2, 4, 3, 2)))
