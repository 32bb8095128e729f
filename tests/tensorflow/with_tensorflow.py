"""Run a case of `minicnn.ops` with TensorFlow in float64: the same names, arguments and results."""

from collections.abc import Callable

import numpy as np
import tensorflow as tf

from .case import Case, Results


class TensorFlow:
    """TensorFlow's functions and its own gradients."""

    def run(self, case: Case, inputs: dict[str, np.ndarray], upstream: Callable) -> Results:
        arguments = {name: _constant(array) for name, array in inputs.items()}
        wanted = {name: arguments[name] for name, draw in case.inputs.items() if draw.differentiable}
        with tf.GradientTape() as tape:
            tape.watch(list(wanted.values()))
            outputs = OPS[case.op](*arguments.values(), **case.options)
            y, *others = outputs if isinstance(outputs, tuple) else (outputs,)
        dy = _constant(upstream(tuple(y.shape)))
        gradients = tape.gradient(y, wanted, dy, unconnected_gradients=tf.UnconnectedGradients.ZERO)
        results = {"y": y} | {f"y{i}": tensor for i, tensor in enumerate(others, 1)}
        results |= {f"d {name}": tf.convert_to_tensor(gradient) for name, gradient in gradients.items()}
        return {name: tensor.numpy() for name, tensor in results.items()}


def conv2d(x, w, bias=None, strides=1, padding="valid", dilation_rate=1, groups=1):
    """TensorFlow has no gradients on CPU for groups and dilation: both are written with plain convolutions."""
    pads = _padding(padding)
    w = _with_holes(w, *_pair(dilation_rate))
    parts = [tf.nn.conv2d(i, k, _pair(strides), pads) for i, k in zip(tf.split(x, groups, 3), tf.split(w, groups, 3))]
    y = tf.concat(parts, axis=3)
    return y if bias is None else tf.nn.bias_add(y, bias)


def conv2d_forward(x, w, bias=None, strides=1, padding="valid", dilation_rate=1, groups=1):
    """TensorFlow's own groups and dilation, for comparison with `conv2d`; no gradient."""
    y = tf.nn.conv2d(x, w, _pair(strides), _padding(padding), dilations=_pair(dilation_rate))
    return y if bias is None else tf.nn.bias_add(y, bias)


def _with_holes(w, rows, columns):
    """The kernel with δ − 1 zeros between its taps: a plain convolution with it is a dilated one with w."""
    r, s = w.shape[:2]
    down, across = np.zeros(((r - 1) * rows + 1, r)), np.zeros(((s - 1) * columns + 1, s))
    down[np.arange(r) * rows, np.arange(r)] = 1
    across[np.arange(s) * columns, np.arange(s)] = 1
    return tf.einsum("ir,js,rsck->ijck", down, across, w)


def max_pool2d(x, pool_size=2, strides=None, padding="valid"):
    if not isinstance(padding, str):
        x, padding = tf.pad(x, _padding(padding), constant_values=-np.inf), "valid"
    return tf.nn.max_pool2d(x, _pair(pool_size), _pair(strides or pool_size), padding.upper())


def avg_pool2d(x, pool_size=2, strides=None, padding="valid"):
    if isinstance(padding, str):
        return tf.nn.avg_pool2d(x, _pair(pool_size), _pair(strides or pool_size), padding.upper())
    pads = _padding(padding)  # TensorFlow counts zeros put there by hand: divide by the part that is image
    inside = avg_pool2d(tf.pad(tf.ones_like(x), pads), pool_size, strides)
    return avg_pool2d(tf.pad(x, pads), pool_size, strides) / inside


def batch_norm(x, gamma, beta, epsilon=1e-3):
    mean, variance = tf.nn.moments(x, axes=list(range(len(x.shape) - 1)))
    return tf.nn.batch_normalization(x, mean, variance, beta, gamma, epsilon), mean, variance


def batch_norm_inference(x, gamma, beta, mean, variance, epsilon=1e-3):
    return tf.nn.batch_normalization(x, mean, variance, beta, gamma, epsilon)


def leaky_relu(x, negative_slope=0.2, threshold=0.0):
    if threshold == 0:
        return tf.nn.leaky_relu(x, negative_slope)
    return tf.where(x >= threshold, x, negative_slope * (x - threshold))


def softmax_cross_entropy(logits, targets, reduction="mean"):
    sparse = targets.dtype == tf.int64
    function = tf.nn.sparse_softmax_cross_entropy_with_logits if sparse else tf.nn.softmax_cross_entropy_with_logits
    return _reduced(function(targets, logits), reduction)


def sigmoid_cross_entropy(logits, targets, reduction="mean"):
    return _reduced(tf.nn.sigmoid_cross_entropy_with_logits(targets, logits), reduction)


def getitem(x, key):
    if isinstance(key, list):
        return tf.gather(x, key)
    if isinstance(key, np.ndarray):
        return tf.boolean_mask(x, key)
    return x[key]


OPS = {
    "absolute": tf.abs,
    "add": tf.add,
    "avg_pool2d": avg_pool2d,
    "batch_norm": batch_norm,
    "batch_norm_inference": batch_norm_inference,
    "clip": lambda x, low, high: tf.clip_by_value(x, low, high),
    "concatenate": lambda *xs, axis: tf.concat(xs, axis),
    "conv2d": conv2d,
    "dense": lambda x, w, b=None: x @ w if b is None else x @ w + b,
    "divide": tf.divide,
    "exp": tf.exp,
    "getitem": getitem,
    "global_avg_pool2d": lambda x: tf.reduce_mean(x, [1, 2]),
    # reduce_max shares the gradient among equal maxima; a pooling gives it to the first
    "global_max_pool2d": lambda x: tf.reshape(tf.nn.max_pool2d(x, x.shape[1:3], 1, "VALID"), [x.shape[0], x.shape[3]]),
    "leaky_relu": leaky_relu,
    "log": tf.math.log,
    "log_softmax": tf.nn.log_softmax,
    "matmul": tf.matmul,
    "max_pool2d": max_pool2d,
    "mean": tf.reduce_mean,
    "multiply": tf.multiply,
    "negative": tf.negative,
    "pad": lambda x, widths: tf.pad(x, widths),
    "power": lambda x, exponent: x**exponent,
    "relu": tf.nn.relu,
    "reshape": tf.reshape,
    "sigmoid": tf.sigmoid,
    "sigmoid_cross_entropy": sigmoid_cross_entropy,
    "softmax": tf.nn.softmax,
    "softmax_cross_entropy": softmax_cross_entropy,
    "subtract": tf.subtract,
    "sum": tf.reduce_sum,
    "tanh": tf.tanh,
    "transpose": lambda x, axes: tf.transpose(x, axes),
}


def _reduced(losses, reduction):
    return tf.reduce_mean(losses) if reduction == "mean" else losses


def _constant(array):
    return tf.constant(array, tf.float64 if array.dtype.kind == "f" else tf.int64)


def _pair(value):
    return (value, value) if isinstance(value, int) else value


def _padding(padding):
    if isinstance(padding, str):
        return padding.upper()
    top_bottom, left_right = ((padding, padding),) * 2 if isinstance(padding, int) else padding
    return [[0, 0], list(top_bottom), list(left_right), [0, 0]]
