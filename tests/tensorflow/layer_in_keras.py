"""Run a layer case with Keras on TensorFlow in float64: the same results under the same names."""

import keras
import numpy as np
import tensorflow as tf

from .case import Results
from .cases_layers import LayerCase, draw_weight


def run(case: LayerCase, seed: int) -> Results:
    before = keras.config.floatx()
    keras.config.set_floatx("float64")
    keras.utils.clear_session()  # Keras remembers the dtype of earlier layers
    try:
        return _run(case, case.generator(seed))
    finally:
        keras.config.set_floatx(before)


def _run(case: LayerCase, rng: np.random.Generator) -> Results:
    tensors = [tf.constant(x, tf.float64) for x in case.draw_inputs(rng)]
    inputs = tensors if len(tensors) > 1 else tensors[0]
    shapes = [tuple(x.shape) for x in inputs] if len(tensors) > 1 else tuple(inputs.shape)
    layer = case.make(keras)
    layer(inputs)  # builds it
    layer.set_weights([draw_weight(rng, w.name, tuple(w.shape)) for w in layer.weights])
    dy = tf.constant(rng.standard_normal(layer.compute_output_shape(shapes)))

    def forward_and_backward():
        with tf.GradientTape() as tape:
            tape.watch(tensors)
            y = layer(inputs, training=case.training)
            penalty = sum(layer.losses, start=tf.zeros((), tf.float64))
            loss = tf.reduce_sum(y * dy) + penalty
        return y, penalty, tape.gradient(loss, [tensors, [w.value for w in layer.trainable_weights]])

    y, penalty, (dx, dw) = (_compiled(forward_and_backward) if _must_compile(layer) else forward_and_backward)()
    results = {"y": y, "penalty": penalty}
    results |= {f"dx{i}": gradient for i, gradient in enumerate(dx)}
    results |= {f"d {w.name}": gradient for w, gradient in zip(layer.trainable_weights, dw)}
    results |= {f"after {w.name}": w.value for w in layer.non_trainable_weights}
    return {name: tensor.numpy() for name, tensor in results.items()}


def _must_compile(layer: keras.layers.Layer) -> bool:
    """On CPU TensorFlow has gradients of groups and dilation in compiled functions only."""
    return getattr(layer, "groups", 1) > 1 or getattr(layer, "dilation_rate", (1, 1)) != (1, 1)


def _compiled(function):
    return tf.function(function, jit_compile=True)
