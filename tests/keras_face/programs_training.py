"""compile, fit, evaluate, predict and the methods for single batches."""

import numpy as np

from .program import classifier, program, raises, samples, transplant


@program
def fit(keras, rng):
    model = classifier(keras, rng, metrics=["accuracy"])
    x, y = samples(rng, 23)
    history = model.fit(x, y, batch_size=8, epochs=3, verbose=0, shuffle=False)
    return {
        "history": history.history,
        "epoch": history.epoch,
        "params": {key: history.params[key] for key in ("epochs", "steps", "verbose")},
        "weights": model.get_weights(),
        "kept": model.history is history,
        "steps": int(np.asarray(model.optimizer.iterations)),
    }


@program
def fit_with_default_batches(keras, rng):
    model = classifier(keras, rng)
    x, y = samples(rng, 70)
    model.fit(x, y, shuffle=False, verbose=0)
    return {"steps": int(np.asarray(model.optimizer.iterations)), "weights": model.get_weights()}


@program
def fit_goes_on(keras, rng):
    model = classifier(keras, rng, optimizer=keras.optimizers.Adam(0.01))
    x, y = samples(rng)
    first = model.fit(x, y, epochs=2, shuffle=False, verbose=0)
    second = model.fit(x, y, initial_epoch=2, epochs=4, shuffle=False, verbose=0)
    nothing = model.fit(x, y, initial_epoch=4, epochs=4, shuffle=False, verbose=0)
    return {
        "histories": [first.history, second.history, nothing.history],
        "epochs": [first.epoch, second.epoch, nothing.epoch],
        "steps": int(np.asarray(model.optimizer.iterations)),
    }


@program
def validation_split(keras, rng):
    model = classifier(keras, rng, metrics=["accuracy"])
    x, y = samples(rng, 21)
    weights = rng.uniform(0, 2, 21)
    history = model.fit(x, y, 8, 2, 0, validation_split=0.3, sample_weight=weights, shuffle=False)
    return {"history": history.history}


@program
def validation_data(keras, rng):
    x, y = samples(rng)
    vx, vy = samples(rng, 11)
    weights = rng.uniform(0, 2, 11)
    common = {"epochs": 2, "shuffle": False, "verbose": 0}
    model = classifier(keras, rng, metrics=["accuracy"])
    results = {}
    for name, options in {
        "pair": {"validation_data": (vx, vy)},
        "list": {"validation_data": [vx, vy]},
        "weighted": {"validation_data": (vx, vy, weights)},
        "batches": {"validation_data": (vx, vy), "validation_batch_size": 4},
        "steps": {"validation_data": (vx, vy), "validation_batch_size": 4, "validation_steps": 2},
        "every second": {"validation_data": (vx, vy), "validation_freq": 2},
        "beside a split": {"validation_data": (vx, vy), "validation_split": 0.5},
    }.items():
        results[name] = model.fit(x, y, **common, **options).history
    return results


@program
def class_weight(keras, rng):
    x, y = samples(rng)
    weights = {0: 0.5, 1: 2.0}
    sparse = classifier(keras, rng, metrics=["accuracy"])
    column = classifier(keras, rng)
    one_hot = classifier(keras, rng, loss="categorical_crossentropy")
    labels = keras.utils.to_categorical(y, 3)
    return {
        "sparse": sparse.fit(x, y, class_weight=weights, epochs=2, shuffle=False, verbose=0).history,
        "column": column.fit(x, y[:, None], class_weight=weights, epochs=2, shuffle=False, verbose=0).history,
        "one-hot": one_hot.fit(x, labels, class_weight=weights, epochs=2, shuffle=False, verbose=0).history,
        "on batch": sparse.train_on_batch(x, y, class_weight=weights),
    }


@program
def sample_weight(keras, rng):
    x, y = samples(rng)
    weights = rng.uniform(0, 2, 20)
    model = classifier(keras, rng, metrics=["accuracy"])
    return {
        "fit": model.fit(x, y, batch_size=6, sample_weight=weights, epochs=2, shuffle=False, verbose=0).history,
        "evaluate": model.evaluate(x, y, batch_size=6, sample_weight=weights, verbose=0),
        "train_on_batch": model.train_on_batch(x, y, weights),
        "test_on_batch": model.test_on_batch(x, y, weights),
        "weights": model.get_weights(),
    }


@program
def generators(keras, rng):
    x, y = samples(rng, 24)
    weights = rng.uniform(0, 2, 24)

    def batches(*arrays, size=5):
        while True:
            for start in range(0, 20, size):
                yield tuple(a[start : start + size] for a in arrays)

    model = classifier(keras, rng, metrics=["accuracy"])
    endless = model.fit(
        batches(x, y),
        steps_per_epoch=3,
        epochs=3,
        validation_data=batches(x, y, size=20),
        validation_steps=2,
        verbose=0,
    )
    weighted = model.fit(batches(x, y, weights), steps_per_epoch=2, epochs=2, verbose=0)
    finite = model.fit(((x[i : i + 6], y[i : i + 6]) for i in range(0, 24, 6)), verbose=0)
    return {
        "endless": endless.history,
        "weighted": weighted.history,
        "finite": finite.history,
        "evaluate": model.evaluate(batches(x, y), steps=3, verbose=0),
        "predict": model.predict(batches(x), steps=2, verbose=0),
    }


@program
def steps_round_the_data(keras, rng):
    model = classifier(keras, rng, metrics=["accuracy"])
    x, y = samples(rng, 20)
    history = model.fit(x, y, batch_size=4, steps_per_epoch=2, epochs=2, shuffle=False, verbose=0)
    whole = model.fit(x, y, batch_size=4, steps_per_epoch=5, epochs=2, shuffle=False, verbose=0)
    return {"two of five": history.history, "five of five": whole.history, "weights": model.get_weights()}


def dataset(keras, x, y, count, knows_its_length):
    """So many batches of 4: a tf.data.Dataset; with minicnn, which has none, an iterable."""

    def batches():
        return ((x[i : i + 4], y[i : i + 4]) for i in range(0, 4 * count, 4))

    if keras.__name__ == "minicnn":
        methods = {"__iter__": lambda self: batches()}
        if knows_its_length:
            methods["__len__"] = lambda self: count
        return type("Batches", (), methods)()

    import tensorflow as tf

    if knows_its_length:
        return tf.data.Dataset.from_tensor_slices((x[: 4 * count], y[: 4 * count])).batch(4)
    shapes = tf.TensorSpec((None, *x.shape[1:])), tf.TensorSpec((None, *y.shape[1:]), y.dtype)
    return tf.data.Dataset.from_generator(batches, output_signature=shapes)


def numbered(keras, x, y, count):
    """The same as a PyDataset."""

    class Numbered(keras.utils.PyDataset):
        def __len__(self):
            return count

        def __getitem__(self, index):
            return x[4 * index : 4 * index + 4], y[4 * index : 4 * index + 4]

    return Numbered()


@program
def steps_of_datasets(keras, rng):
    """Data longer and shorter than an epoch, and that ends with it."""
    x, y = samples(rng)
    model = classifier(keras, rng, metrics=["accuracy"])
    results = {}
    for name, make in {
        "sized": lambda count: dataset(keras, x, y, count, knows_its_length=True),
        "unsized": lambda count: dataset(keras, x, y, count, knows_its_length=False),
        "numbered": lambda count: numbered(keras, x, y, count),
    }.items():
        for steps in (None, 2, 5, 8):
            if (name, steps) == ("unsized", 5):
                continue  # Keras has no batches in every second epoch
            data = {"x": make(5), "steps_per_epoch": steps, "validation_data": make(3), "validation_steps": steps}
            history = model.fit(**data, epochs=3, shuffle=False, verbose=0)
            results[f"{name}, {steps}"] = [history.history, history.epoch]
    return results


@program
def validation_now_and_then(keras, rng):
    x, y = samples(rng)
    model = classifier(keras, rng)
    options = {"epochs": 5, "validation_data": (x, y), "shuffle": False, "verbose": 0}
    return {str(when): model.fit(x, y, validation_freq=when, **options).history for when in (1, 2, 7, [1, 4])}


@program
def class_weight_of_labels_in_many_forms(keras, rng):
    """The number of its class is a label's own, or where a row is largest; 1 for a class without weight."""
    x, y = samples(rng)
    weights = {0: 3.0, 2: 0.5}
    options = {"epochs": 2, "shuffle": False, "verbose": 0, "batch_size": 8}
    results = {}
    for name, units, loss, labels in (
        ("binary", 1, "binary_crossentropy", (y == 1).astype("float32")),
        ("binary column", 1, "binary_crossentropy", (y[:, None] == 1).astype("float32")),
        ("class numbers", 3, "sparse_categorical_crossentropy", y),
        ("column of class numbers", 3, "sparse_categorical_crossentropy", y[:, None]),
        ("one-hot", 3, "categorical_crossentropy", np.eye(3, dtype=np.float32)[y]),
        ("soft", 3, "categorical_crossentropy", np.eye(3, dtype=np.float32)[y] * 0.7 + 0.1),
        ("several answers", 3, "binary_crossentropy", rng.integers(0, 2, (20, 3)).astype(np.float32)),
    ):
        activation = "softmax" if "categorical" in loss else "sigmoid"
        model = keras.Sequential([keras.Input((6,)), keras.layers.Dense(units, activation)])
        model.compile("sgd", loss, metrics=["accuracy"])
        transplant(model, np.random.default_rng(8))
        results[name] = model.fit(x, labels, class_weight=weights, validation_data=(x, labels), **options).history
    return results


@program
def class_weight_of_datasets(keras, rng):
    x, y = samples(rng)
    model = classifier(keras, rng, metrics=["accuracy"])
    one_hot = classifier(keras, rng, loss="categorical_crossentropy")
    options = {"class_weight": {0: 0.25, 2: 3.0}, "epochs": 2, "shuffle": False, "verbose": 0}
    labels = keras.utils.to_categorical(y, 3)
    return {
        "sized": model.fit(dataset(keras, x, y, 5, knows_its_length=True), **options).history,
        "unsized": model.fit(dataset(keras, x, y, 5, knows_its_length=False), **options).history,
        "numbered": model.fit(numbered(keras, x, y, 5), **options, steps_per_epoch=3).history,
        "one-hot": one_hot.fit(numbered(keras, x, labels, 5), **options).history,
    }


@program
def evaluate(keras, rng):
    x, y = samples(rng, 19)
    with_metrics, without = classifier(keras, rng, metrics=["accuracy", "mae"]), classifier(keras, rng)
    labels = keras.utils.to_categorical(y, 3)
    with_metrics.compile("sgd", "categorical_crossentropy", metrics=["accuracy", "mae"])
    return {
        "list": with_metrics.evaluate(x, labels, verbose=0),
        "small batches": with_metrics.evaluate(x, labels, batch_size=4, verbose=0),
        "dictionary": with_metrics.evaluate(x, labels, verbose=0, return_dict=True),
        "steps": with_metrics.evaluate(x, labels, batch_size=4, steps=2, verbose=0),
        "only a loss": without.evaluate(x, y, verbose=0),
        "only a loss, dictionary": without.evaluate(x, y, verbose=0, return_dict=True),
    }


@program
def predict(keras, rng):
    model = classifier(keras, rng)
    x, _ = samples(rng, 37)
    y = model.predict(x, verbose=0)
    return {
        "y": y,
        "type": [type(y).__name__, str(y.dtype)],
        "small batches": model.predict(x, batch_size=5, verbose=0),
        "steps": model.predict(x, batch_size=5, steps=2, verbose=0),
        "on batch": model.predict_on_batch(x),
        "one": model.predict(x[:1], verbose=0),
    }


@program
def single_batches(keras, rng):
    model = classifier(keras, rng, metrics=["accuracy"])
    x, y = samples(rng)
    return {
        "train": [model.train_on_batch(x[i : i + 5], y[i : i + 5]) for i in range(0, 20, 5)],
        "train, dictionary": model.train_on_batch(x, y, return_dict=True),
        "test": [model.test_on_batch(x[i : i + 5], y[i : i + 5]) for i in range(0, 20, 5)],
        "test, dictionary": model.test_on_batch(x, y, return_dict=True),
        "only a loss": classifier(keras, rng).train_on_batch(x, y),
        "weights": model.get_weights(),
    }


@program
def compiled_in_many_ways(keras, rng):
    x, y = samples(rng)
    labels = keras.utils.to_categorical(y, 3)

    def squared(y_true, y_pred):
        return (y_true - y_pred) ** 2

    def distance(y_true, y_pred):
        return abs(y_true - y_pred)

    results = {}
    for name, options in {
        "names": {"optimizer": "adam", "loss": "categorical_crossentropy", "metrics": ["accuracy", "mse"]},
        "short names": {"optimizer": "rmsprop", "loss": "mse", "metrics": ["mae", "acc"]},
        "capital names": {"optimizer": "AdamW", "loss": "MeanAbsoluteError", "metrics": ["MeanSquaredError"]},
        "objects": {
            "optimizer": keras.optimizers.SGD(0.125, momentum=0.5),
            "loss": keras.losses.CategoricalCrossentropy(label_smoothing=0.1),
            "metrics": [keras.metrics.CategoricalAccuracy(), keras.metrics.TopKCategoricalAccuracy(k=2, name="top2")],
        },
        "functions": {"loss": squared, "metrics": [distance]},
        "library functions": {
            "loss": keras.losses.categorical_crossentropy,
            "metrics": [keras.metrics.categorical_accuracy],
        },
        "sum": {"loss": keras.losses.CategoricalCrossentropy(reduction="sum")},
    }.items():
        model = classifier(keras, np.random.default_rng(6), **options)
        results[name] = model.fit(x, labels, batch_size=8, epochs=2, shuffle=False, verbose=0).history
    return results


@program
def counting_metrics(keras, rng):
    metrics, layers = keras.metrics, keras.layers
    model = keras.Sequential([keras.Input((6,)), layers.Dense(1, "sigmoid")])
    model.compile(
        "sgd",
        keras.losses.BinaryCrossentropy(),
        metrics=[
            "accuracy",
            metrics.Precision(),
            metrics.Recall(thresholds=0.25),
            metrics.Recall(thresholds=0.75),
            metrics.AUC(num_thresholds=50),
            metrics.BinaryAccuracy(threshold=0.75, name="strict"),
        ],
        run_eagerly=True,
    )
    transplant(model, rng)
    x, y = samples(rng)
    binary = (y == 1).astype(np.float32)
    history = model.fit(x, binary, batch_size=7, epochs=2, shuffle=False, verbose=0, validation_data=(x, binary))
    return {"history": history.history, "columns": model.evaluate(x, binary[:, None], verbose=0, return_dict=True)}


@program
def top_k_metrics(keras, rng):
    metrics = keras.metrics
    many = [
        metrics.SparseTopKCategoricalAccuracy(k=2, name="top2"),
        "sparse_top_k_categorical_accuracy",
        metrics.SparseCategoricalAccuracy(),
    ]
    model = classifier(keras, rng, metrics=many)
    x, y = samples(rng)
    return {"evaluate": model.evaluate(x, y, verbose=0, return_dict=True)}


@program
def metrics_by_themselves(keras, rng):
    mean, accuracy = keras.metrics.Mean(), keras.metrics.SparseCategoricalAccuracy()
    x, y = rng.dirichlet(np.ones(3), 9), rng.integers(0, 3, 9)
    results = {"before": [mean.result(), accuracy.result()]}
    mean.update_state([1.0, 2.0, 6.0])
    mean.update_state([5.0], sample_weight=[3.0])
    accuracy.update_state(y, x)
    results |= {"after": [mean.result(), accuracy.result()], "call": accuracy(y[:2], x[:2])}
    mean.reset_state()
    return results | {"reset": mean.result(), "names": [mean.name, accuracy.name]}


@program
def regularized(keras, rng):
    layers, regularizers = keras.layers, keras.regularizers
    model = keras.Sequential(
        [
            keras.Input((6,)),
            layers.Dense(4, kernel_regularizer="l2", bias_regularizer=regularizers.L1(0.1)),
            layers.Dense(3, kernel_regularizer=regularizers.L1L2(0.01, 0.02)),
        ]
    )
    model.compile("sgd", keras.losses.SparseCategoricalCrossentropy(from_logits=True), run_eagerly=True)
    transplant(model, rng)
    x, y = samples(rng)
    results = {"evaluate": model.evaluate(x, y, verbose=0), "losses": [np.asarray(loss) for loss in model.losses]}
    results |= {"fit": model.fit(x, y, epochs=3, shuffle=False, verbose=0).history["loss"]}
    model.layers[0].trainable = False
    return results | {"frozen": model.evaluate(x, y, verbose=0), "penalties": len(model.losses)}


@program
def optimizers_in_fit(keras, rng):
    o = keras.optimizers
    x, y = samples(rng)
    results = {}
    for name, optimizer in {
        "nesterov": o.SGD(0.1, 0.9, True, clipnorm=0.1),
        "adam": o.Adam(o.schedules.ExponentialDecay(0.5, 2, 0.5), amsgrad=True),
        "adamw": o.AdamW(weight_decay=0.1, global_clipnorm=0.1),
        "rmsprop": o.RMSprop(o.schedules.PiecewiseConstantDecay([1, 2], [0.05, 0.02, 0.01]), centered=True),
        "sgd": o.SGD(o.schedules.CosineDecay(0.1, 3, warmup_target=0.5, warmup_steps=2), clipvalue=0.02),
        "weight_decay": o.SGD(0.1, weight_decay=0.5),
    }.items():
        model = classifier(keras, np.random.default_rng(7), optimizer=optimizer)
        history = model.fit(x, y, batch_size=10, epochs=2, shuffle=False, verbose=0)
        rate = float(np.asarray(model.optimizer.learning_rate))
        results[name] = [history.history["loss"], rate, int(np.asarray(optimizer.iterations))]
    return results


@program
def learning_rate_set_by_hand(keras, rng):
    model = classifier(keras, rng, optimizer="sgd")
    x, y = samples(rng)
    rates = [float(np.asarray(model.optimizer.learning_rate))]
    model.optimizer.learning_rate = 0.5
    rates.append(float(np.asarray(model.optimizer.learning_rate)))
    return {"rates": rates, "loss": [model.train_on_batch(x, y) for _ in range(3)]}


@program
def compiled_again(keras, rng):
    model = classifier(keras, rng, optimizer=keras.optimizers.Adam(0.1))
    x, y = samples(rng)
    model.fit(x, y, epochs=2, shuffle=False, verbose=0)
    before = model.get_weights()
    model.compile(keras.optimizers.Adam(0.1), "sparse_categorical_crossentropy", metrics=["accuracy"], run_eagerly=True)
    same = all(np.array_equal(a, b) for a, b in zip(before, model.get_weights()))
    return {"same": same, "history": model.fit(x, y, epochs=2, shuffle=False, verbose=0).history}


@program
def accuracy_that_fits_the_labels(keras, rng):
    layers = keras.layers
    x = rng.standard_normal((12, 4)).astype(np.float32)
    y = rng.integers(0, 2, 12)
    results = {}
    for name, units, loss, labels in (
        ("one output", 1, "binary_crossentropy", y),
        ("one output, a column", 1, "binary_crossentropy", y[:, None]),
        ("class numbers", 2, "sparse_categorical_crossentropy", y),
        ("class numbers, a column", 2, "sparse_categorical_crossentropy", y[:, None]),
        ("one-hot", 2, "categorical_crossentropy", np.eye(2)[y]),
        ("several answers", 3, "binary_crossentropy", rng.integers(0, 2, (12, 3))),
    ):
        activation = "softmax" if "categorical" in loss else "sigmoid"
        model = keras.Sequential([keras.Input((4,)), layers.Dense(units, activation)])
        model.compile("sgd", loss, metrics=["accuracy"])
        transplant(model, np.random.default_rng(8))
        results[name] = model.evaluate(x, labels, verbose=0)
    return results


@program
def batch_normalization_in_training(keras, rng):
    layers = keras.layers
    model = keras.Sequential(
        [
            keras.Input((5, 5, 2)),
            layers.Conv2D(3, 3, use_bias=False),
            layers.BatchNormalization(momentum=0.5),
            layers.ReLU(),
            layers.Flatten(),
            layers.Dense(2, "softmax"),
        ]
    )
    model.compile(keras.optimizers.SGD(0.1), "sparse_categorical_crossentropy", run_eagerly=True)
    transplant(model, rng)
    x, y = rng.standard_normal((10, 5, 5, 2)).astype(np.float32), rng.integers(0, 2, 10)
    history = model.fit(x, y, batch_size=4, epochs=2, shuffle=False, verbose=0, validation_data=(x, y))
    return {"history": history.history, "weights": model.get_weights(), "evaluate": model.evaluate(x, y, verbose=0)}


@program
def seeded(keras, rng):
    """The numbers differ between the libraries, but each repeats its own."""
    x, y = samples(rng, 40)

    def losses():
        keras.utils.set_random_seed(3)
        layers = keras.layers
        model = keras.Sequential(
            [keras.Input((6,)), layers.Dense(8, "relu"), layers.Dropout(0.5), layers.Dense(3, "softmax")]
        )
        model.compile("adam", "sparse_categorical_crossentropy", run_eagerly=True)
        return model.fit(x, y, batch_size=8, epochs=2, verbose=0).history["loss"]

    return {"the same again": losses() == losses()}


@program
def shuffled(keras, rng):
    """Every sample is seen once an epoch: with one batch the order does not matter, with two it does."""
    x, y = samples(rng, 16)
    whole = [
        classifier(keras, np.random.default_rng(9)).fit(x, y, 16, 3, 0, shuffle=shuffle).history for shuffle in (0, 1)
    ]
    parts = [
        classifier(keras, np.random.default_rng(9)).fit(x, y, 4, 3, 0, shuffle=shuffle).history for shuffle in (0, 1)
    ]
    return {"whole": whole, "in order": parts[0], "differs": parts[0] != parts[1]}


@program
def refusals(keras, rng):
    model = keras.Sequential([keras.Input((6,)), keras.layers.Dense(3, "softmax")])
    x, y = samples(rng)
    uncompiled = raises(lambda: model.fit(x, y, verbose=0), ValueError, RuntimeError)
    model.compile("sgd", "sparse_categorical_crossentropy")
    return {
        "uncompiled": uncompiled,
        "unequal lengths": raises(lambda: model.fit(x, y[:-1], verbose=0), ValueError),
        "wrong features": raises(lambda: model.predict(x[:, :-1], verbose=0), ValueError),
        "unknown optimizer": raises(lambda: model.compile("best"), ValueError),
        "unknown activation": raises(lambda: keras.layers.Dense(1, activation="none_such"), ValueError),
        "no units": raises(lambda: keras.layers.Dense(0), ValueError),
        "groups": raises(lambda: keras.layers.Conv2D(3, 3, groups=2), ValueError),
        "rate": raises(lambda: keras.layers.Dropout(1.5), ValueError),
        "negative momentum": raises(lambda: keras.optimizers.SGD(momentum=-1.0), ValueError),
        "two clippings": raises(lambda: keras.optimizers.SGD(clipnorm=1.0, clipvalue=1.0), ValueError),
        "names used twice": raises(
            lambda: keras.Sequential([keras.layers.Dense(1, name="a"), keras.layers.Dense(1, name="a")]), ValueError
        ),
    }
