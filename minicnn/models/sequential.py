"""Sequential: layers one after the other."""

from collections.abc import Iterable
from typing import Any

import numpy as np

from ..graph import Node, SymbolicTensor
from ..kernels import ShapeError
from ..layers.input import Input, InputLayer, begin_with
from ..layers.layer import Layer, Shape
from ..tensor import Tensor
from .functional import fit_input
from .model import Model, expect_unique_names


class Sequential(Model):
    """A chain of layers; built at once when it starts with an Input, else at the first call.

    >>> from minicnn import layers
    >>> model = Sequential([layers.Input((8, 8, 1)), layers.Conv2D(2, 3), layers.Flatten(), layers.Dense(3)])
    >>> model.count_params()
    239
    """

    def __init__(self, layers: Iterable[Any] | None = None, *, trainable: bool = True, name: str | None = None):
        super().__init__(name=name, trainable=trainable)
        self._symbols: list[SymbolicTensor] = []  # the input and what each layer makes of it
        for layer in layers or []:
            self.add(layer)
        if not trainable:
            self.trainable = False

    def add(self, layer: Any) -> None:
        """Append a layer. Raises TypeError for anything else and ValueError for a name used twice."""
        if isinstance(layer, (SymbolicTensor, InputLayer)):
            if self._layers or self._symbols:
                raise ValueError("an Input can only be the first element of a Sequential model")
            self._symbols = [layer if isinstance(layer, SymbolicTensor) else begin_with(layer)]
            self.built = True
            return
        if not isinstance(layer, Layer):
            raise TypeError(
                f"Sequential takes layers such as layers.Dense(10), got {layer!r}; "
                "an activation by name is layers.Activation('relu')"
            )
        if layer in self._layers:
            raise ValueError(
                f"layer {layer.name!r} is in model {self.name!r} already: make a second {type(layer).__name__}, "
                "or share weights in a functional Model(inputs, outputs)"
            )
        if not self._symbols and not self._layers and layer.input_shape is not None:
            self.add(Input(layer.input_shape))
        expect_unique_names(self, [*self._layers, layer])
        if self._symbols:
            self._symbols.append(layer(self._symbols[-1]))
        self._layers.append(layer)

    def pop(self) -> Layer:
        """Remove the last layer and return it."""
        layer = self._layers.pop()
        del self._symbols[len(self._layers) + 1 :]
        return layer

    def build(self, input_shape: Shape) -> None:
        """Make all variables for inputs of this shape (batch axis None)."""
        if not self._layers:
            raise ValueError("has no layers: add some first, for example model.add(layers.Dense(10))")
        self._symbols = [Input(tuple(input_shape[1:]))]
        for layer in self._layers:
            self._symbols.append(layer(self._symbols[-1]))
        self.built = True

    def calls(self) -> list[Node]:
        return [symbol.node for symbol in self._symbols[1:]]

    @property
    def inputs(self) -> list[SymbolicTensor]:
        return self._symbols[:1]

    @property
    def outputs(self) -> list[SymbolicTensor]:
        return self._symbols[-1:]

    def call(self, inputs: Tensor) -> Any:
        if isinstance(inputs, list):
            raise ShapeError(
                f"takes one array, got a list of {len(inputs)}; images in a list become one array with np.stack(images)"
            )
        x: Any = fit_input(inputs, self._symbols[0])
        for layer in self._layers:
            x = layer(x)
        return x

    def get_config(self) -> dict[str, Any]:
        shape = list(self._symbols[0].shape) if self._symbols else None
        return {
            "name": self.name,
            "trainable": self.trainable,
            "dtype": self.dtype.name,
            "layers": self.layers,
            "build_input_shape": shape,
        }

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> "Sequential":
        shape = config["build_input_shape"]
        start = [Input(tuple(shape[1:]))] if shape else []
        model = cls([*start, *config["layers"]], name=config["name"])
        model._trainable = config["trainable"]  # the layers bring their own
        model.dtype = np.dtype(config["dtype"])
        return model
