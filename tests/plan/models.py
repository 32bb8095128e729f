"""Models of every kind that plans are to express."""

import minicnn as mc
from minicnn import layers


def chain(*parts, shape=(12, 11, 3)):
    return lambda: mc.Sequential([mc.Input(shape), *[part() for part in parts]])


def conv(filters, size=3, **options):
    return lambda: layers.Conv2D(filters, size, **options)


def dense(units, activation=None, **options):
    return lambda: layers.Dense(units, activation, **options)


def branches():
    x = mc.Input((8, 8, 3))
    a = layers.Conv2D(4, 3, padding="same", activation="relu")(x)
    b = layers.Conv2D(4, 1)(x)
    shared = layers.Conv2D(5, 3, activation="relu")
    y = layers.Add()([a, b])
    y = layers.Concatenate()([shared(y), shared(layers.ReLU()(y))])
    return mc.Model(x, layers.Dense(4, "softmax")(layers.GlobalMaxPooling2D()(y)))


class Own(mc.Model):
    """Layers that are built when they are first called."""

    def __init__(self):
        super().__init__()
        self.conv, self.out = layers.Conv2D(3, 3, activation="relu"), layers.Dense(4, "softmax")

    def call(self, inputs, training=False):
        x = layers.MaxPooling2D()(self.conv(inputs * 2.0))
        return self.out(layers.Flatten()(x) if training else x.reshape(x.shape[0], -1))


def frozen():
    model = chain(conv(4, activation="relu"), layers.BatchNormalization, layers.Flatten, dense(4, "softmax"))()
    model.layers[0].trainable = False
    model.layers[1].trainable = False
    return model


POOL = layers.MaxPooling2D
MODELS = {
    "dense layers": chain(dense(7, "relu"), dense(5, "relu"), dense(4, "softmax"), shape=(6,)),
    "pooled convolutions": chain(
        conv(5, activation="relu"), POOL, conv(18, activation="relu", padding="same"), POOL, layers.Flatten,
        dense(9, "relu"), dense(4, "softmax"),
    ),
    "unpooled convolutions": chain(
        conv(17, activation="relu", padding="same"), conv(6, activation="relu"), layers.GlobalAveragePooling2D,
        dense(4, "softmax"),
    ),
    "large and strided kernels": chain(
        conv(6, 5, strides=2, padding="same", activation="relu"), POOL, layers.Flatten, dense(4, "softmax"),
    ),
    "groups and dilation": chain(
        conv(6, 3, groups=3, activation="relu"), POOL, conv(4, 2, dilation_rate=2, activation="relu"),
        layers.Flatten, dense(4, "softmax"),
    ),
    "pooling that overlaps": chain(
        conv(4, activation="relu"), lambda: POOL(3, 2), conv(4), layers.ReLU, lambda: POOL(2, padding="same"),
        layers.Flatten, dense(4, "softmax"),
    ),
    "average pooling": chain(conv(4, activation="relu"), layers.AveragePooling2D, layers.Flatten, dense(4, "softmax")),
    "batch normalization": chain(
        conv(6), layers.BatchNormalization, layers.ReLU, POOL, layers.Flatten, dense(5), layers.BatchNormalization,
        lambda: layers.LeakyReLU(0.1), dense(4, "softmax"),
    ),
    "dropout": chain(
        conv(6, activation="relu"), POOL, lambda: layers.Dropout(0.25), layers.Flatten, dense(8, "relu"),
        lambda: layers.Dropout(0.5), dense(4, "softmax"),
    ),
    "regularizers": chain(
        conv(6, activation="relu", kernel_regularizer="l2"), POOL, layers.Flatten,
        dense(8, "relu", kernel_regularizer="l1", bias_regularizer="l2"), dense(4, "softmax"),
    ),
    "activations": chain(
        conv(6, activation="tanh"), lambda: layers.Rescaling(0.5, 0.25), layers.Flatten, dense(8, "sigmoid"),
        lambda: layers.ReLU(0.7, 0.1, 0.2), dense(4, "softmax"),
    ),
    "branches": branches,
    "a program": Own,
    "frozen layers": frozen,
}  # fmt: skip


def planned(model) -> bool:
    """Whether every step so far has been a plan's."""
    return bool(model._planner._plans) and not model._planner._failed
