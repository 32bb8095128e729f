"""Initializers, regularizers, dropout and helpers."""

import numpy as np

from .program import program, raises

RANDOM = {
    "RandomNormal": {"mean": 0.5, "stddev": 0.25},
    "RandomUniform": {"minval": -1.0, "maxval": 3.0},
    "TruncatedNormal": {"mean": 1.0, "stddev": 0.5},
    "VarianceScaling": {"scale": 3.0, "mode": "fan_out", "distribution": "uniform"},
    "GlorotUniform": {},
    "GlorotNormal": {},
    "HeUniform": {},
    "HeNormal": {},
    "LecunUniform": {},
    "LecunNormal": {},
}
NAMES = {
    "random_normal": "RandomNormal",
    "random_uniform": "RandomUniform",
    "truncated_normal": "TruncatedNormal",
    "glorot_uniform": "GlorotUniform",
    "glorot_normal": "GlorotNormal",
    "he_uniform": "HeUniform",
    "he_normal": "HeNormal",
    "lecun_uniform": "LecunUniform",
    "lecun_normal": "LecunNormal",
    "zeros": "Zeros",
    "ones": "Ones",
    "variance_scaling": "VarianceScaling",
    "GlorotUniform": "GlorotUniform",
}


@program
def constant_initializers(keras, rng):
    initializers = keras.initializers
    return {
        "zeros": initializers.Zeros()((2, 3)),
        "ones": initializers.Ones()(shape=(2,)),
        "constant": initializers.Constant(2.5)((2, 2)),
        "default": initializers.Constant()((1,)),
        "type": str(np.asarray(initializers.Ones()((1,), dtype="float64")).dtype),
    }


@program
def random_initializers(keras, rng):
    results = {}
    for name, options in RANDOM.items():
        values = np.asarray(getattr(keras.initializers, name)(**options, seed=1)((3, 3, 40, 80)))
        dense = np.asarray(getattr(keras.initializers, name)(seed=1)((200, 300)))
        results[f"≈ {name}"] = [values.mean(), values.std(), *np.quantile(values, [0.01, 0.5, 0.99]), dense.std()]
        if name != "RandomNormal":  # the others have bounds
            results[f"≈ bounds of {name}"] = [values.min(), values.max()]
    return results


@program
def seeded_initializers(keras, rng):
    results = {}
    for name in RANDOM:
        make = getattr(keras.initializers, name)
        first, again, other = (np.asarray(make(seed=seed)((4, 5))) for seed in (1, 1, 2))
        results[name] = [bool((first == again).all()), bool((first == other).any())]
    return results


@program
def initializers_by_name(keras, rng):
    return {name: type(keras.initializers.get(name)).__name__ for name in NAMES} | {
        "unknown": raises(lambda: keras.initializers.get("none_such"), ValueError)
    }


@program
def initializers_in_layers(keras, rng):
    layers, initializers = keras.layers, keras.initializers
    dense = layers.Dense(2, kernel_initializer="ones", bias_initializer=initializers.Constant(0.5))
    conv = layers.Conv2D(2, 3, kernel_initializer=initializers.HeNormal(seed=1), bias_initializer="ones")
    norm = layers.BatchNormalization(
        beta_initializer="ones",
        gamma_initializer=initializers.Constant(2.0),
        moving_mean_initializer=initializers.Constant(3.0),
        moving_variance_initializer=initializers.Constant(4.0),
    )
    dense.build((None, 3))
    conv.build((None, 8, 8, 64))
    norm.build((None, 3))
    return {
        "dense": dense.get_weights(),
        "bias": conv.get_weights()[1],
        "≈ kernel": conv.get_weights()[0].std(),
        "norm": norm.get_weights(),
        "≈ default": _default_deviation(layers.Dense(300), 200),
    }


def _default_deviation(layer, features):
    layer.build((None, features))
    return [layer.get_weights()[0].std(), layer.get_weights()[1].std()]


@program
def regularizers(keras, rng):
    r = keras.regularizers
    w = np.float32(rng.standard_normal((3, 4)))
    made = {
        "l1": r.L1(0.25),
        "l2": r.L2(0.5),
        "l1l2": r.L1L2(0.125, 0.25),
        "default l1": r.L1(),
        "default l2": r.L2(),
        "default l1l2": r.L1L2(),
        "name l1": r.get("l1"),
        "name l2": r.get("l2"),
    }
    # a regularizer sees a weight, never a bare array
    layer = keras.layers.Dense(4, use_bias=False)
    layer.build((None, 3))
    layer.set_weights([w])
    return {name: np.asarray(regularizer(layer.kernel)) for name, regularizer in made.items()} | {"none": r.get(None)}


@program
def dropout(keras, rng):
    x = np.ones((200, 300), np.float32)
    results = {}
    for rate in (0.0, 0.25, 0.5, 0.9):
        y = np.asarray(keras.layers.Dropout(rate, seed=1)(x, training=True))
        results[f"kept at {rate}"] = np.unique(y)
        results[f"≈ rate {rate}"] = float((y == 0).mean())
    layer, same = keras.layers.Dropout(0.5, seed=7), keras.layers.Dropout(0.5, seed=7)
    first, second = np.asarray(layer(x, training=True)), np.asarray(layer(x, training=True))
    return results | {
        "inference": np.array_equal(layer(x, training=False), x),
        "default": np.array_equal(layer(x), x),
        "another mask each time": not np.array_equal(first, second),
        "the same masks from the same seed": np.array_equal(first, same(x, training=True)),
        "everything": np.unique(np.asarray(keras.layers.Dropout(1.0)(x, training=True))),
        "weights": len(layer.weights),
    }


@program
def to_categorical(keras, rng):
    f = keras.utils.to_categorical
    return {
        "one-hot": f([0, 2, 1]),
        "classes": f([0, 2, 1], num_classes=4),
        "column": f(np.array([[1], [0]]), 2),
        "matrix": f([[0, 1], [2, 0]], 3),
    }


@program
def operations(keras, rng):
    """The operations that layers of one's own are made of, as far as both libraries have them."""
    o = keras.ops
    a, b = (np.float32(rng.uniform(0.5, 2.0, (2, 3))) for _ in range(2))
    return {
        "arithmetic": [o.add(a, b), o.subtract(a, b), o.multiply(a, b), o.divide(a, b), o.negative(a), o.power(a, 2.0)],
        "functions": [o.exp(a), o.log(a), o.absolute(-a), o.relu(a - 1), o.sigmoid(a), o.tanh(a), o.leaky_relu(a - 1)],
        "softmax": [o.softmax(a), o.log_softmax(a)],
        "reductions": [o.sum(a), o.mean(a), o.sum(a, axis=1), o.mean(a, axis=0, keepdims=True)],
        "shapes": [o.reshape(a, (3, 2)), o.transpose(a), o.concatenate([a, b], axis=0), o.matmul(a, o.transpose(b))],
        "clip": o.clip(a, 0.75, 1.5),
    }
