"""Differentiable operations on tensors, one a file: equation, forward and backward beside each other."""

from .absolute import absolute
from .add import add
from .avg_pool2d import avg_pool2d
from .batch_norm import batch_norm, batch_norm_inference
from .clip import clip
from .concatenate import concatenate
from .conv2d import conv2d
from .dense import dense
from .divide import divide
from .dropout import dropout
from .exp import exp
from .getitem import getitem
from .global_avg_pool2d import global_avg_pool2d
from .global_max_pool2d import global_max_pool2d
from .leaky_relu import leaky_relu
from .log import log
from .log_softmax import log_softmax
from .matmul import matmul
from .max_pool2d import max_pool2d
from .mean import mean
from .multiply import multiply
from .negative import negative
from .op import Op
from .pad import pad
from .power import power
from .relu import relu
from .reshape import reshape
from .sigmoid import sigmoid
from .sigmoid_cross_entropy import sigmoid_cross_entropy
from .softmax import softmax
from .softmax_cross_entropy import softmax_cross_entropy
from .subtract import subtract
from .sum import sum
from .tanh import tanh
from .transpose import transpose

__all__ = [
    "Op",
    "absolute",
    "add",
    "avg_pool2d",
    "batch_norm",
    "batch_norm_inference",
    "clip",
    "concatenate",
    "conv2d",
    "dense",
    "divide",
    "dropout",
    "exp",
    "getitem",
    "global_avg_pool2d",
    "global_max_pool2d",
    "leaky_relu",
    "log",
    "log_softmax",
    "matmul",
    "max_pool2d",
    "mean",
    "multiply",
    "negative",
    "pad",
    "power",
    "relu",
    "reshape",
    "sigmoid",
    "sigmoid_cross_entropy",
    "softmax",
    "softmax_cross_entropy",
    "subtract",
    "sum",
    "tanh",
    "transpose",
]
