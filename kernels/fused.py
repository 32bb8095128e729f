"""Fused kernels: neighbouring kernels of the contract that a backend may compute in one go.

Each function says what it replaces by computing it, with the kernels of any namespace k: `contract` gives the shapes,
`reference` the numbers that a fast implementation is held to. The fast ones have the same names and arguments, less k.
What is fused never reaches memory: the pixels before pooling, the gradient in front of a pooling, which is zero but
for one pixel of a window, and the gradient of weights that an update uses up. `dense_backward_…` reads the weights once
for both that gradient and the input's, before it changes them.

`window` is strides, pads, dilation and groups of the convolution; all poolings here are 2×2 without overlap.
Where a pooled ReLU is 0, no gradient flows, and the code may name any pixel of the window.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

POOL: Mapping[str, Any] = MappingProxyType({"pool_size": (2, 2), "strides": (2, 2)})


def conv2d_relu(k: Any, x: Any, w: Any, b: Any = None, **window: Any) -> Any:
    return k.relu(k.conv2d(x, w, b, **window))


def conv2d_relu_max_pool(k: Any, x: Any, w: Any, b: Any = None, **window: Any) -> Any:
    """(y, code)."""
    return k.max_pool2d(k.relu(k.conv2d(x, w, b, **window)), **POOL)


def relu_max_pool(k: Any, x: Any) -> Any:
    """(y, code)."""
    return k.max_pool2d(k.relu(x), **POOL)


def conv2d_input_grad_relu(k: Any, dy: Any, w: Any, y: Any, **window: Any) -> Any:
    """`y` is the ReLU's output, which the convolution read."""
    return k.relu_grad(k.conv2d_input_grad(dy, w, **window), y)


def conv2d_input_grad_of_pool(k: Any, dy: Any, code: Any, w: Any, *, output_size: Any, **window: Any) -> Any:
    """`output_size` is that of the convolution, in front of the pooling."""
    return k.conv2d_input_grad(k.max_pool2d_grad(dy, code, input_size=output_size, **POOL), w, **window)


def conv2d_input_grad_of_pool_relu(
    k: Any, dy: Any, code: Any, w: Any, y: Any, *, output_size: Any, **window: Any
) -> Any:
    return k.relu_grad(conv2d_input_grad_of_pool(k, dy, code, w, output_size=output_size, **window), y)


def conv2d_weight_grad_of_pool(k: Any, x: Any, dy: Any, code: Any, *, output_size: Any, **window: Any) -> Any:
    return k.conv2d_weight_grad(x, k.max_pool2d_grad(dy, code, input_size=output_size, **POOL), **window)


def dense_relu(k: Any, x: Any, w: Any, b: Any = None) -> Any:
    return k.relu(k.dense(x, w, b))


def dense_input_grad_relu(k: Any, dy: Any, w: Any, y: Any) -> Any:
    """`y` is the ReLU's output, which the layer read."""
    return k.relu_grad(k.dense_input_grad(dy, w), y)


def dense_weight_grad_sgd_update(k: Any, x: Any, dy: Any, w: Any, velocity: Any = None, **options: Any) -> None:
    k.sgd_update(w, k.dense_weight_grad(x, dy), velocity, **options)


def dense_weight_grad_rmsprop_update(k: Any, x: Any, dy: Any, w: Any, *states: Any, **options: Any) -> None:
    k.rmsprop_update(w, k.dense_weight_grad(x, dy), *states, **options)


def dense_weight_grad_adamw_update(k: Any, x: Any, dy: Any, w: Any, *states: Any, **options: Any) -> None:
    k.adamw_update(w, k.dense_weight_grad(x, dy), *states, **options)


def dense_backward_sgd_update(
    k: Any, x: Any, dy: Any, w: Any, velocity: Any = None, *, relu: bool, **options: Any
) -> Any:
    """dx. `relu` says that x is a ReLU's output, and dx the gradient in front of the ReLU."""
    dx = _dense_input_grad(k, x, dy, w, relu)
    dense_weight_grad_sgd_update(k, x, dy, w, velocity, **options)
    return dx


def dense_backward_rmsprop_update(k: Any, x: Any, dy: Any, w: Any, *states: Any, relu: bool, **options: Any) -> Any:
    dx = _dense_input_grad(k, x, dy, w, relu)
    dense_weight_grad_rmsprop_update(k, x, dy, w, *states, **options)
    return dx


def dense_backward_adamw_update(k: Any, x: Any, dy: Any, w: Any, *states: Any, relu: bool, **options: Any) -> Any:
    dx = _dense_input_grad(k, x, dy, w, relu)
    dense_weight_grad_adamw_update(k, x, dy, w, *states, **options)
    return dx


def _dense_input_grad(k: Any, x: Any, dy: Any, w: Any, relu: bool) -> Any:
    return dense_input_grad_relu(k, dy, w, x) if relu else k.dense_input_grad(dy, w)


#: name of every fused kernel → its definition
DEFINITIONS = {
    name: value
    for name, value in vars().items()
    if getattr(value, "__module__", None) == __name__ and not name.startswith("_")
}
