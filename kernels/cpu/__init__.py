"""Compiled float32 kernels: Numba loops and matrix products on all cores, the same bits at any thread count.

Where to look:

    the kernels of the contract     activation, arrays, convolution, dense, dropout, image, loss, normalization,
                                    optimizer, pooling, reduction; fused: several of them as one
    ways to compute a convolution   choose, which decides; direct, few_filters, dots, winograd*, depthwise*, col2im,
                                    weight_grad; pooled_*: gradients behind a max-pooling, three in four of them zero
    ways to compute a dense layer   matmul; dense_forward, dense_backward, dense_update for small batches
    what they are written in        machine, simd: registers, vectors and tiles; windows: tables of places;
                                    epilogue, exponential, elementwise, sums, fill
    from Python to machine code     compile, codegen, cache; prepare, processes: before a step needs it
    from a call to its threads      entry, call, parallel, threads, atomic
    memory                          memory, arena, scratch; capture: a step written down, to run without Python
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
    cast,
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
from .convolution import (
    bias_grad,
    conv2d,
    conv2d_input_grad,
    conv2d_weight_grad,
)
from .dense import (
    dense,
    dense_input_grad,
    dense_weight_grad,
)
from .dropout import (
    dropout,
    dropout_grad,
)
from .image import affine_transform
from .loss import (
    sigmoid_cross_entropy,
    softmax_cross_entropy,
    sparse_softmax_cross_entropy,
)
from .memory import keep_freed_memory
from .normalization import (
    batch_norm,
    batch_norm_grad,
    batch_norm_inference,
    batch_norm_inference_grad,
    update_moving_average,
)
from .optimizer import (
    adam_update,
    adamw_update,
    rmsprop_update,
    sgd_update,
)
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

keep_freed_memory()

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
