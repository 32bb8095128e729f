"""The graph of a functional model: symbolic tensors, the layer calls between them, and how to run it."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from .kernels import ShapeError
from .tensor import Tensor

if TYPE_CHECKING:
    from .layers.layer import Layer


@dataclass(eq=False)
class SymbolicTensor:
    """A value that will exist when the model runs: its shape (batch axis None) and the call that makes it."""

    shape: tuple[int | None, ...]
    dtype: np.dtype
    node: Node
    index: int = 0  # which output of the call

    @property
    def ndim(self) -> int:
        return len(self.shape)

    def __repr__(self) -> str:
        return f"<SymbolicTensor {self.shape} from {self.node.layer.name!r}>"

    def _refuse(self, *_: Any) -> Any:
        raise TypeError(
            "symbolic tensors of a functional model take layers, not arithmetic: "
            "use layers.Add()([a, b]), layers.Multiply()([a, b]) or a Layer subclass of your own"
        )

    __add__ = __radd__ = __sub__ = __rsub__ = __mul__ = __rmul__ = __truediv__ = __rtruediv__ = _refuse
    __matmul__ = __pow__ = __neg__ = __getitem__ = __array__ = _refuse


@dataclass(eq=False)
class Node:
    """One call of a layer: its inputs and outputs (a symbolic tensor or a list of them).

    An Input is the call of an InputLayer on no inputs.
    """

    layer: Layer
    inputs: Any
    outputs: Any = None


def map_structure(function: Callable, value: Any) -> Any:
    """Apply `function` to one value, or to each of a list or tuple of tensors or shapes.

    >>> map_structure(len, [(None, 3), (None, 4, 4)])
    [2, 3]
    """
    if isinstance(value, list) or (isinstance(value, tuple) and not _is_shape(value)):
        return [function(v) for v in value]
    return function(value)


def as_structure(inputs: Any) -> Any:
    """A list of arrays or tensors as it is; a list of numbers, however nested, as the one tensor it stands for.

    >>> as_structure([[1.0, 2.0], [3.0, 4.0]]).shape
    (2, 2)
    """
    if isinstance(inputs, (list, tuple)) and not any(isinstance(x, (Tensor, np.ndarray)) for x in inputs):
        return Tensor(inputs)
    return inputs


def flatten(value: Any) -> list:
    """One value or a list of them as a flat list."""
    return list(value) if isinstance(value, (list, tuple)) else [value]


def is_symbolic(inputs: Any) -> bool:
    """Whether any of the inputs is symbolic."""
    return any(isinstance(x, SymbolicTensor) for x in flatten(inputs))


def record(layer: Layer, inputs: Any) -> Any:
    """Build the layer for these symbolic inputs and return its symbolic outputs."""
    for x in flatten(inputs):
        if not isinstance(x, SymbolicTensor):
            raise TypeError(
                f"takes symbolic tensors or arrays, not both: got {x!r} among them; give it an Input of its own"
            )
        if None in x.shape[1:]:
            raise ShapeError(
                f"only the batch axis may be None, got {x.shape}; "
                "Input(shape=…) takes the fixed size of one sample, such as (28, 28, 1), without the batch axis"
            )
    shapes = map_structure(lambda x: x.shape, inputs)
    layer.ensure_built(shapes)
    node = Node(layer, inputs)
    output_shapes = layer.compute_output_shape(shapes)
    number = itertools.count()
    node.outputs = map_structure(
        lambda shape: SymbolicTensor(tuple(shape), layer.dtype, node, next(number)), output_shapes
    )
    return node.outputs


def nodes_between(inputs: Iterable[SymbolicTensor], outputs: Iterable[SymbolicTensor]) -> list[Node]:
    """The calls that lead from the inputs to the outputs, each after those it depends on.

    Raises ValueError when an output depends on something that is not among the inputs.
    """
    known = {id(x) for x in inputs}
    order: list[Node] = []
    done: set[int] = set()
    pending = [(x, False) for x in reversed(list(outputs))]
    while pending:
        x, inputs_done = pending.pop()
        if id(x) in known or id(x.node) in done:
            continue
        if not flatten(x.node.inputs):
            raise ValueError(
                f"an output of the model depends on the Input {x.node.layer.name!r} of shape {x.shape}, "
                "which is not among its inputs: add it to Model(inputs=[…], outputs=…)"
            )
        if inputs_done:
            order.append(x.node)
            done.add(id(x.node))
        else:
            pending.append((x, True))
            pending.extend((y, False) for y in reversed(flatten(x.node.inputs)))
    return order


def layers_in_order(nodes: list[Node], outputs: Iterable[SymbolicTensor]) -> list[Layer]:
    """The layers of these calls in Keras's order: farthest from the outputs first, then as a walk back meets them.

    nodes   each after those it depends on; a layer called more than once counts where it is farthest
    """
    node_depth: dict[int, int] = {}
    layer_depth: dict[Layer, int] = {}
    for node in reversed(nodes):
        depth = max(node_depth.get(id(node), 0), layer_depth.get(node.layer, 0))
        layer_depth[node.layer] = depth
        for x in flatten(node.inputs):
            node_depth[id(x.node)] = max(node_depth.get(id(x.node), 0), depth + 1)
    met = _order_met(nodes, outputs)
    return sorted(layer_depth, key=lambda layer: (-layer_depth[layer], met.get(layer, -1)))


def _order_met(nodes: list[Node], outputs: Iterable[SymbolicTensor]) -> dict[Layer, int]:
    """Numbers of the layers in a walk from the outputs back, each branch to its end before the next."""
    unmet = {id(node) for node in nodes}
    met: dict[Layer, int] = {}
    pending = list(reversed(list(outputs)))
    while pending:
        node = pending.pop().node
        if id(node) in unmet:
            unmet.remove(id(node))
            met.setdefault(node.layer, len(met))
            pending.extend(reversed(flatten(node.inputs)))
    return met


def run(nodes: Iterable[Node], inputs: list[SymbolicTensor], values: list[Any], outputs: Any) -> Any:
    """Run the calls in order on real values and return what the outputs became."""
    computed = {id(symbol): value for symbol, value in zip(inputs, values)}

    def value_of(symbol: SymbolicTensor) -> Any:
        return computed[id(symbol)]

    for node in nodes:
        results = node.layer(map_structure(value_of, node.inputs))
        computed |= {id(symbol): value for symbol, value in zip(flatten(node.outputs), flatten(results))}
    return map_structure(value_of, outputs)


def _is_shape(value: tuple) -> bool:
    return bool(value) and all(size is None or isinstance(size, int) for size in value)
