"""TensorFlow: `python -m peers.tensorflow THREADS fit|function`."""

import os
import sys
from typing import Any

import numpy as np
from convolutions import FORWARD, GRID, WEIGHT_GRADIENT, arrays
from workloads import WORKLOADS, batch, build, loss, optimizer

from peers.by_fit import Data, Fit
from peers.worker import GATE_STEPS, sample, seconds_per_call, serve

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"

import keras
import tensorflow as tf


def dataset(images: np.ndarray, labels: np.ndarray, steps: int) -> Data:
    """The batch again and again, already in TensorFlow's hands: no array is cut or copied."""
    return {"shuffle": False, "x": tf.data.Dataset.from_tensors((images, labels)).repeat(steps)}


class Function:
    """What is written by hand and compiled by tf.function."""

    def start_training(self, workload: str, steps: int = GATE_STEPS) -> list[float]:
        """Build the network; the losses of its first steps."""
        net = WORKLOADS[workload]
        model, self.batch = build(keras, net), [tf.constant(array) for array in batch(net)]
        update, measure = optimizer(keras, net), loss(keras, net)
        variables = model.trainable_variables
        update.build(variables)

        @tf.function
        def step(x: Any, y: Any) -> Any:
            with tf.GradientTape() as tape:
                value = measure(y, model(x, training=True))
            update.apply_gradients(zip(tape.gradient(value, variables), variables))
            return value

        self.step = step
        return [float(self.step(*self.batch)) for _ in range(steps)]

    def train(self, steps: int) -> float:
        return seconds_per_call(lambda: float(self.step(*self.batch)), steps)

    def start_prediction(self, workload: str) -> list[np.ndarray]:
        """Build the network; its answers."""
        net = WORKLOADS[workload]
        model, images = build(keras, net), tf.constant(batch(net)[0])
        call = tf.function(lambda x: model(x, training=False))
        self.answer = lambda: call(images).numpy()
        return [self.answer()]

    def predict(self, batches: int) -> float:
        return seconds_per_call(self.answer, batches)

    def start_convolution(self, name: str) -> list[np.ndarray]:
        """Numbers of the result of a pass of a layer."""
        layer, direction = GRID[name]
        x, w, dy = map(tf.constant, arrays(layer))
        pads = [(0, 0), (layer.pad, layer.pad), (layer.pad, layer.pad), (0, 0)]
        dilations, strides = [layer.dilation] * 2, [1, layer.stride, layer.stride, 1]
        if layer.kind == "depthwise":  # (R, S, 1, C·m) → (R, S, C, m)
            w = tf.reshape(w, (layer.size, layer.size, layer.channels, -1))

        @tf.function
        def convolve(x: Any, w: Any, dy: Any) -> Any:
            with tf.GradientTape() as tape:
                tape.watch((x, w))
                convolution = tf.nn.depthwise_conv2d if layer.kind == "depthwise" else tf.nn.conv2d
                y = convolution(x, w, strides, pads, dilations=dilations)
            return y if direction == FORWARD else tape.gradient(y, w if direction == WEIGHT_GRADIENT else x, dy)

        self.convolution = lambda: convolve(x, w, dy)
        return [sample(self.convolution().numpy())]

    def convolve(self, times: int) -> float:
        return seconds_per_call(self.convolution, times)


if __name__ == "__main__":
    threads, variant = sys.argv[1:]
    tf.config.threading.set_intra_op_parallelism_threads(int(threads))
    tf.config.threading.set_inter_op_parallelism_threads(int(threads))
    tf.get_logger().setLevel("ERROR")  # each case makes functions of its own: that they are traced is no news
    serve(Fit(keras, dataset, jit_compile=False) if variant == "fit" else Function())
