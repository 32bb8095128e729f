"""Run a layer case with minicnn: outputs, gradients, penalties, and the weights it leaves."""

import numpy as np

import minicnn
from minicnn import Tensor

from .case import Results
from .cases_layers import LayerCase, draw_weight


class MiniCNN:
    """minicnn's layers on one device in one dtype."""

    def __init__(self, kernels: str, dtype: str):
        self.kernels, self.dtype = kernels, dtype

    def run(self, case: LayerCase, seed: int) -> Results:
        before = minicnn.config.floatx()
        minicnn.config.set_floatx(self.dtype)
        try:
            with minicnn.device(self.kernels):
                return _run(case, case.generator(seed), np.dtype(self.dtype))
        finally:
            minicnn.config.set_floatx(before)


def _run(case: LayerCase, rng: np.random.Generator, dtype: np.dtype) -> Results:
    tensors = [Tensor(x.astype(dtype), requires_grad=True) for x in case.draw_inputs(rng)]
    inputs = tensors if len(tensors) > 1 else tensors[0]
    shapes = [(None, *x.shape[1:]) for x in tensors] if len(tensors) > 1 else (None, *inputs.shape[1:])
    layer = case.make(minicnn)
    layer.ensure_built(shapes)
    layer.set_weights([draw_weight(rng, w.name, w.shape) for w in layer.weights])
    y = layer(inputs, training=case.training)
    assert layer.compute_output_shape(shapes) == (None, *y.shape[1:])
    penalty = sum(layer.losses, start=Tensor(np.zeros((), dtype)))
    loss = (y * rng.standard_normal(y.shape).astype(dtype)).sum() + penalty
    loss.backward()
    return (
        {"y": y.data, "penalty": penalty.data}
        | {f"dx{i}": x.grad for i, x in enumerate(tensors)}
        | {f"d {w.name}": w.grad for w in layer.trainable_weights}
        | {f"after {w.name}": w.data for w in layer.non_trainable_weights}
    )
