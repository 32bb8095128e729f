"""Run a training case with minicnn, on the portable kernels unless told otherwise."""

from functools import singledispatch

import numpy as np

import minicnn
from minicnn import Tensor, Variable, ops

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


def run(case: TrainingCase, seed: int, dtype: str, kernels: str = "portable") -> Results:
    """Everything that a case compares, computed in `dtype`."""
    inputs, _ = case.draw(seed)
    cast = {name: values.astype(dtype) if values.dtype.kind == "f" else values for name, values in inputs.items()}
    with minicnn.device(kernels):
        return results(case, cast)


@singledispatch
def results(case: TrainingCase, inputs: dict[str, np.ndarray]) -> Results:
    raise NotImplementedError(type(case))


@results.register
def _(case: LossCase, inputs):
    x = Tensor(inputs["y_pred"], requires_grad=True)
    y_pred = getattr(ops, case.activation)(x) if case.activation else x
    loss = case.make(minicnn)(inputs["y_true"], y_pred, inputs.get("weights"))
    loss.backward(inputs["dy"][: loss.data.size].reshape(loss.shape))
    return {"loss": loss.data, "dx": x.grad}


@results.register
def _(case: MetricCase, inputs):
    metric = case.make(minicnn)
    found = {}
    for i in range(len(BATCHES)):
        metric.update_state(inputs[f"y_true {i}"], inputs[f"y_pred {i}"], inputs.get(f"weights {i}"))
        found[f"result {i}"] = np.asarray(metric.result())
    return found


@results.register
def _(case: OptimizerCase, inputs):
    optimizer = case.make(minicnn)
    variables = {name: Variable(inputs[name], name=name) for name in ("kernel", "bias")}
    found = {}
    for step in range(STEPS):
        optimizer.apply([inputs[f"d {name}"][step] for name in variables], list(variables.values()))
        if step + 1 in LOOKED_AT:
            found |= {f"{name} after {step + 1}": np.array(v.data) for name, v in variables.items()}
    return found


@results.register
def _(case: ScheduleCase, inputs):
    schedule = case.make(minicnn)
    return {"rates": np.array([schedule(int(step)) for step in inputs["steps"]])}


@results.register
def _(case: RegularizerCase, inputs):
    w = Tensor(inputs["w"], requires_grad=True)
    penalty = case.make(minicnn)(w)
    penalty.backward()
    return {"penalty": penalty.data, "dw": w.grad}
