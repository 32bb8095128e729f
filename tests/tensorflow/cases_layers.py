"""The layers, each with every option it has, as one table for the stored and the live comparison with Keras.

A case makes its layer from whichever library it is handed. Dropout has no case that drops: no two libraries share
random numbers; its scale and its rate are tested under tests/keras_face.
"""

import zlib
from collections.abc import Callable
from dataclasses import dataclass
from types import ModuleType
from typing import Any

import numpy as np

Shape = tuple[int, ...]


@dataclass(frozen=True)
class LayerCase:
    """A layer, the shapes of its inputs (batch axis and all), and how to call it.

    ties       inputs are small whole numbers, with many equal neighbours
    training   the mode of the call
    rounded    Keras rounds a constant of this layer to float32, whatever the layer's dtype
    """

    name: str
    make: Callable[[ModuleType], Any]
    shapes: tuple[Shape, ...]
    ties: bool = False
    training: bool = False
    rounded: bool = False

    def generator(self, seed: int) -> np.random.Generator:
        return np.random.default_rng([seed, zlib.crc32(self.name.encode())])

    def draw_inputs(self, rng: np.random.Generator) -> list[np.ndarray]:
        if self.ties:
            return [rng.integers(-2, 3, shape).astype(np.float32) for shape in self.shapes]
        return [np.float32(1.5 * rng.standard_normal(shape)) for shape in self.shapes]


def draw_weight(rng: np.random.Generator, name: str, shape: Shape) -> np.ndarray:
    """Numbers near 0, but near 1 for what divides or scales."""
    if name in ("gamma", "moving_variance"):
        return np.float32(rng.uniform(0.5, 1.5, shape))
    return np.float32(0.5 * rng.standard_normal(shape))


def case(name: str, make: Callable[[ModuleType], Any], *shapes: Shape, **options: Any) -> LayerCase:
    return LayerCase(name, make, shapes, **options)


IMAGE = (2, 6, 5, 4)
ACTIVATIONS = ("linear", "relu", "leaky_relu", "sigmoid", "tanh", "softmax", "log_softmax")

CONV2D = [
    case("Conv2D", lambda k: k.layers.Conv2D(3, 3), IMAGE),
    case("Conv2D pair", lambda k: k.layers.Conv2D(3, (3, 2)), IMAGE),
    case("Conv2D 1x1", lambda k: k.layers.Conv2D(5, 1), IMAGE),
    case("Conv2D one image", lambda k: k.layers.Conv2D(1, 2), (1, 3, 3, 1)),
    case("Conv2D strides", lambda k: k.layers.Conv2D(3, 3, 2), IMAGE),
    case("Conv2D strides pair", lambda k: k.layers.Conv2D(3, 2, strides=(3, 2)), IMAGE),
    case("Conv2D same", lambda k: k.layers.Conv2D(3, 3, padding="same"), IMAGE),
    case("Conv2D same even", lambda k: k.layers.Conv2D(3, (2, 4), padding="same"), IMAGE),
    case("Conv2D same strides", lambda k: k.layers.Conv2D(3, 3, strides=2, padding="same"), IMAGE),
    case("Conv2D same 5x5", lambda k: k.layers.Conv2D(2, 5, padding="same"), (1, 3, 2, 2)),
    case("Conv2D data_format", lambda k: k.layers.Conv2D(2, 2, data_format="channels_last"), IMAGE),
    case("Conv2D dilation", lambda k: k.layers.Conv2D(3, 2, dilation_rate=2), IMAGE),
    case("Conv2D same dilation pair", lambda k: k.layers.Conv2D(3, 3, padding="same", dilation_rate=(2, 1)), IMAGE),
    case("Conv2D groups", lambda k: k.layers.Conv2D(6, 3, groups=2), IMAGE),
    case("Conv2D depthwise", lambda k: k.layers.Conv2D(4, 3, padding="same", groups=4), IMAGE),
    case("Conv2D no bias", lambda k: k.layers.Conv2D(3, 3, use_bias=False), IMAGE),
    case("Conv2D positional", lambda k: k.layers.Conv2D(3, 3, (1, 2), "same", None, (1, 1), 1, "relu", False), IMAGE),
    case(
        "Conv2D regularizers",
        lambda k: k.layers.Conv2D(
            2, 3, kernel_regularizer=k.regularizers.L1L2(1 / 32, 1 / 64), bias_regularizer=k.regularizers.L2(0.5)
        ),
        IMAGE,
    ),
    *(
        case(
            f"Conv2D {name}",
            lambda k, name=name: k.layers.Conv2D(3, 2, activation=name),
            (2, 4, 3, 2),
            rounded="leaky" in name,
        )
        for name in ACTIVATIONS
    ),
]

DENSE = [
    case("Dense", lambda k: k.layers.Dense(3), (4, 5)),
    case("Dense one sample", lambda k: k.layers.Dense(1), (1, 1)),
    case("Dense on images", lambda k: k.layers.Dense(3), (2, 3, 2, 4)),
    case("Dense no bias", lambda k: k.layers.Dense(3, use_bias=False), (4, 5)),
    case("Dense positional", lambda k: k.layers.Dense(3, "tanh", False), (4, 5)),
    case(
        "Dense regularizers",
        lambda k: k.layers.Dense(3, kernel_regularizer="l1", bias_regularizer="l1l2"),
        (4, 5),
        rounded=True,
    ),
    *(
        case(f"Dense {name}", lambda k, name=name: k.layers.Dense(4, activation=name), (3, 5), rounded="leaky" in name)
        for name in ACTIVATIONS
    ),
]

POOLING = (
    [
        variant
        for name in ("MaxPooling2D", "AveragePooling2D")
        for variant in (
            case(name, lambda k, name=name: getattr(k.layers, name)(2), IMAGE),
            case(f"{name} 3x2", lambda k, name=name: getattr(k.layers, name)((3, 2)), IMAGE),
            case(f"{name} strides", lambda k, name=name: getattr(k.layers, name)(3, strides=1), IMAGE),
            case(f"{name} strides pair", lambda k, name=name: getattr(k.layers, name)(2, (2, 1)), IMAGE),
            case(f"{name} same", lambda k, name=name: getattr(k.layers, name)((2, 2), padding="same"), IMAGE),
            case(f"{name} same 3", lambda k, name=name: getattr(k.layers, name)(3, 2, "same"), IMAGE),
            case(f"{name} ties", lambda k, name=name: getattr(k.layers, name)(3, 1, "same"), IMAGE, ties=True),
        )
    ]
    + [
        case("MaxPooling2D default", lambda k: k.layers.MaxPooling2D(), IMAGE),
    ]
    + [
        variant
        for name in ("GlobalMaxPooling2D", "GlobalAveragePooling2D")
        for variant in (
            case(name, lambda k, name=name: getattr(k.layers, name)(), IMAGE),
            case(f"{name} keepdims", lambda k, name=name: getattr(k.layers, name)(keepdims=True), IMAGE),
            case(f"{name} one pixel", lambda k, name=name: getattr(k.layers, name)(), (1, 1, 1, 3)),
        )
    ]
)

BATCH_NORMALIZATION = [
    variant
    for training in (False, True)
    for mode in ("training" if training else "inference",)
    for variant in (
        case(f"BatchNormalization {mode}", lambda k: k.layers.BatchNormalization(), IMAGE, training=training),
        case(f"BatchNormalization rows {mode}", lambda k: k.layers.BatchNormalization(), (5, 3), training=training),
        case(f"BatchNormalization one {mode}", lambda k: k.layers.BatchNormalization(), (1, 3), training=training),
        case(f"BatchNormalization axis {mode}", lambda k: k.layers.BatchNormalization(1), IMAGE, training=training),
        case(
            f"BatchNormalization options {mode}",
            lambda k: k.layers.BatchNormalization(momentum=0.7, epsilon=0.1),
            IMAGE,
            training=training,
        ),
        case(
            f"BatchNormalization no center {mode}",
            lambda k: k.layers.BatchNormalization(center=False),
            IMAGE,
            training=training,
        ),
        case(
            f"BatchNormalization no scale {mode}",
            lambda k: k.layers.BatchNormalization(scale=False),
            IMAGE,
            training=training,
        ),
        case(
            f"BatchNormalization neither {mode}",
            lambda k: k.layers.BatchNormalization(center=False, scale=False),
            IMAGE,
            training=training,
        ),
        case(
            f"BatchNormalization regularizers {mode}",
            lambda k: k.layers.BatchNormalization(beta_regularizer="l2", gamma_regularizer="l1"),
            IMAGE,
            training=training,
            rounded=True,
        ),
        case(
            f"BatchNormalization frozen {mode}",
            lambda k: k.layers.BatchNormalization(trainable=False),
            IMAGE,
            training=training,
        ),
    )
]

ACTIVATION_LAYERS = [
    *(
        case(f"Activation {name}", lambda k, name=name: k.layers.Activation(name), (3, 5), rounded="leaky" in name)
        for name in ACTIVATIONS
    ),
    case("ReLU", lambda k: k.layers.ReLU(), IMAGE, ties=True),
    case("ReLU max_value", lambda k: k.layers.ReLU(max_value=1.5), IMAGE),
    case("ReLU negative_slope", lambda k: k.layers.ReLU(negative_slope=0.25), IMAGE, ties=True),
    case("ReLU threshold", lambda k: k.layers.ReLU(threshold=0.5), IMAGE),
    case("ReLU all", lambda k: k.layers.ReLU(1.25, 0.125, 0.5), IMAGE),
    case("LeakyReLU", lambda k: k.layers.LeakyReLU(), IMAGE, rounded=True),
    case("LeakyReLU negative_slope", lambda k: k.layers.LeakyReLU(0.0625), IMAGE, ties=True),
    case("Softmax", lambda k: k.layers.Softmax(), (3, 5)),
    case("Softmax axis", lambda k: k.layers.Softmax(axis=1), IMAGE),
]

MERGING = [
    case("Add", lambda k: k.layers.Add(), IMAGE, IMAGE),
    case("Add three", lambda k: k.layers.Add(), (2, 3), (2, 3), (2, 3)),
    case("Add broadcast", lambda k: k.layers.Add(), IMAGE, (2, 1, 1, 4)),
    case("Multiply", lambda k: k.layers.Multiply(), IMAGE, IMAGE),
    case("Multiply three", lambda k: k.layers.Multiply(), (2, 3), (2, 3), (2, 3)),
    case("Multiply broadcast", lambda k: k.layers.Multiply(), (2, 1, 1, 4), IMAGE),
    case("Concatenate", lambda k: k.layers.Concatenate(), IMAGE, (2, 6, 5, 1)),
    case("Concatenate axis", lambda k: k.layers.Concatenate(axis=1), IMAGE, (2, 2, 5, 4)),
    case("Concatenate axis -2", lambda k: k.layers.Concatenate(axis=-2), IMAGE, (2, 6, 1, 4)),
    case("Concatenate three", lambda k: k.layers.Concatenate(1), (2, 3), (2, 1), (2, 2)),
]

RESHAPING = [
    case("Flatten", lambda k: k.layers.Flatten(), IMAGE),
    case("Flatten rows", lambda k: k.layers.Flatten(), (3, 4)),
    case("Reshape", lambda k: k.layers.Reshape((5, 4, 6)), IMAGE),
    case("Reshape -1", lambda k: k.layers.Reshape((-1, 8)), IMAGE),
    case("ZeroPadding2D", lambda k: k.layers.ZeroPadding2D(), IMAGE),
    case("ZeroPadding2D number", lambda k: k.layers.ZeroPadding2D(2), IMAGE),
    case("ZeroPadding2D pair", lambda k: k.layers.ZeroPadding2D((1, 2)), IMAGE),
    case("ZeroPadding2D pairs", lambda k: k.layers.ZeroPadding2D(((1, 0), (2, 3))), IMAGE),
]

OTHERS = [
    case("Rescaling", lambda k: k.layers.Rescaling(1 / 255), IMAGE, rounded=True),
    case("Rescaling offset", lambda k: k.layers.Rescaling(0.5, offset=-1.0), IMAGE),
    case("Rescaling channels", lambda k: k.layers.Rescaling([1.0, 2.0, 3.0, 4.0], [0.5, 0.25, 0.0, -1.0]), IMAGE),
    case("Dropout inference", lambda k: k.layers.Dropout(0.4), IMAGE),
    case("Dropout of nothing", lambda k: k.layers.Dropout(0.0), IMAGE, training=True),
]

CASES = [
    *CONV2D,
    *DENSE,
    *POOLING,
    *BATCH_NORMALIZATION,
    *ACTIVATION_LAYERS,
    *MERGING,
    *RESHAPING,
    *OTHERS,
]
