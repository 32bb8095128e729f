"""Run a training case with Keras on TensorFlow: the same results under the same names."""

from functools import singledispatch

import keras
import numpy as np
import tensorflow as tf

from .case import Results
from .cases_training import (
    BATCHES,
    LOOKED_AT,
    STEPS,
    LossCase,
    MetricCase,
    OptimizerCase,
    RegularizerCase,
    ScheduleCase,
    TrainingCase,
)


def run(case: TrainingCase, seed: int, dtype: str) -> Results:
    """Everything that a case compares, computed in `dtype`."""
    inputs, _ = case.draw(seed)
    cast = {name: values.astype(dtype) if values.dtype.kind == "f" else values for name, values in inputs.items()}
    before = keras.config.floatx()
    keras.config.set_floatx(dtype)
    try:
        return {name: np.asarray(value) for name, value in results(case, cast).items()}
    finally:
        keras.config.set_floatx(before)


@singledispatch
def results(case: TrainingCase, inputs: dict[str, np.ndarray]) -> Results:
    raise NotImplementedError(type(case))


@results.register
def _(case: LossCase, inputs):
    x = tf.constant(inputs["y_pred"])
    with tf.GradientTape() as tape:
        tape.watch(x)
        y_pred = getattr(keras.activations, case.activation)(x) if case.activation else x
        loss = case.make(keras)(inputs["y_true"], y_pred, inputs.get("weights"))
    dy = inputs["dy"][: int(tf.size(loss))].reshape(loss.shape)
    return {"loss": loss, "dx": tape.gradient(loss, x, tf.constant(dy))}


@results.register
def _(case: MetricCase, inputs):
    metric = case.make(keras)
    found = {}
    for i in range(len(BATCHES)):
        metric.update_state(inputs[f"y_true {i}"], inputs[f"y_pred {i}"], inputs.get(f"weights {i}"))
        found[f"result {i}"] = metric.result()
    return found


@results.register
def _(case: OptimizerCase, inputs):
    optimizer = case.make(keras)
    variables = {name: keras.Variable(inputs[name], name=name) for name in ("kernel", "bias")}
    optimizer.build(list(variables.values()))
    step_once = tf.function(optimizer.apply)
    found = {}
    for step in range(STEPS):
        step_once([tf.constant(inputs[f"d {name}"][step]) for name in variables])
        if step + 1 in LOOKED_AT:
            found |= {f"{name} after {step + 1}": v.value.numpy() for name, v in variables.items()}
    return found


@results.register
def _(case: ScheduleCase, inputs):
    schedule = case.make(keras)
    return {"rates": np.array([schedule(int(step)) for step in inputs["steps"]])}


@results.register
def _(case: RegularizerCase, inputs):
    w = tf.constant(inputs["w"])
    with tf.GradientTape() as tape:
        tape.watch(w)
        penalty = tf.convert_to_tensor(case.make(keras)(w))
    return {"penalty": penalty, "dw": tape.gradient(penalty, w, unconnected_gradients=tf.UnconnectedGradients.ZERO)}
