"""Model: a layer made of layers that can be trained, summarised and saved."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Self

from ..graph import Node
from ..kernels.errors import did_you_mean
from ..layers.layer import Layer
from ..training import Trainer


class Model(Layer, Trainer):
    """`Model(inputs, outputs)` is a graph of layers; a subclass with its own `call` is a program of them.

    >>> import minicnn as mc
    >>> x = mc.Input(shape=(8, 8, 1))
    >>> y = mc.layers.Conv2D(2, 3, activation="relu")(x)
    >>> model = mc.Model(x, mc.layers.GlobalAveragePooling2D()(y))
    >>> model.count_params()
    20
    """

    def __new__(cls, *args: Any, **kwargs: Any) -> Self:
        if cls is Model and (args or "inputs" in kwargs):
            from .functional import Functional

            return super().__new__(Functional, *args, **kwargs)  # type: ignore[return-value]
        return super().__new__(cls, *args, **kwargs)

    class_names: list[str] | None = None  #: what the outputs mean, saved with the model
    unplanned = frozenset({"class_names", "stop_training", "history", "_predictions_checked"})

    @property
    def layers(self) -> list[Layer]:
        """The layers directly inside, in order."""
        return list(self._layers)

    def get_layer(self, name: str | None = None, index: int | None = None) -> Layer:
        """A layer by name or position. Raises ValueError when it is not there."""
        if name is None and index is not None and index < len(self.layers):
            return self.layers[index]
        for layer in self.layers:
            if layer.name == name:
                return layer
        names = [layer.name for layer in self.layers]
        wanted = f"layer {name!r}" if index is None else f"layer number {index}"
        raise ValueError(
            f"model {self.name!r} has no {wanted}; it has {len(names)}: {', '.join(names)}{did_you_mean(name, names)}"
        )

    def calls(self) -> list[Node]:
        """The layer calls of one forward pass with their shapes, where they are known before running."""
        return []

    def summary(self) -> None:
        """Print a table of the layers with output shapes and parameter counts."""
        from .summary import print_summary

        print_summary(self)

    def explain_plan(self, batch_size: int = 32) -> None:
        """Print the plan of a training step (of a prediction, before `compile`), kernel by kernel.

        For each: the layer, how it is computed and why, what other ways there are, its cost, its share of the time.
        The step runs a few times, on noise; weights and optimizer are afterwards as they were before.
        """
        from ..plan.explain import plan_rows, print_rows

        print_rows(self, batch_size, *plan_rows(self, batch_size))

    def save(self, filepath: str | Path) -> None:
        """Write architecture, weights and training state into one `.safetensors` file, atomically."""
        from .. import saving

        saving.save_model(self, filepath)

    def save_weights(self, filepath: str | Path) -> None:
        """Write the weights alone into a `.safetensors` file, atomically."""
        from .. import saving

        saving.save_weights(self, filepath)

    def load_weights(self, filepath: str | Path) -> None:
        """Read weights from a file written by `save_weights` or `save`; they must fit this model."""
        from .. import saving

        saving.load_weights(self, filepath)


def expect_unique_names(model: Model, layers: Iterable[Layer]) -> None:
    """Raise ValueError when two of the model's layers share a name, which saved files could not tell apart."""
    twice = [name for name, count in Counter(layer.name for layer in layers).items() if count > 1]
    if twice:
        raise ValueError(
            f"layer names must be unique in model {model.name!r}, but {', '.join(twice)} is used twice; "
            "give each layer a name=… of its own, or leave it out"
        )
