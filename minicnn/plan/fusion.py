"""Fusion rules: neighbouring calls of a script that become one call of a fused kernel (kernels/fused.py).

Each rule looks at one call and says what to put in the place of it and of its neighbours. The results are the same
numbers: what a fused kernel computes is defined by the calls that it replaces.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Container
from dataclasses import replace
from typing import Any

from ..kernels.fused import POOL
from ..kernels.geometry import NO_PADS
from .recorder import Call, StandIn
from .steps import Script

Edit = dict[Call, list[Call]]  #: what takes the place of each call
Rule = Callable[["Uses", Call], Edit | None]


class Uses:
    """Who makes a stand-in, and who reads it."""

    def __init__(self, script: Script):
        self._makers = {result: call for call in script.calls for result in call.results}
        self._readers: dict[StandIn, list[Call]] = {}
        for call in script.calls:
            for value in call.reads:
                self._readers.setdefault(value, []).append(call)
        self._wanted = set(script.outputs)
        self._places = {call: place for place, call in enumerate(script.calls)}

    def maker(self, value: Any, *kernels: str) -> Call | None:
        """The call that makes the value, if it is one of these kernels."""
        call = self._makers.get(value) if isinstance(value, StandIn) else None
        return call if call is not None and call.kernel in kernels else None

    def readers(self, value: Any) -> list[Call]:
        return self._readers.get(value, []) if isinstance(value, StandIn) else []

    def made_before(self, value: Any, call: Call) -> bool:
        """Whether the value is there when the call is made."""
        maker = self._makers.get(value) if isinstance(value, StandIn) else None
        return maker is None or self._places[maker] < self._places[call]

    def only_reader(self, value: StandIn, reader: Call) -> bool:
        """Whether nobody else needs the value."""
        return self.readers(value) == [reader] and value not in self._wanted

    def last_reader_between(self, value: Any, first: Call, last: Call) -> Call:
        """The last call after `first` and before `last` that reads the value, or else `first`."""
        readers = [
            call for call in self.readers(value) if self._places[first] < self._places[call] < self._places[last]
        ]
        return max(readers, key=self._places.__getitem__, default=first)


def fuse(script: Script, offered: Container[str]) -> Script:
    """The same step in fewer calls, of kernels that the backend offers."""
    for rule in RULES:
        place, uses = 0, Uses(script)
        while place < len(script.calls):
            edit = rule(uses, script.calls[place])
            if edit is None or not all(call.kernel in offered for new in edit.values() for call in new):
                place += 1
                continue
            script = _edited(script, edit)
            place, uses = 0, Uses(script)
    return script


def _edited(script: Script, edit: Edit) -> Script:
    calls = [new for call in script.calls for new in edit.get(call, [call])]
    return replace(script, calls=calls, updates=[_successor(call, edit) for call in script.updates])


def _successor(update: Call, edit: Edit) -> Call:
    """The call that does the update after an edit."""
    if update in edit.get(update, [update]):
        return update
    return next(new[-1] for new in edit.values() if new)


def relu_gradient_before_pooling(uses: Uses, call: Call) -> Edit | None:
    """relu_grad(max_pool2d_grad(dy, code), y) = max_pool2d_grad(relu_grad(dy, pooled y), code).

    The pixel that the code names holds the pooled number: its gradient passes where that number is above 0.
    """
    if call.kernel != "relu_grad":
        return None
    spread, y = uses.maker(call.operands[0], "max_pool2d_grad"), call.operands[1]
    if spread is None or not uses.only_reader(spread.results[0], call):
        return None
    dy, code = spread.operands
    pool = uses.maker(code, "max_pool2d")
    if pool is None or pool.operands[0] is not y:
        return None
    masked = StandIn(dy.shape, dy.dtype, None)
    mask = Call("relu_grad", (dy, pool.results[0]), {}, (masked,), call.layer)
    return {spread: [], call: [mask, replace(spread, operands=(masked, code), results=call.results)]}


def convolution_relu(uses: Uses, call: Call) -> Edit | None:
    return _joined(uses, call, "relu", "conv2d", "conv2d_relu")


def convolution_relu_pooling(uses: Uses, call: Call) -> Edit | None:
    if call.kernel == "max_pool2d" and _is_plain_pool(call.options):
        return _joined(uses, call, "max_pool2d", "conv2d_relu", "conv2d_relu_max_pool")
    return None


def relu_pooling(uses: Uses, call: Call) -> Edit | None:
    """Where no convolution is in front of the ReLU, or something between the two, such as batch normalisation."""
    if call.kernel == "max_pool2d" and _is_plain_pool(call.options):
        return _joined(uses, call, "max_pool2d", "relu", "relu_max_pool")
    return None


def dense_relu(uses: Uses, call: Call) -> Edit | None:
    return _joined(uses, call, "relu", "dense", "dense_relu")


def gradient_of_pooling(uses: Uses, call: Call) -> Edit | None:
    """A convolution's gradients out of the pooled gradient and its code: three quarters of the pixels have none."""
    if call.kernel != "max_pool2d_grad" or not _is_plain_pool(call.options) or not uses.readers(call.results[0]):
        return None
    readers, (spread,) = uses.readers(call.results[0]), call.results
    if not all(_takes_pooled(reader, spread) for reader in readers):
        return None
    return {call: [], **{reader: [_of_pool(reader, call)] for reader in readers}}


def _takes_pooled(reader: Call, spread: StandIn) -> bool:
    gradient = {"conv2d_weight_grad": 1, "conv2d_input_grad": 0, "bias_grad": 0}.get(reader.kernel)
    return gradient is not None and reader.operands[gradient] is spread


def _of_pool(reader: Call, spread: Call) -> Call:
    dy, code = spread.operands
    if reader.kernel == "bias_grad":
        return replace(reader, operands=(dy,))
    first, second = reader.operands
    operands = (first, dy, code) if reader.kernel == "conv2d_weight_grad" else (dy, code, second)
    options = {**reader.options, "output_size": spread.options["input_size"]}
    return Call(
        f"{reader.kernel}_of_pool", operands, options, reader.results, reader.layer, (spread.kernel, reader.kernel)
    )


def input_gradient_relu(uses: Uses, call: Call) -> Edit | None:
    """An input gradient, masked by the ReLU that made the input."""
    if call.kernel != "relu_grad":
        return None
    gradients = ("conv2d_input_grad", "conv2d_input_grad_of_pool", "dense_input_grad")
    maker = uses.maker(call.operands[0], *gradients)
    if maker is None or not uses.only_reader(maker.results[0], call):
        return None
    operands = (*maker.operands, call.operands[1])
    return {maker: [], call: [_one(f"{maker.kernel}_relu", operands, maker, call)]}


def weight_gradient_update(uses: Uses, call: Call) -> Edit | None:
    """A dense layer's weight gradient, used up by the update: as soon as nobody needs the weights as they were."""
    if call.kernel not in ("sgd_update", "rmsprop_update", "adam_update", "adamw_update"):
        return None
    w, g, *states = call.operands
    maker = uses.maker(g, "dense_weight_grad")
    if maker is None or not uses.only_reader(g, call):
        return None
    kernel = "adamw_update" if call.kernel == "adam_update" else call.kernel
    options = {"weight_decay": 0.0, **call.options} if kernel == "adamw_update" else call.options
    replaced = (*maker.replaces, maker.kernel, call.kernel)
    fused = Call(f"dense_weight_grad_{kernel}", (*maker.operands, w, *states), options, (), maker.layer, replaced)
    before = uses.last_reader_between(w, maker, call)
    return {maker: [], before: [before, fused], call: []} if before is not maker else {maker: [fused], call: []}


def dense_backward(uses: Uses, call: Call) -> Edit | None:
    """A dense layer's input gradient, and the update of its weights if nobody else reads them in between."""
    if not call.kernel.startswith("dense_weight_grad_"):
        return None
    x, dy, w, *_ = call.operands
    gradients = {"dense_input_grad": (dy, w), "dense_input_grad_relu": (dy, w, x)}
    for reader in uses.readers(dy):
        if (
            _are(reader.operands, gradients.get(reader.kernel, ()))
            and uses.made_before(x, reader)
            and uses.last_reader_between(w, reader, call) is reader
        ):
            kernel = call.kernel.replace("weight_grad", "backward")
            options = {**call.options, "relu": reader.kernel == "dense_input_grad_relu"}
            replaced = (*(reader.replaces or (reader.kernel,)), *call.replaces)
            return {reader: [Call(kernel, call.operands, options, reader.results, call.layer, replaced)], call: []}
    return None


def _are(operands: tuple[Any, ...], expected: tuple[Any, ...]) -> bool:
    return len(operands) == len(expected) and all(map(operator.is_, operands, expected))


#: in the order in which they are tried
RULES: tuple[Rule, ...] = (
    relu_gradient_before_pooling,
    convolution_relu,
    convolution_relu_pooling,
    relu_pooling,
    dense_relu,
    gradient_of_pooling,
    input_gradient_relu,
    weight_gradient_update,
    dense_backward,
)


def _joined(uses: Uses, call: Call, kernel: str, before: str, name: str) -> Edit | None:
    """`kernel` of what `before` makes, for nobody else."""
    if call.kernel != kernel:
        return None
    maker = uses.maker(call.operands[0], before)
    if maker is None or not uses.only_reader(maker.results[0], call):
        return None
    return {maker: [], call: [_one(name, maker.operands, maker, call)]}


def _one(kernel: str, operands: tuple[Any, ...], first: Call, second: Call) -> Call:
    replaced = (*(first.replaces or (first.kernel,)), second.kernel)
    return Call(kernel, operands, first.options, second.results, first.layer, replaced)


def _is_plain_pool(options: dict[str, Any]) -> bool:
    """2×2 without overlap or padding."""
    same = all(tuple(options[name]) == value for name, value in POOL.items())
    return same and options.get("pads", NO_PADS) == NO_PADS
