"""How the kernel of a call is computed on the device in use, and what else could compute it."""

from __future__ import annotations

from typing import Any, NamedTuple

from ..device import on_gpu
from ..kernels.cpu import choose as on_cpu
from ..kernels.geometry import window_output
from ..kernels.gpu import choose as on_a_gpu
from .recorder import Call


class Choice(NamedTuple):
    """An algorithm, and the reason in a few words."""

    algorithm: str
    why: str


def choice(call: Call) -> Choice:
    """What computes it."""
    if call.kernel.startswith("conv2d_weight_grad"):
        return Choice(*_weight_grad(call))
    if call.kernel.startswith("conv2d_input_grad"):
        return Choice(*_input_grad(call))
    if call.kernel.startswith("conv2d"):
        x, w = call.operands[:2]
        window = _window(call)
        size = window_output(x.shape[1:3], w.shape[:2], *[window[name] for name in ("strides", "pads", "dilation")])
        return Choice(*(on_a_gpu if on_gpu() else on_cpu).conv2d(x.shape, w.shape, size, **window))
    if call.kernel.startswith(("dense", "matmul")):
        return Choice("tiles", "a product of matrices, cut to fit caches and registers")
    return Choice("pass", "every number is read and written once")


def alternatives(call: Call) -> list[str]:
    """What else could compute it."""
    names = ("tensor cores", "direct") if on_gpu() else ("winograd", "direct")
    found = []
    for algorithm in names:
        with (on_a_gpu if on_gpu() else on_cpu).preferring(algorithm):
            found += [algorithm] * (choice(call).algorithm == algorithm)
    return [algorithm for algorithm in found if algorithm != choice(call).algorithm]


def _weight_grad(call: Call) -> tuple[str, str]:
    x, dy = call.operands[:2]
    gradients = dy.shape[0], *call.options.get("output_size", dy.shape[1:3]), dy.shape[3]
    kernel_size, window = call.options["kernel_size"], _window(call)
    if on_gpu():
        return on_a_gpu.conv2d_weight_grad(x.shape, gradients, kernel_size, **window)
    return on_cpu.conv2d_weight_grad(x.shape, gradients, kernel_size, **window, pooled="of_pool" in call.kernel)


def _input_grad(call: Call) -> tuple[str, str]:
    pooled = "of_pool" in call.kernel
    dy, w = call.operands[0], call.operands[2 if pooled else 1]
    if pooled and not on_gpu():
        return on_cpu.conv2d_input_grad_of_pool(w.shape, **_window(call))
    gradients = dy.shape[0], *call.options.get("output_size", dy.shape[1:3]), dy.shape[3]
    choose: Any = on_a_gpu if on_gpu() else on_cpu
    return choose.conv2d_input_grad(gradients, w.shape, tuple(call.options["input_size"]), **_window(call))


def _window(call: Call) -> dict[str, Any]:
    return {name: value for name, value in call.options.items() if name in ("strides", "pads", "dilation", "groups")}
