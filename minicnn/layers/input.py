"""Input: where a functional or sequential model begins."""

from numbers import Integral
from typing import Any

from .. import config
from ..graph import Node, SymbolicTensor
from ..kernels import ShapeError
from .layer import Layer, Shape


class InputLayer(Layer):
    """Stands for the model's input in summaries and saved files; computes nothing.

    >>> InputLayer(shape=(28, 28, 1)).shape
    (None, 28, 28, 1)
    """

    def __init__(self, shape: Shape, *, name: str | None = None, dtype: str | None = None, **kwargs: Any):
        super().__init__(name=name, dtype=dtype, **kwargs)
        if not (isinstance(shape, (tuple, list)) and all(_is_size(size) for size in shape)):
            raise ShapeError(
                "Input: shape must be a tuple of positive sizes without the batch axis, "
                f"such as (28, 28, 1), got {shape!r}"
            )
        self.shape: Shape = (None, *(None if size is None else int(size) for size in shape))
        self.built = True

    def call(self, inputs: Any) -> Any:
        return inputs


def _is_size(size: Any) -> bool:
    return size is None or (isinstance(size, Integral) and int(size) > 0)


def Input(shape: Shape, *, dtype: str | None = None, name: str | None = None) -> SymbolicTensor:
    """A symbolic image (H, W, C) or feature vector (C,) without the batch axis.

    >>> Input(shape=(28, 28, 1)).shape
    (None, 28, 28, 1)
    """
    return begin_with(InputLayer(shape, name=name, dtype=dtype or config.floatx()))


def begin_with(layer: InputLayer) -> SymbolicTensor:
    """The symbolic tensor of an input layer."""
    node = Node(layer, inputs=[])
    node.outputs = SymbolicTensor(layer.shape, layer.dtype, node)
    return node.outputs
