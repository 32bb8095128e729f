"""Small nets, written once as functions of the library that makes them, and how they are trained for comparison."""

from collections.abc import Callable
from types import ModuleType
from typing import Any, NamedTuple

import numpy as np

from .case import Results
from .cases_layers import draw_weight

STEPS = 20
BATCH = 8


def lenet(keras: ModuleType) -> Any:
    """LeNet's plan, narrow; SGD with Nesterov momentum on class numbers and probabilities."""
    layers = keras.layers
    model = keras.Sequential(
        [
            keras.Input((12, 12, 1)),
            layers.Conv2D(3, 5, padding="same", activation="tanh"),
            layers.AveragePooling2D(2),
            layers.Conv2D(4, 3, activation="relu"),
            layers.MaxPooling2D(),
            layers.Flatten(),
            layers.Dense(10, activation="relu"),
            layers.Dense(5, activation="softmax"),
        ]
    )
    optimizer = keras.optimizers.SGD(0.05, momentum=0.9, nesterov=True)
    model.compile(optimizer, "sparse_categorical_crossentropy", metrics=["accuracy"])
    return model


def normalized(keras: ModuleType) -> Any:
    """Convolutions with batch normalization; Adam with a global norm on one-hot labels and logits.

    No bias before a normalization: its gradient is rounding noise around 0, which Adam would blow up.
    """
    layers = keras.layers
    model = keras.Sequential(
        [
            keras.Input((9, 8, 3)),
            layers.Conv2D(4, 3, padding="same", use_bias=False),
            layers.BatchNormalization(momentum=0.8),
            layers.ReLU(),
            layers.Conv2D(6, 3, strides=2, padding="same", use_bias=False),
            layers.BatchNormalization(scale=False),
            layers.LeakyReLU(0.25),
            layers.GlobalAveragePooling2D(),
            layers.Dense(5),
        ]
    )
    loss = keras.losses.CategoricalCrossentropy(from_logits=True, label_smoothing=0.125)
    optimizer = keras.optimizers.Adam(global_clipnorm=1.0)
    model.compile(optimizer, loss, metrics=["accuracy"])
    return model


def residual(keras: ModuleType) -> Any:
    """A functional net with a skip connection, a concatenation and penalties; centred RMSprop with momentum."""
    layers, l2 = keras.layers, keras.regularizers.L2(1 / 128)
    inputs = keras.Input((8, 10, 2))
    stem = layers.Conv2D(4, 3, padding="same", activation="relu", kernel_regularizer=l2)(inputs)
    branch = layers.Conv2D(4, (1, 3), padding="same", kernel_regularizer=l2)(stem)
    joined = layers.Activation("relu")(layers.Add()([stem, branch]))
    both = layers.Concatenate()([joined, layers.ZeroPadding2D(1)(layers.Conv2D(2, 3)(joined))])
    pooled = layers.AveragePooling2D(3, 2, "same")(both)
    features = layers.Dropout(0.0)(layers.Flatten()(pooled))
    outputs = layers.Dense(5, activation="softmax", bias_regularizer=keras.regularizers.L1(1 / 64))(features)
    model = keras.Model(inputs, outputs)
    optimizer = keras.optimizers.RMSprop(0.005, momentum=0.5, centered=True)
    model.compile(optimizer, "categorical_crossentropy", metrics=["accuracy"])
    return model


class Net(NamedTuple):
    """How to make a compiled model with five outputs, and whether its labels are one-hot or class numbers."""

    make: Callable[[ModuleType], Any]
    one_hot: bool


NETS = {"lenet": Net(lenet, False), "normalized": Net(normalized, True), "residual": Net(residual, True)}


def train(net: Net, keras: ModuleType, dtype: str, seed: int, steps: int = STEPS) -> Results:
    """Transplant weights drawn from the seed, then train: losses and accuracies of each step, weights, predictions."""
    before = keras.config.floatx()
    keras.config.set_floatx(dtype)
    keras.utils.clear_session()  # Keras remembers the dtype of earlier models
    try:
        return _train(net.make(keras), net.one_hot, np.random.default_rng(seed), dtype, steps)
    finally:
        keras.config.set_floatx(before)


def random_net(seed: int, make_optimizer: Callable[[ModuleType], Any] | None = None) -> Net:
    """A net of random depth, with random layers and options and, if none is given, a random optimizer."""
    return Net(lambda keras: _random_model(keras, np.random.default_rng(seed), make_optimizer), one_hot=False)


def _random_model(keras: ModuleType, rng: np.random.Generator, make_optimizer: Callable | None) -> Any:
    layers = keras.layers
    x = inputs = keras.Input((*map(int, rng.integers(6, 12, 2)), int(rng.integers(1, 4))))
    for _ in range(rng.integers(1, 4)):
        x = _random_block(layers, rng, x)
    x = _choose(rng, layers.Flatten, layers.GlobalAveragePooling2D, layers.GlobalMaxPooling2D)()(x)
    if rng.random() < 0.5:
        x = layers.Dense(int(rng.integers(3, 9)), activation=_random_activation(rng))(x)
    model = keras.Model(inputs, layers.Dense(5, activation="softmax")(x))
    optimizer = (make_optimizer or _choose(rng, *OPTIMIZERS))(keras)
    model.compile(optimizer, "sparse_categorical_crossentropy", metrics=["accuracy"], run_eagerly=True)
    return model


OPTIMIZERS: tuple[Callable[[ModuleType], Any], ...] = (
    lambda keras: keras.optimizers.SGD(0.125, momentum=0.5),
    lambda keras: keras.optimizers.Adam(amsgrad=True),
    lambda keras: keras.optimizers.AdamW(weight_decay=0.25),
    lambda keras: keras.optimizers.RMSprop(clipnorm=1.0),
)


def _random_block(layers: ModuleType, rng: np.random.Generator, x: Any) -> Any:
    """A convolution, perhaps with normalization, a skip connection or a pooling."""
    kernel = tuple(map(int, rng.integers(1, 1 + np.minimum(4, x.shape[1:3]))))
    options = {"strides": int(rng.integers(1, 3)), "padding": _choose(rng, "valid", "same")}
    normalize = rng.random() < 0.5
    y = layers.Conv2D(int(rng.integers(1, 6)), kernel, use_bias=not normalize, **options)(x)
    if normalize:
        y = layers.BatchNormalization(momentum=0.75, epsilon=0.015625)(y)
    y = layers.Activation(_random_activation(rng))(y)
    if rng.random() < 0.3:
        y = layers.Concatenate()([y, layers.Conv2D(y.shape[-1], 3, padding="same")(y)])
    elif rng.random() < 0.3:
        y = layers.Add()([y, layers.Conv2D(y.shape[-1], 1)(y)])
    if rng.random() < 0.5 and min(y.shape[1:3]) > 2:
        y = _choose(rng, layers.MaxPooling2D, layers.AveragePooling2D)(2, padding=_choose(rng, "valid", "same"))(y)
    return y


def _random_activation(rng: np.random.Generator) -> str:
    return _choose(rng, "relu", "leaky_relu", "tanh", "sigmoid", "linear")


def _choose(rng: np.random.Generator, *options: Any) -> Any:
    return options[rng.integers(len(options))]


def _train(model: Any, one_hot: bool, rng: np.random.Generator, dtype: str, steps: int) -> Results:
    model.set_weights([draw_weight(rng, w.name, tuple(w.shape)) for w in model.weights])
    images = rng.standard_normal((steps, BATCH, *model.inputs[0].shape[1:])).astype(np.float32).astype(dtype)
    numbers = rng.integers(0, 5, (steps, BATCH))
    labels = np.eye(5, dtype=dtype)[numbers] if one_hot else numbers
    results = {"predictions before": model.predict_on_batch(images[0])}
    logs = np.array([model.train_on_batch(x, y) for x, y in zip(images, labels)])
    results |= {"losses": logs[:, 0], "accuracies": logs[:, 1]}
    results |= {f"{i} {w.name}": value for i, (w, value) in enumerate(zip(model.weights, model.get_weights()))}
    return results | {"predictions after": model.predict_on_batch(images[0])}
