"""The networks of the speed table: what each library builds, and the weights and the batch that all of them start from.

W1 tells cats from dogs, W2 tells fifty classes of photographs apart, W3 is LeNet, W4 a small net for CIFAR's images.
"""

from dataclasses import dataclass
from types import ModuleType
from typing import Any, NamedTuple

import numpy as np

Shape = tuple[int, ...]


class Conv(NamedTuple):
    """A square convolution with bias and ReLU."""

    filters: int
    size: int
    padding: str


class MaxPool(NamedTuple):
    """2×2 windows that do not overlap."""


class Dense(NamedTuple):
    """A dense layer with bias; the first one flattens its input."""

    units: int
    relu: bool = False


Layer = Conv | MaxPool | Dense


class Optimizer(NamedTuple):
    """Its name in Keras and its step size.

    ε is so small that it makes no difference whether a library adds it before or after the root is taken.
    """

    name: str
    learning_rate: float
    epsilon: float = 1e-14


@dataclass(frozen=True)
class Workload:
    """A network, its optimizer and the shape (H, W, C) of its images; with one class the answer is yes or no."""

    title: str
    batch: int
    image: Shape
    layers: tuple[Layer, ...]
    optimizer: Optimizer

    @property
    def classes(self) -> int:
        return self.layers[-1].units  # type: ignore[union-attr]


ADAM, RMSPROP = Optimizer("Adam", 1e-3), Optimizer("RMSprop", 1e-4)

WORKLOADS = {
    "W1": Workload(
        "cats and dogs, 150×150, batch 20",
        20,
        (150, 150, 3),
        (
            *(Conv(16, 3, "valid"), MaxPool()),
            *(Conv(32, 3, "valid"), MaxPool()),
            *(Conv(64, 3, "valid"), MaxPool()),
            *(Dense(512, relu=True), Dense(1)),
        ),
        RMSPROP,
    ),
    "W2": Workload(
        "50 classes, 244×244, batch 32",
        32,
        (244, 244, 3),
        (
            *(Conv(32, 3, "same"), MaxPool()),
            *(Conv(64, 3, "same"), MaxPool()),
            *(Conv(128, 3, "same"), MaxPool()),
            Dense(50),
        ),
        ADAM,
    ),
    "W3": Workload(
        "LeNet, 28×28, batch 128",
        128,
        (28, 28, 1),
        (
            *(Conv(6, 5, "same"), MaxPool()),
            *(Conv(16, 5, "valid"), MaxPool()),
            *(Dense(120, relu=True), Dense(84, relu=True), Dense(10)),
        ),
        ADAM,
    ),
    "W4": Workload(
        "four convolutions, 32×32, batch 64",
        64,
        (32, 32, 3),
        (
            *(Conv(32, 3, "same"), Conv(32, 3, "same"), MaxPool()),
            *(Conv(64, 3, "same"), Conv(64, 3, "same"), MaxPool()),
            *(Dense(128, relu=True), Dense(10)),
        ),
        ADAM,
    ),
}


# ------------------------------------------------------------------------------------------------ batch and weights


def batch(workload: Workload) -> tuple[np.ndarray, np.ndarray]:
    """Images (N, H, W, C) between 0 and 1, and labels: (N,) class numbers, or (N, 1) zeros and ones."""
    rng = np.random.default_rng(0)
    images = rng.random((workload.batch, *workload.image), np.float32)
    if workload.classes == 1:
        return images, rng.integers(0, 2, (workload.batch, 1)).astype(np.float32)
    return images, rng.integers(0, workload.classes, workload.batch)


def activations(workload: Workload) -> list[Shape]:
    """The shape of one image as each layer is given it, and at last that of the answer.

    >>> activations(WORKLOADS["W3"])[:5]
    [(28, 28, 1), (28, 28, 6), (14, 14, 6), (10, 10, 16), (5, 5, 16)]
    """
    shapes = [workload.image]
    for layer in workload.layers:
        h, w, c = (*shapes[-1], 1, 1)[:3]
        match layer:
            case Conv(filters, size, padding):
                cut = size - 1 if padding == "valid" else 0
                shapes.append((h - cut, w - cut, filters))
            case MaxPool():
                shapes.append((h // 2, w // 2, c))
            case Dense(units):
                shapes.append((units,))
    return shapes


def weights(workload: Workload) -> list[np.ndarray]:
    """Kernel and bias of each layer that has them, in Keras's order and shapes: (R, S, C, K), (C, K) and (K,)."""
    rng = np.random.default_rng(1)
    arrays = []
    for layer, given in zip(workload.layers, activations(workload)):
        match layer:
            case Conv(filters, size):
                shape: Shape = (size, size, given[2], filters)
            case Dense(units):
                shape = (int(np.prod(given)), units)
            case MaxPool():
                continue
        deviation = np.sqrt(2 / np.prod(shape[:-1]))  # He et al. (2015): activations keep their size
        arrays.append((deviation * rng.standard_normal(shape)).astype(np.float32))
        arrays.append((0.1 * rng.standard_normal(shape[-1])).astype(np.float32))
    return arrays


def channels_first(workload: Workload) -> list[np.ndarray]:
    """The same weights for a library that computes in NCHW: (K, C, R, S), (K, C) and (K,)."""
    converted = []
    shapes = iter([shape for layer, shape in zip(workload.layers, activations(workload)) if layer != MaxPool()])
    for kernel, bias in zip(*[iter(weights(workload))] * 2):
        given = next(shapes)
        if kernel.ndim == 4:
            kernel = kernel.transpose(3, 2, 0, 1)
        elif len(given) == 3:  # flattened channel by channel
            kernel = kernel.reshape(*given, -1).transpose(3, 2, 0, 1).reshape(kernel.shape[1], -1)
        else:
            kernel = kernel.T
        converted += [np.ascontiguousarray(kernel), bias]
    return converted


# ------------------------------------------------------------------------------------------------------------ Keras


def build(keras: ModuleType, workload: Workload, **options: Any) -> Any:
    """The model in Keras or in minicnn, compiled with these options."""
    layers = [keras.Input(workload.image)]
    for layer, given in zip(workload.layers, activations(workload)):
        match layer:
            case Conv(filters, size, padding):
                layers.append(keras.layers.Conv2D(filters, size, padding=padding, activation="relu"))
            case MaxPool():
                layers.append(keras.layers.MaxPooling2D(2))
            case Dense(units, relu):
                if len(given) == 3:
                    layers.append(keras.layers.Flatten())
                layers.append(keras.layers.Dense(units, activation="relu" if relu else None))
    model = keras.Sequential(layers)
    model.compile(optimizer(keras, workload), loss(keras, workload), **options)
    model.set_weights(weights(workload))
    return model


def optimizer(keras: ModuleType, workload: Workload) -> Any:
    name, learning_rate, epsilon = workload.optimizer
    return getattr(keras.optimizers, name)(learning_rate, epsilon=epsilon)


def loss(keras: ModuleType, workload: Workload) -> Any:
    name = "BinaryCrossentropy" if workload.classes == 1 else "SparseCategoricalCrossentropy"
    return getattr(keras.losses, name)(from_logits=True)
