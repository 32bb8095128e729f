"""CUDA kernels, launched through CuPy."""

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
