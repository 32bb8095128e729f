"""Models, layers of one's own, weights, names."""

import contextlib
import io
import re
import tempfile
from pathlib import Path

import numpy as np

from .program import classifier, program, raises, samples, transplant


@program
def sequential(keras, rng):
    layers = keras.layers
    model = keras.Sequential(
        [
            keras.Input(shape=(8, 7, 2)),
            layers.Conv2D(4, 3, activation="relu"),
            layers.BatchNormalization(),
            layers.MaxPooling2D(),
            layers.Flatten(),
            layers.Dropout(0.5),
            layers.Dense(3, activation="softmax"),
        ],
        name="net",
    )
    transplant(model, rng)
    x = rng.standard_normal((3, 8, 7, 2)).astype(np.float32)
    return {
        "name": model.name,
        "layers": [layer.name for layer in model.layers],
        "weights": [[w.name, list(w.shape)] for w in model.weights],
        "trainable": [w.name for w in model.trainable_weights],
        "non_trainable": [w.name for w in model.non_trainable_weights],
        "variables": len(model.trainable_variables),
        "params": model.count_params(),
        "params by layer": [layer.count_params() for layer in model.layers],
        "inputs": [list(t.shape) for t in model.inputs],
        "outputs": [list(t.shape) for t in model.outputs],
        "output shape": model.compute_output_shape((5, 8, 7, 2))[1:],
        "predict": model.predict(x, verbose=0),
        "call": model(x),
        "built": model.built,
    }


@program
def sequential_added_layer_by_layer(keras, rng):
    model = keras.models.Sequential()
    model.add(keras.layers.Input((5,)))
    model.add(keras.layers.Dense(4, activation="relu"))
    model.add(keras.layers.Dense(2))
    model.add(keras.layers.Dense(7))
    model.pop()
    shape = list(model.outputs[0].shape)
    model.add(keras.layers.Dense(3))
    transplant(model, rng)
    x = rng.standard_normal((2, 5)).astype(np.float32)
    return {
        "y": model(x),
        "layers": [layer.name for layer in model.layers],
        "params": model.count_params(),
        "after pop": shape,
    }


@program
def sequential_built_by_its_first_call(keras, rng):
    model = keras.Sequential([keras.layers.Dense(4, activation="tanh"), keras.layers.Dense(2)])
    before = [model.built, len(model.weights)]
    x = rng.standard_normal((3, 5)).astype(np.float32)
    model(x)
    transplant(model, rng)
    return {"before": before, "after": [model.built, len(model.weights)], "y": model.predict(x, verbose=0)}


@program
def sequential_built_for_a_shape(keras, rng):
    model = keras.Sequential([keras.layers.Conv2D(2, 3), keras.layers.Flatten(), keras.layers.Dense(2)])
    model.build((None, 5, 4, 1))
    transplant(model, rng)
    return {"y": model(rng.standard_normal((3, 5, 4, 1)).astype(np.float32)), "params": model.count_params()}


@program
def functional_with_branches(keras, rng):
    layers = keras.layers
    inputs = keras.Input((6, 5, 3), name="image")
    a = layers.Conv2D(4, 3, padding="same", activation="relu", name="left")(inputs)
    b = layers.Conv2D(4, 1, name="right")(inputs)
    gate = layers.Dense(4, activation="sigmoid")(layers.GlobalAveragePooling2D()(b))
    gated = layers.Multiply()([a, layers.Reshape((1, 1, 4))(gate)])
    joined = layers.Concatenate()([layers.Add()([a, b]), gated])
    outputs = layers.Dense(2)(layers.GlobalMaxPooling2D()(joined))
    model = keras.Model(inputs=inputs, outputs=outputs, name="branches")
    transplant(model, rng)
    return {
        "y": model.predict(rng.standard_normal((3, 6, 5, 3)).astype(np.float32), verbose=0),
        "layers": sorted(layer.name for layer in model.layers),
        "params": model.count_params(),
        "shape": list(joined.shape),
        "name": model.name,
    }


@program
def order_of_layers(keras, rng):
    """Random graphs: weights come in the order of the layers, which depends on how the branches meet."""
    layers = keras.layers
    results = {}
    for number in range(24):
        tensors = [keras.Input((2,), name=f"in_{i}") for i in range(2)]
        inputs = list(tensors)
        shared = layers.Dense(2, name="shared")
        for i in range(7):
            a, b = (tensors[j] for j in rng.choice(len(tensors), 2, replace=False))
            kind = rng.integers(4)
            if kind == 0:
                tensors.append(layers.Dense(2, name=f"dense{i}")(a))
            elif kind < 3:
                tensors.append(shared(a))
            else:
                tensors.append(layers.Add(name=f"add{i}")([a, b]))
        outputs = [tensors[i] for i in rng.choice(np.arange(2, len(tensors)), 3, replace=False)]
        if number % 2:
            outputs = layers.Concatenate(name="both")([*outputs, *inputs])
        results[f"{number}"] = " ".join(layer.name for layer in keras.Model(inputs, outputs).layers)
    return results


@program
def shared_layers_and_two_inputs(keras, rng):
    layers = keras.layers
    a, b = keras.Input((4,)), keras.Input((4,))
    shared = layers.Dense(3, activation="tanh")
    outputs = layers.Dense(2, activation="softmax")(layers.Concatenate()([shared(a), shared(b)]))
    model = transplant(keras.Model([a, b], outputs), rng)
    model.compile(keras.optimizers.SGD(0.5), "sparse_categorical_crossentropy", run_eagerly=True)
    x = [rng.standard_normal((6, 4)).astype(np.float32) for _ in range(2)]
    y = rng.integers(0, 2, 6)
    history = model.fit(x, y, batch_size=4, epochs=2, shuffle=False, verbose=0, validation_data=(x, y))
    return {
        "weights": [list(w.shape) for w in model.weights],
        "history": history.history,
        "after": model.get_weights(),
        "evaluate": model.evaluate(x, y, verbose=0),
        "predict": model.predict(x, verbose=0),
        "on batch": [model.train_on_batch(x, y), model.predict_on_batch(x)],
    }


@program
def several_outputs(keras, rng):
    inputs = keras.Input((4,))
    hidden = keras.layers.Dense(3, activation="relu")(inputs)
    model = keras.Model(inputs, [hidden, keras.layers.Dense(2)(hidden)])
    transplant(model, rng)
    x = rng.standard_normal((5, 4)).astype(np.float32)
    called, predicted = model(x), model.predict(x, batch_size=2, verbose=0)
    return {"call": list(called), "predict": predicted, "kind": type(predicted).__name__}


@program
def model_inside_a_model(keras, rng):
    layers = keras.layers
    body = keras.Sequential(
        [keras.Input((5, 5, 1)), layers.Conv2D(2, 3), layers.BatchNormalization(), layers.Flatten()], name="body"
    )
    inputs = keras.Input((5, 5, 1))
    model = keras.Model(inputs, layers.Dense(2, activation="softmax")(body(inputs)))
    transplant(model, rng)
    body.trainable = False
    frozen = [len(model.trainable_weights), len(model.non_trainable_weights), len(model.weights)]
    model.compile(keras.optimizers.Adam(0.01), "sparse_categorical_crossentropy", run_eagerly=True)
    before = body.get_weights()
    x = rng.standard_normal((6, 5, 5, 1)).astype(np.float32)
    model.fit(x, rng.integers(0, 2, 6), epochs=2, shuffle=False, verbose=0)
    unchanged = all(np.array_equal(a, b) for a, b in zip(before, body.get_weights()))
    body.trainable = True
    return {
        "layers": [layer.name for layer in model.layers],
        "frozen": frozen,
        "unchanged": unchanged,
        "thawed": [len(model.trainable_weights), len(model.non_trainable_weights)],
        "weights": [w.name for w in model.weights],
        "y": model.predict(x, verbose=0),
    }


@program
def layer_subclass(keras, rng):
    class Scale(keras.layers.Layer):
        """Has a trainable and a fixed weight and behaves differently in training."""

        def __init__(self, power=2.0, **kwargs):
            super().__init__(**kwargs)
            self.power = power

        def build(self, input_shape):
            self.factor = self.add_weight(shape=(input_shape[-1],), initializer="ones", name="factor")
            self.count = self.add_weight(shape=(), initializer="zeros", trainable=False, name="count")
            self.matrix = self.add_weight((input_shape[-1], 2), name="matrix")

        def call(self, inputs, training=False):
            y = inputs * self.factor * self.power if training else inputs * self.factor
            return keras.ops.matmul(y, self.matrix) + self.count

    inputs = keras.Input((3,))
    model = transplant(keras.Model(inputs, Scale(power=3.0, name="scale")(inputs)), rng)
    model.compile(keras.optimizers.SGD(0.125), "mse", run_eagerly=True)
    x, y = rng.standard_normal((4, 3)).astype(np.float32), rng.standard_normal((4, 2)).astype(np.float32)
    results = {
        "weights": [[w.name, list(w.shape)] for w in model.weights],
        "trainable": [w.name for w in model.trainable_weights],
        "inference": model(x),
        "training": model(x, training=True),
        "loss": model.train_on_batch(x, y),
        "after": model.get_weights(),
        "name": model.layers[-1].name,
    }
    return results | {"automatic name": Scale().name, "params": model.count_params()}


@program
def layer_of_layers(keras, rng):
    class Residual(keras.layers.Layer):
        def __init__(self, filters, **kwargs):
            super().__init__(**kwargs)
            self.first = keras.layers.Conv2D(
                filters, 3, padding="same", kernel_regularizer=keras.regularizers.L2(0.125)
            )
            self.norm = keras.layers.BatchNormalization()
            self.activations = [keras.layers.ReLU(), keras.layers.Activation("tanh")]

        def call(self, inputs):
            return self.activations[1](inputs + self.activations[0](self.norm(self.first(inputs))))

    layer = Residual(2)
    x = rng.standard_normal((3, 4, 4, 2)).astype(np.float32)
    layer(x)
    transplant(layer, rng)
    results = {"inference": layer(x), "losses": [float(loss) for loss in map(np.asarray, layer.losses)]}
    results |= {"training": layer(x, training=True), "moving": layer.get_weights()[-2:]}
    layer.trainable = False
    return results | {
        "weights": [w.name for w in layer.weights],
        "frozen": [len(layer.trainable_weights), len(layer.losses)],
        "frozen training": layer(x, training=True),
        "name": layer.name,
    }


@program
def model_subclass(keras, rng):
    class Net(keras.Model):
        def __init__(self):
            super().__init__(name="mine")
            self.hidden = keras.layers.Dense(4, activation="relu")
            self.drop = keras.layers.Dropout(0.0)
            self.out = keras.layers.Dense(3, activation="softmax")

        def call(self, inputs, training=False):
            return self.out(self.drop(self.hidden(inputs), training=training))

    model = Net()
    x, y = samples(rng)
    model(x)
    transplant(model, rng)
    model.compile(keras.optimizers.Adam(), "sparse_categorical_crossentropy", metrics=["accuracy"], run_eagerly=True)
    history = model.fit(x, y, epochs=2, shuffle=False, verbose=0)
    return {
        "layers": [layer.name for layer in model.layers],
        "history": history.history,
        "weights": [w.name for w in model.weights],
        "y": model.predict(x, verbose=0),
        "params": model.count_params(),
        "name": model.name,
    }


@program
def frozen_layers(keras, rng):
    model = classifier(keras, rng)
    first, second = model.layers
    first.trainable = False
    before = model.get_weights()
    x, y = samples(rng)
    model.fit(x, y, epochs=2, shuffle=False, verbose=0)
    after = model.get_weights()
    results = {
        "changed": [not np.array_equal(a, b) for a, b in zip(before, after)],
        "trainable": [len(model.trainable_weights), len(first.trainable_weights), model.trainable, second.trainable],
        "order": [w.name for w in model.weights],
        "after": after,
    }
    model.trainable = False
    results |= {"all frozen": [len(model.trainable_weights), first.trainable, second.trainable]}
    model.trainable = True
    return results | {"thawed": [len(model.trainable_weights), first.trainable]}


@program
def frozen_batch_normalization(keras, rng):
    layer = keras.layers.BatchNormalization(momentum=0.5)
    x = (3 + 2 * rng.standard_normal((6, 2))).astype(np.float32)
    layer.build((None, 2))
    results = {"inference": layer(x, training=False), "default": layer(x)}
    results |= {"training": layer(x, training=True), "moved": layer.get_weights()}
    layer.trainable = False
    return results | {"frozen": layer(x, training=True), "not moved": layer.get_weights()}


@program
def layers_by_name_and_number(keras, rng):
    model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(4, name="a"), keras.layers.Dense(2)])
    return {
        "by name": model.get_layer("a").name,
        "by keyword": model.get_layer(name="dense").name,
        "by index": model.get_layer(index=1).name,
        "unknown": raises(lambda: model.get_layer("b"), ValueError),
        "too far": raises(lambda: model.get_layer(index=9), ValueError),
        "neither": raises(lambda: model.get_layer(), ValueError),
    }


@program
def automatic_names(keras, rng):
    layers = keras.layers
    made = [
        layers.Conv2D(1, 1),
        layers.Conv2D(1, 1),
        layers.Dense(1),
        layers.MaxPooling2D(),
        layers.AveragePooling2D(2),
        layers.GlobalAveragePooling2D(),
        layers.GlobalMaxPooling2D(),
        layers.BatchNormalization(),
        layers.Dropout(0.5),
        layers.Activation("relu"),
        layers.ReLU(),
        layers.LeakyReLU(),
        layers.Softmax(),
        layers.Flatten(),
        layers.Reshape((1,)),
        layers.ZeroPadding2D(),
        layers.Add(),
        layers.Multiply(),
        layers.Concatenate(),
        layers.Rescaling(1.0),
        layers.InputLayer((3,)),
        layers.Dense(1),
        layers.Dense(1, name="mine"),
        keras.Sequential(),
        keras.Sequential(),
    ]
    names = [layer.name for layer in made]
    keras.utils.clear_session()
    return {"names": names, "again": layers.Dense(1).name}


@program
def summary(keras, rng):
    layers = keras.layers
    model = keras.Sequential(
        [keras.Input((28, 28, 1)), layers.Conv2D(6, 5), layers.BatchNormalization(), layers.Flatten(), layers.Dense(10)]
    )
    model.layers[0].trainable = False
    text = io.StringIO()
    with contextlib.redirect_stdout(text):
        model.summary()
    lines = [line.strip() for line in text.getvalue().splitlines()]
    return {
        "title": next(line for line in lines if line.startswith("Model")),
        "totals": [re.sub(r"\s+", " ", line) for line in lines if "params" in line],
        "numbers": re.findall(r"\d[\d,]*(?= *│)", text.getvalue())[-1],
    }


@program
def weights(keras, rng):
    model = keras.Sequential([keras.Input((4, 4, 1)), keras.layers.Conv2D(2, 3), keras.layers.BatchNormalization()])
    drawn = [rng.uniform(0.5, 1.5, w.shape) for w in model.get_weights()]
    model.set_weights(drawn)
    copy = model.get_weights()
    copy[0][:] = 0  # does not reach into the model
    layer = model.layers[0]
    layer.set_weights([drawn[0] * 2, drawn[1]])
    return {
        "order": [w.name for w in model.weights],
        "shapes": [list(w.shape) for w in copy],
        "types": [str(w.dtype) for w in copy],
        "after": model.get_weights(),
        "too few": raises(lambda: model.set_weights(drawn[:-1]), ValueError),
        "wrong shape": raises(lambda: model.set_weights([drawn[0].T, *drawn[1:]]), ValueError),
        "variable": layer.weights[1].numpy(),
        "assigned": [layer.bias.assign([5.0, 6.0]), layer.get_weights()[1]][1],
        "layer attributes": [list(layer.kernel.shape), layer.filters, layer.padding, list(layer.kernel_size)],
    }


@program
def missing_channel_axis(keras, rng):
    model = keras.Sequential([keras.Input((5, 5, 1)), keras.layers.Conv2D(2, 3), keras.layers.Flatten()])
    transplant(model, rng)
    return {"y": model.predict(rng.standard_normal((3, 5, 5)).astype(np.float32), verbose=0)}


@program
def pixels(keras, rng):
    model = keras.Sequential([keras.Input((4, 4, 1)), keras.layers.Rescaling(1 / 255), keras.layers.Flatten()])
    x = rng.integers(0, 256, (3, 4, 4, 1)).astype(np.uint8)
    return {"predict": model.predict(x, verbose=0), "call": model(x)}


@program
def configurations(keras, rng):
    layers = keras.layers
    made = [
        layers.Conv2D(4, (3, 2), strides=2, padding="same", dilation_rate=1, groups=1, use_bias=False),
        layers.Dense(3, use_bias=True),
        layers.MaxPooling2D(3, padding="same"),
        layers.BatchNormalization(momentum=0.5, epsilon=0.25, center=False),
        layers.Dropout(0.25, seed=4),
        layers.Reshape((2, -1)),
        layers.Concatenate(axis=1),
    ]
    again = [type(layer).from_config(layer.get_config()) for layer in made]
    return {
        "names": [layer.name for layer in again],
        "filters": again[0].filters,
        "use_bias": [again[0].use_bias, again[1].use_bias],
        "strides": [list(again[0].strides), list(again[2].strides)],
        "momentum": [again[3].momentum, again[3].epsilon, again[3].center],
        "rate": again[4].rate,
        "axis": again[6].axis,
        "units": made[1].get_config()["units"],
    }


@program
def saved_and_loaded(keras, rng):
    """The file formats differ, and so do their suffixes."""
    whole, alone = (".safetensors", ".safetensors") if keras.__name__ == "minicnn" else (".keras", ".weights.h5")
    x, y = samples(rng)
    model = classifier(keras, rng, optimizer=keras.optimizers.Adam(0.01), metrics=["accuracy"])
    model.fit(x, y, epochs=1, shuffle=False, verbose=0)
    with tempfile.TemporaryDirectory() as folder:
        model.save(Path(folder, f"model{whole}"))
        model.save_weights(Path(folder, f"weights{alone}"))
        loaded = keras.models.load_model(Path(folder, f"model{whole}"))
        inference = keras.models.load_model(Path(folder, f"model{whole}"), compile=False)
        other = classifier(keras, rng)
        other.load_weights(Path(folder, f"weights{alone}"))
        missing = raises(lambda: keras.models.load_model(Path(folder, f"none{whole}")), ValueError, OSError)
    same = [np.array_equal(model.predict(x, verbose=0), m.predict(x, verbose=0)) for m in (loaded, inference, other)]
    histories = [m.fit(x, y, epochs=2, shuffle=False, verbose=0).history for m in (model, loaded)]
    return {
        "same predictions": same,
        "training goes on": histories[0],
        "and so does the loaded one": histories[1],
        "name": loaded.name,
        "layers": [layer.name for layer in loaded.layers],
        "compiled": [loaded.optimizer is not None, getattr(inference, "optimizer", None) is not None],
        "missing": missing,
    }
