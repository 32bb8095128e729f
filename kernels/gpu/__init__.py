"""CUDA kernels for float32, launched through CuPy: no atomics on floats, the same bits in every run.

Where to look:

    the kernels of the contract     activation, arrays, cast, convolution, dense, dropout, image, loss, normalization,
                                    optimizer, pooling; a .cu beside each .py; fused: several of them as one
    ways to compute a convolution   choose, which decides; tensor_cores (conv3x3, conv3x3_weight_grad), convolution,
                                    grouped; gemm: how a product is cut into tiles and parts; windows: tables of places
    what families share             elementwise, rows, columns, vectors, division; sums, sum_axes: in a fixed order;
                                    lists: elements that a key names
    from Python to the device       launch, compile; machine: what is asked of a GPU; cuda: one; host: arrays of NumPy's
    memory                          memory, strided; arena; capture: a step written down, a CUDA graph
    what C++ has no words for       primitives: all PTX
"""

from .activation import (
    clip,
    clip_grad,
    leaky_relu,
    leaky_relu_grad,
    log_softmax,
    log_softmax_grad,
    relu,
    relu_grad,
    sigmoid,
    sigmoid_grad,
    softmax,
    softmax_grad,
    tanh,
    tanh_grad,
)
from .arrays import (
    absolute,
    add,
    broadcast_to,
    concatenate,
    divide,
    exp,
    getitem,
    getitem_grad,
    log,
    matmul,
    multiply,
    negative,
    pad,
    power,
    reshape,
    sign,
    subtract,
    sum,
    transpose,
)
from .cast import cast
from .convolution import bias_grad, conv2d, conv2d_input_grad, conv2d_weight_grad
from .dense import dense, dense_input_grad, dense_weight_grad
from .dropout import (
    dropout,
    dropout_grad,
)
from .image import affine_transform
from .loss import sigmoid_cross_entropy, softmax_cross_entropy, sparse_softmax_cross_entropy
from .normalization import (
    batch_norm,
    batch_norm_grad,
    batch_norm_inference,
    batch_norm_inference_grad,
    update_moving_average,
)
from .optimizer import adam_update, adamw_update, rmsprop_update, sgd_update
from .pooling import (
    avg_pool2d,
    avg_pool2d_grad,
    global_avg_pool2d,
    global_avg_pool2d_grad,
    global_max_pool2d,
    global_max_pool2d_grad,
    max_pool2d,
    max_pool2d_grad,
)

__all__ = [
    "absolute",
    "adam_update",
    "adamw_update",
    "add",
    "affine_transform",
    "avg_pool2d",
    "avg_pool2d_grad",
    "batch_norm",
    "batch_norm_grad",
    "batch_norm_inference",
    "batch_norm_inference_grad",
    "bias_grad",
    "broadcast_to",
    "cast",
    "clip",
    "clip_grad",
    "concatenate",
    "conv2d",
    "conv2d_input_grad",
    "conv2d_weight_grad",
    "dense",
    "dense_input_grad",
    "dense_weight_grad",
    "divide",
    "dropout",
    "dropout_grad",
    "exp",
    "getitem",
    "getitem_grad",
    "global_avg_pool2d",
    "global_avg_pool2d_grad",
    "global_max_pool2d",
    "global_max_pool2d_grad",
    "leaky_relu",
    "leaky_relu_grad",
    "log",
    "log_softmax",
    "log_softmax_grad",
    "matmul",
    "max_pool2d",
    "max_pool2d_grad",
    "multiply",
    "negative",
    "pad",
    "power",
    "relu",
    "relu_grad",
    "reshape",
    "rmsprop_update",
    "sgd_update",
    "sigmoid",
    "sigmoid_cross_entropy",
    "sigmoid_grad",
    "sign",
    "softmax",
    "softmax_cross_entropy",
    "softmax_grad",
    "sparse_softmax_cross_entropy",
    "subtract",
    "sum",
    "tanh",
    "tanh_grad",
    "transpose",
    "update_moving_average",
]
