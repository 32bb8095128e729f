"""What a kernel call costs at least: its multiplications and additions, and the bytes that it reads and writes."""

from __future__ import annotations

import math

from .recorder import Call, flat


def flops(call: Call) -> int:
    """Floating-point operations of the definition, two for a multiplication with its addition.

    An algorithm that saves multiplications (Winograd) or skips zeros (gradients of a pooling) does fewer.
    """
    kernel = call.kernel
    if kernel.startswith("conv2d_weight_grad"):
        (dw,), dy = call.results, call.operands[1]
        return 2 * math.prod(dw.shape) * dy.shape[0] * math.prod(call.options.get("output_size", dy.shape[1:3]))
    if kernel.startswith("conv2d_input_grad"):
        dy, w = call.operands[0], call.operands[2 if "of_pool" in kernel else 1]
        return 2 * dy.shape[0] * math.prod(call.options.get("output_size", dy.shape[1:3])) * math.prod(w.shape)
    if kernel.startswith("conv2d"):
        w, y = call.operands[1], call.results[0]
        pooled = 4 if "max_pool" in kernel else 1
        return 2 * pooled * math.prod(y.shape[:3]) * math.prod(w.shape)
    if kernel.startswith(("dense", "matmul")):
        a, b = call.operands[:2]
        products = 2 if kernel.startswith("dense_backward") else 1
        return 2 * products * math.prod(a.shape) * b.shape[0 if "input_grad" in kernel else 1]
    return sum(array.size for array in (*call.results, *_arrays(call)[:1]))


def nbytes(call: Call) -> int:
    """Bytes of all operands and results, each once."""
    return sum(array.nbytes for array in (*call.results, *_arrays(call)))


def _arrays(call: Call) -> list:
    return [array for array in flat(call.operands) if array is not None]
