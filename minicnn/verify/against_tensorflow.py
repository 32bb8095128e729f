"""Is a gradient TensorFlow's? Both libraries compute the same case in float64, forward and backward.

TensorFlow gives its own gradients, by its own tape, so that nothing here derives anything. Ties, corners and the
padding of averages are compared as well: minicnn follows TensorFlow there.
"""

import functools
import importlib.util
import os
import zlib
from typing import Any

import numpy as np

from .case import Case, arrays_in, each_array
from .check import Verdict, compare, worst_of
from .operations import OPERATIONS

#: of the larger of 1 and the largest number of an array
LIMIT = 1e-10


def installed() -> bool:
    """Whether there is a TensorFlow to compare with."""
    return importlib.util.find_spec("tensorflow") is not None


class SameAsTensorFlow:
    """TensorFlow's result and gradients of a case in float64, for a random upstream gradient."""

    def __init__(self, case: Case):
        tf = _tensorflow()
        self.case = case
        args, options = case.arguments()
        places = OPERATIONS[case.name].differentiable(args)
        tensors = [each_array(tf.constant, arg) for arg in args]
        watched = arrays_in([tensors[i] for i in places])
        with tf.GradientTape() as tape:
            tape.watch(watched)
            y = tf.convert_to_tensor(FUNCTIONS[case.name](tf, *tensors, **options))
        rng = np.random.default_rng(zlib.crc32(b"".join(array.tobytes() for array in arrays_in(args))))
        self.u = np.asarray(rng.standard_normal(y.shape))
        gradients = tape.gradient(y, watched, tf.constant(self.u), tf.UnconnectedGradients.ZERO)
        self.results = [tensor.numpy() for tensor in (y, *map(tf.convert_to_tensor, gradients))]

    def verdict(self, name: str) -> Verdict:
        """Compare the backend of this name with it."""
        y, gradients = OPERATIONS[self.case.name].gradients(*self.case.arguments(), self.u, name)
        limits = [LIMIT * np.abs(result).max(initial=1) for result in self.results]
        labels = ["y", *(f"gradient {i}" for i in range(len(gradients)))]
        return worst_of(map(compare, labels, [y, *gradients], self.results, limits))


@functools.cache
def _tensorflow() -> Any:
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")  # no words about the processor
    import tensorflow

    return tensorflow


def _conv2d(tf: Any, x: Any, w: Any, b: Any, *, strides: Any, pads: Any, dilation: Any, groups: int) -> Any:
    """On a CPU, TensorFlow has no gradient for groups or dilation: split the channels, put zeros between the taps."""
    w = _with_holes(tf, w, dilation)
    x = tf.pad(x, ((0, 0), *pads, (0, 0)))
    pairs = zip(tf.split(x, groups, axis=3), tf.split(w, groups, axis=3))
    y = tf.concat([tf.nn.conv2d(part, kernel, strides, "VALID") for part, kernel in pairs], axis=3)
    return y if b is None else y + b


def _with_holes(tf: Any, w: Any, dilation: Any) -> Any:
    for axis, (size, step) in enumerate(zip(w.shape[:2], dilation)):
        spread = np.zeros(((size - 1) * step + 1, size))
        spread[::step] = np.eye(size)
        w = tf.stack([tf.tensordot(row, w, axes=[0, axis]) for row in spread], axis=axis)
    return w


def _max_pool2d(tf: Any, x: Any, *, pool_size: Any, strides: Any, pads: Any) -> Any:
    padded = tf.pad(x, ((0, 0), *pads, (0, 0)), constant_values=-np.inf)
    return tf.nn.max_pool2d(padded, pool_size, strides, "VALID")


def _avg_pool2d(tf: Any, x: Any, *, pool_size: Any, strides: Any, pads: Any) -> Any:
    """TensorFlow counts zeros that were put there by hand: divide by the part of the window that is image."""

    def mean(image: Any) -> Any:
        return tf.nn.avg_pool2d(tf.pad(image, ((0, 0), *pads, (0, 0))), pool_size, strides, "VALID")

    return mean(x) / mean(tf.ones_like(x))


def _global_max_pool2d(tf: Any, x: Any) -> Any:
    """Not reduce_max, which shares the gradient among equal maxima."""
    return tf.reshape(tf.nn.max_pool2d(x, x.shape[1:3], 1, "VALID"), (x.shape[0], x.shape[3]))


def _batch_norm(tf: Any, x: Any, gamma: Any, beta: Any, *, epsilon: float) -> Any:
    mean, variance = tf.nn.moments(x, axes=list(range(len(x.shape) - 1)))
    return tf.nn.batch_normalization(x, mean, variance, beta, gamma, epsilon)


def _batch_norm_inference(tf: Any, x: Any, gamma: Any, beta: Any, mean: Any, variance: Any, *, epsilon: float) -> Any:
    return tf.nn.batch_normalization(x, mean, variance, beta, gamma, epsilon)


def _leaky_relu(tf: Any, x: Any, *, negative_slope: float, threshold: float) -> Any:
    """TensorFlow's own knows no threshold. At the corner y is x, and the gradient that of the lower side."""
    corner = tf.where(x == threshold, tf.cast(threshold, x.dtype), 0)
    return tf.where(x > threshold, x, negative_slope * (x - threshold) + corner)


def _dense(tf: Any, x: Any, w: Any, b: Any) -> Any:
    return x @ w if b is None else x @ w + b


def _getitem(tf: Any, x: Any, *, key: Any) -> Any:
    """TensorFlow's indexing lacks lists and masks: gather the same places by their numbers."""
    places = np.arange(np.prod(x.shape)).reshape(x.shape)[key]
    return tf.gather(tf.reshape(x, (-1,)), places)


def _sparse_softmax_cross_entropy(tf: Any, logits: Any, labels: Any) -> Any:
    return tf.nn.sparse_softmax_cross_entropy_with_logits(tf.cast(labels, tf.int64), logits)


FUNCTIONS: dict[str, Any] = {
    "absolute": lambda tf, x: tf.abs(x),
    "add": lambda tf, a, b: a + b,
    "avg_pool2d": _avg_pool2d,
    "batch_norm": _batch_norm,
    "batch_norm_inference": _batch_norm_inference,
    "clip": lambda tf, x, low, high: tf.clip_by_value(x, low, high),
    "concatenate": lambda tf, xs, axis: tf.concat(xs, axis),
    "conv2d": _conv2d,
    "dense": _dense,
    "divide": lambda tf, a, b: a / b,
    "exp": lambda tf, x: tf.exp(x),
    "getitem": _getitem,
    "global_avg_pool2d": lambda tf, x: tf.reduce_mean(x, (1, 2)),
    "global_max_pool2d": _global_max_pool2d,
    "leaky_relu": _leaky_relu,
    "log": lambda tf, x: tf.math.log(x),
    "log_softmax": lambda tf, x: tf.nn.log_softmax(x),
    "matmul": lambda tf, a, b: a @ b,
    "max_pool2d": _max_pool2d,
    "mean": lambda tf, x, axis, keepdims: tf.reduce_mean(x, axis, keepdims),
    "multiply": lambda tf, a, b: a * b,
    "negative": lambda tf, x: -x,
    "pad": lambda tf, x, widths: tf.pad(x, np.reshape(widths, (-1, 2)).astype(int)),
    "power": lambda tf, x, exponent: x**exponent,
    "relu": lambda tf, x: tf.nn.relu(x),
    "reshape": lambda tf, x, shape: tf.reshape(x, shape),
    "sigmoid": lambda tf, x: tf.sigmoid(x),
    "sigmoid_cross_entropy": lambda tf, z, t: tf.nn.sigmoid_cross_entropy_with_logits(t, z),
    "softmax": lambda tf, x: tf.nn.softmax(x),
    "softmax_cross_entropy": lambda tf, z, t: -tf.reduce_sum(t * tf.nn.log_softmax(z), axis=1),
    "sparse_softmax_cross_entropy": _sparse_softmax_cross_entropy,
    "subtract": lambda tf, a, b: a - b,
    "sum": lambda tf, x, axis, keepdims: tf.reduce_sum(x, axis, keepdims),
    "tanh": lambda tf, x: tf.tanh(x),
    "transpose": lambda tf, x, axes: tf.transpose(x, axes),
}
