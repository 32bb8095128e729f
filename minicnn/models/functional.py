"""Functional: a model given by its input and output tensors."""

from typing import Any

import numpy as np

from .. import graph
from ..graph import Node, SymbolicTensor
from ..kernels import ShapeError
from ..kernels.errors import letters
from ..layers.input import InputLayer, begin_with
from ..tensor import Tensor
from .model import Model, expect_unique_names


class Functional(Model):
    """Runs the layer calls that lead from `inputs` to `outputs`; branches and shared layers are fine.

    Raises TypeError for anything but symbolic tensors, ValueError for an output that no input leads to.
    """

    def __init__(self, inputs: Any, outputs: Any, *, name: str | None = None, trainable: bool = True):
        super().__init__(name=name, trainable=trainable)
        for tensor in (*graph.flatten(inputs), *graph.flatten(outputs)):
            if not isinstance(tensor, SymbolicTensor):
                raise TypeError(
                    f"Model(inputs, outputs) takes what Input(…) and layer calls such as Dense(10)(x) return, "
                    f"got {tensor!r}"
                )
        self.inputs: list[SymbolicTensor] = graph.flatten(inputs)
        self.outputs: list[SymbolicTensor] = graph.flatten(outputs)
        self._output_structure = outputs
        self._nodes = graph.nodes_between(self.inputs, self.outputs)
        self._layers = graph.layers_in_order(self.calls(), self.outputs)
        self.built = True
        expect_unique_names(self, self._layers)
        if not trainable:
            self.trainable = False

    def calls(self) -> list[Node]:
        return [x.node for x in self.inputs if not graph.flatten(x.node.inputs)] + self._nodes

    def call(self, inputs: Any) -> Any:
        values = graph.flatten(inputs)
        if len(values) != len(self.inputs):
            names = ", ".join(symbol.node.layer.name for symbol in self.inputs)
            raise ShapeError(
                f"takes {len(self.inputs)} inputs ({names}), got {len(values)}; pass a list of one array an input"
                f"{'; images in a list become one array with np.stack(images)' if len(self.inputs) == 1 else ''}"
            )
        fitting = [fit_input(value, symbol) for value, symbol in zip(values, self.inputs)]
        return graph.run(self._nodes, self.inputs, fitting, self._output_structure)

    def get_config(self) -> dict[str, Any]:
        """The layers, and each call as the layer's name and where its inputs come from: (call, output) numbers."""
        calls = self.calls()
        number = {id(node): i for i, node in enumerate(calls)}

        def place(symbol: SymbolicTensor) -> dict[str, int]:
            if id(symbol.node) not in number:
                raise ValueError(f"model {self.name!r} starts in the middle of another model and cannot be saved")
            return {"call": number[id(symbol.node)], "output": symbol.index}

        return {
            "name": self.name,
            "trainable": self.trainable,
            "dtype": self.dtype.name,
            "layers": self.layers,
            "calls": [{"layer": node.layer.name, "inputs": graph.map_structure(place, node.inputs)} for node in calls],
            "inputs": [place(symbol) for symbol in self.inputs],
            "outputs": graph.map_structure(place, self._output_structure),
        }

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> "Functional":
        layers = {layer.name: layer for layer in config["layers"]}
        outputs: list[list[SymbolicTensor]] = []

        def symbol_at(place: dict[str, int]) -> SymbolicTensor:
            return outputs[place["call"]][place["output"]]

        for call in config["calls"]:
            layer = layers[call["layer"]]
            is_input = isinstance(layer, InputLayer)
            made = begin_with(layer) if is_input else layer(graph.map_structure(symbol_at, call["inputs"]))
            outputs.append(graph.flatten(made))
        inputs = [symbol_at(place) for place in config["inputs"]]
        outputs_of_model = graph.map_structure(symbol_at, config["outputs"])
        model = cls(inputs, outputs_of_model, name=config["name"])
        model._trainable = config["trainable"]  # the layers bring their own
        model.dtype = np.dtype(config["dtype"])
        return model


def fit_input(value: Tensor, symbol: SymbolicTensor) -> Tensor:
    """Add or drop a trailing axis of 1 if that makes the value fit, as Keras does; else raise ShapeError."""
    expected = symbol.shape[1:]
    if value.shape[1:] == expected[:-1] and expected[-1:] == (1,):
        return value.reshape(*value.shape, 1)
    if value.shape[1:] == (*expected, 1):
        return value.reshape(*value.shape[:-1])
    if value.shape[1:] != expected:
        axes = "HWC"[-len(expected) :] if len(expected) in (1, 3) else "." * len(expected)
        raise ShapeError(
            f"expects samples of shape {letters(expected, axes)} after the batch axis, "
            f"got an array of shape {value.shape}{_hint(value.shape, expected)}"
        )
    return value


def _hint(shape: tuple[int, ...], expected: tuple[int | None, ...]) -> str:
    if shape == expected or (*shape, 1) == expected:
        return "; add the batch axis with x[None]"
    if len(expected) == 3 and shape[1:] == (expected[2], *expected[:2]):
        return "; the channels come first, move them to the end with x.transpose(0, 2, 3, 1)"
    if len(expected) == 3 and shape[1:] == expected[:2]:
        return f"; the channel axis is missing: these are grey images, the model takes {expected[2]} channels"
    if len(shape) == 4 and len(expected) == 3 and shape[1:3] != expected[:2]:
        return f"; resize the images to {expected[0]}×{expected[1]}, or build the model with Input({shape[1:]})"
    if len(shape) == 4 and len(expected) == 3:
        return f"; convert the images to {expected[2]} channel{'s' if expected[2] != 1 else ''}"
    if np.prod(shape[1:], dtype=int) == np.prod(np.array(expected, dtype=int)):
        return f"; reshape the samples to {expected}"
    return ""
