"""Model files: what is written comes back, and nothing that a file holds can do harm."""

import contextlib
import inspect
import json
import os
import subprocess
import sys
import tracemalloc
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
import safetensors
import safetensors.numpy

import minicnn as mc
from minicnn import Input, Model, ModelFileError, Sequential, layers, losses, metrics, optimizers
from minicnn.configurable import Configurable
from minicnn.initializers import Constant, HeNormal
from minicnn.layers import Add, BatchNormalization, Conv2D, Dense, Dropout, Flatten
from minicnn.models import load_model
from minicnn.regularizers import L1, L1L2
from minicnn.saving import named_weights
from minicnn.serialization import known_classes, serialize


@pytest.fixture(autouse=True)
def portable():
    mc.utils.set_random_seed(3)
    with mc.device("portable"):
        yield


@pytest.fixture
def path(tmp_path):
    return tmp_path / "model.safetensors"


def images(*shape: int) -> np.ndarray:
    return np.random.default_rng(0).normal(size=shape).astype(np.float32)


def scatter(model: Model) -> None:
    """Give every weight random numbers, so that none is right by chance."""
    rng = np.random.default_rng(1)
    model.set_weights([rng.uniform(0.5, 1.5, w.shape) for w in model.weights])


def reload(model: Model, path: Path, **options) -> Model:
    model.save(path)
    return load_model(path, **options)


def assert_same(model: Model, again: Model, *x: np.ndarray) -> None:
    """The same weights under the same names, and the same predictions, bit for bit."""
    assert list(named_weights(again)) == list(named_weights(model))
    assert [w.trainable for w in again.weights] == [w.trainable for w in model.weights]
    for one, other in zip(model.get_weights(), again.get_weights(), strict=True):
        assert one.dtype == other.dtype
        np.testing.assert_array_equal(one, other)
    inputs = list(x) if len(x) > 1 else x[0]
    for one, other in zip(as_list(model.predict(inputs)), as_list(again.predict(inputs)), strict=True):
        np.testing.assert_array_equal(one, other)
    assert serialize(model) == serialize(again)


def as_list(value):
    return value if isinstance(value, list) else [value]


# ------------------------------------------------------------------------------------------------------ round trips

SINGLE_LAYERS = {
    "Activation": lambda: layers.Activation("tanh"),
    "AveragePooling2D": lambda: layers.AveragePooling2D((2, 3), strides=1, padding="same"),
    "BatchNormalization": lambda: BatchNormalization(axis=1, momentum=0.5, epsilon=0.1, beta_regularizer="l2"),
    "BatchNormalization plain": lambda: BatchNormalization(center=False, scale=False),
    "Conv2D": lambda: Conv2D(
        4,
        (3, 2),
        strides=(1, 2),
        padding=((0, 1), (2, 0)),
        groups=2,
        activation="relu",
        use_bias=False,
        kernel_initializer=HeNormal(seed=5),
        kernel_regularizer=L1L2(0.1, 0.2),
    ),
    "Conv2D dilated": lambda: Conv2D(2, 2, dilation_rate=(2, 1), bias_initializer=Constant(0.3), activation="softmax"),
    "Dense": lambda: Dense(3, "sigmoid", kernel_regularizer="l1", bias_regularizer=L1(0.5), name="my_dense"),
    "Dropout": lambda: Dropout(0.25, seed=7),
    "Flatten": lambda: Flatten(),
    "GlobalAveragePooling2D": lambda: layers.GlobalAveragePooling2D(keepdims=True),
    "GlobalMaxPooling2D": lambda: layers.GlobalMaxPooling2D(),
    "LeakyReLU": lambda: layers.LeakyReLU(negative_slope=0.1),
    "MaxPooling2D": lambda: layers.MaxPooling2D(3, strides=(2, 1), padding=1),
    "RandomAffine": lambda: layers.RandomAffine(0.1, (-0.4, 0.0), 0.2, fill_mode="nearest"),
    "RandomBrightness": lambda: layers.RandomBrightness((-0.1, 0.3), value_range=(0, 1), seed=4),
    "RandomContrast": lambda: layers.RandomContrast((0.1, 0.3)),
    "RandomCrop": lambda: layers.RandomCrop(3, 4),
    "RandomFlip": lambda: layers.RandomFlip("vertical"),
    "RandomRotation": lambda: layers.RandomRotation(0.1, "constant", "nearest", 3, 0.5),
    "RandomTranslation": lambda: layers.RandomTranslation(0.1, (-0.2, 0.3)),
    "RandomZoom": lambda: layers.RandomZoom((0.1, 0.2), fill_mode="wrap"),
    "ReLU": lambda: layers.ReLU(max_value=1.5, negative_slope=0.1, threshold=0.5),
    "Rescaling": lambda: layers.Rescaling(np.array([0.5, 2.0]), offset=[1.0, -1.0]),
    "Resizing": lambda: layers.Resizing(5, 3, "nearest", pad_to_aspect_ratio=True, fill_value=0.5),
    "Reshape": lambda: layers.Reshape((-1, 6)),
    "Softmax": lambda: layers.Softmax(axis=1),
    "ZeroPadding2D": lambda: layers.ZeroPadding2D(((1, 0), (2, 1))),
}
MERGING_LAYERS = {
    "Add": lambda: Add(),
    "Multiply": lambda: layers.Multiply(),
    "Concatenate": lambda: layers.Concatenate(axis=1),
}


def test_every_layer_is_in_the_tables():
    tables = {name.split()[0] for name in SINGLE_LAYERS | MERGING_LAYERS}
    assert tables == set(layers.__all__) - {"Layer", "Input", "InputLayer"}


@pytest.mark.parametrize("make", SINGLE_LAYERS.values(), ids=SINGLE_LAYERS)
def test_layer(make, path):
    model = Sequential([Input((4, 6, 2)), make()])
    scatter(model)
    assert_same(model, reload(model, path), images(3, 4, 6, 2))


@pytest.mark.parametrize("make", MERGING_LAYERS.values(), ids=MERGING_LAYERS)
def test_merging_layer(make, path):
    x = Input((4, 6, 2))
    model = Model(x, make()([x, Conv2D(2, 3, padding="same")(x)]))
    scatter(model)
    assert_same(model, reload(model, path), images(3, 4, 6, 2))


def shared_layer_in_a_diamond():
    x = Input((5, 5, 2), name="image")
    shared = Conv2D(2, 3, padding="same", name="shared")
    left = shared(x)
    return Model(x, Add()([shared(left), layers.Multiply()([left, x])]))


def two_inputs_and_two_outputs():
    a, b = Input((5, 5, 2), name="a"), Input((5, 5, 2), name="b")
    both = layers.Concatenate()([a, b])
    return Model([b, a], [layers.GlobalMaxPooling2D()(both), Dense(3)(both)])


def models_in_a_model():
    inner = Sequential([Input((5, 5, 2)), Conv2D(2, 1), BatchNormalization()], name="inner")
    y = Input((5, 5, 2))
    graph = Model(y, Conv2D(2, 1)(inner(y)), name="graph")
    return Sequential([Input((5, 5, 2)), graph, Flatten(), Dense(2)])


@pytest.mark.parametrize("make", [shared_layer_in_a_diamond, models_in_a_model])
def test_graph(make, path):
    model = make()
    scatter(model)
    assert_same(model, reload(model, path), images(3, 5, 5, 2))


def test_several_inputs_and_outputs(path):
    model = two_inputs_and_two_outputs()
    scatter(model)
    assert_same(model, reload(model, path), images(3, 5, 5, 2), images(3, 5, 5, 2) + 1)


def test_shared_layers_stay_shared(path):
    again = reload(shared_layer_in_a_diamond(), path)
    assert len(again.weights) == 2
    assert [node.layer.name for node in again.calls()].count("shared") == 2


def test_a_layer_inside_two_models_is_refused(path):
    shared = Dense(3, name="shared")
    x = Input((3,))
    model = Model(x, Add()([Sequential([shared])(x), Sequential([shared])(x)]), name="outer")
    with pytest.raises(ValueError, match="layer 'shared' is part of two models inside 'outer'"):
        model.save(path)


def test_model_without_an_input(path):
    model = Sequential([Conv2D(2, 3), Flatten(), Dense(3)])
    model(images(1, 5, 5, 2))
    assert_same(model, reload(model, path), images(3, 5, 5, 2))


def test_class_names(path):
    model = shared_layer_in_a_diamond()
    model.class_names = np.array(["cat", "dog"])
    assert reload(model, path).class_names == ["cat", "dog"]
    model.class_names = None
    assert reload(model, path).class_names is None


def test_frozen_layers(path):
    model = models_in_a_model()
    model.get_layer("graph").trainable = False
    model.get_layer("graph").get_layer("inner").layers[0].trainable = True
    assert len(model.trainable_weights) == 4
    again = reload(model, path)
    assert_same(model, again, images(3, 5, 5, 2))
    assert not again.get_layer("graph").trainable
    assert not again.get_layer("graph").get_layer("inner").layers[1].trainable


def test_float64(path):
    mc.config.set_floatx("float64")
    try:
        model = models_in_a_model()
    finally:
        mc.config.set_floatx("float32")
    again = reload(model, path)
    assert again.get_weights()[0].dtype == np.float64
    x = np.random.default_rng(0).normal(size=(3, 5, 5, 2))
    assert again.predict(x).dtype == np.float64
    assert_same(model, again, x)


# ----------------------------------------------------------------------------------------------------- one's own things


class Scale(layers.Layer):
    """A layer as a beginner writes it: no **kwargs, no get_config."""

    def __init__(self, by: float, inner: layers.Layer | None = None):
        super().__init__()
        self.by = by
        self.inner = inner

    def build(self, input_shape):
        self.factor = self.add_weight((input_shape[-1],), "ones", name="factor")

    def call(self, inputs):
        scaled = inputs * self.factor * self.by
        return scaled if self.inner is None else self.inner(scaled)


class Net(Model):
    """A subclassed model whose layers are built when it is called."""

    def __init__(self, units: int):
        super().__init__()
        self.blocks = [Dense(units, "relu"), Dense(units)]
        self.head = Scale(2.0)

    def call(self, inputs):
        for block in self.blocks:
            inputs = block(inputs)
        return self.head(inputs)


def city_block(y_true, y_pred):
    return abs(y_true - y_pred).sum(axis=-1)


def mean_miss(y_true, y_pred):
    return abs(y_true - y_pred).mean(axis=-1)


def test_layer_of_ones_own(path):
    model = Sequential([Input((3,)), Scale(2.0, inner=Dense(2)), Scale(0.5)])
    model.layers[1].trainable = False
    scatter(model)
    assert_same(model, reload(model, path, custom_objects={"Scale": Scale}), images(4, 3))


def test_model_of_ones_own(path):
    model = Net(4)
    model(images(1, 3))
    scatter(model)
    assert_same(model, reload(model, path, custom_objects={"Net": Net, "Scale": Scale}), images(4, 3))


def test_unknown_layer(path):
    Sequential([Input((3,)), Scale(2.0)]).save(path)
    with pytest.raises(ModelFileError, match=r"unknown class 'Scale'; if it is yours, pass custom_objects=\{'Scale'"):
        load_model(path)


def test_functions_of_ones_own(path):
    model = Sequential([Input((3,)), Dense(2)])
    model.compile("sgd", city_block, metrics=[mean_miss])
    x, y = images(4, 3), images(4, 2)
    again = reload(model, path, custom_objects={"city_block": city_block, "mean_miss": mean_miss})
    assert again.evaluate(x, y, verbose=0) == model.evaluate(x, y, verbose=0)
    with pytest.raises(ModelFileError, match="unknown function 'city_block'"):
        load_model(path)
    assert load_model(path, compile=False).optimizer is None


@pytest.mark.parametrize("value", [lambda x: x, object(), float("inf"), {1: 2}, b"x"])
def test_what_cannot_be_written(value, path):
    model = Sequential([Input((3,)), Scale(2.0)])
    model.layers[0]._arguments["by"] = value
    with pytest.raises(TypeError, match=r"cannot write .* into a model file"):
        model.save(path)
    assert not path.exists()


# ----------------------------------------------------------------------------------------------------- training state

OPTIMIZERS = {
    "SGD": lambda: optimizers.SGD(0.05),
    "SGD momentum": lambda: optimizers.SGD(0.05, momentum=0.9, nesterov=True),
    "RMSprop": lambda: optimizers.RMSprop(0.01, momentum=0.5, centered=True),
    "Adam": lambda: optimizers.Adam(0.01, amsgrad=True, clipnorm=1.0),
    "AdamW": lambda: optimizers.AdamW(0.01),
    "schedule": lambda: optimizers.Adam(optimizers.schedules.CosineDecay(0.01, 40, warmup_target=0.1, warmup_steps=3)),
}
X, Y = images(20, 5, 5, 2), np.arange(20) % 3


def trainable(optimizer) -> Model:
    model = models_in_a_model()
    model.add(Dense(3, "softmax"))
    model.compile(optimizer, "sparse_categorical_crossentropy", metrics=["accuracy"])
    return model


def fit(model: Model, epochs: int) -> Model:
    model.fit(X, Y, batch_size=8, epochs=epochs, shuffle=False, verbose=0)
    return model


@pytest.mark.parametrize("make", OPTIMIZERS.values(), ids=OPTIMIZERS)
def test_training_goes_on_to_the_bit(make, path):
    model = fit(trainable(make()), epochs=2)
    again = reload(model, path)
    assert again.optimizer.iterations == 6
    assert again.evaluate(X, Y, verbose=0) == model.evaluate(X, Y, verbose=0)
    fit(model, epochs=2)
    fit(again, epochs=2)
    assert_same(model, again, X)
    assert again.optimizer.learning_rate == model.optimizer.learning_rate
    assert reload(again, path).optimizer.iterations == 12


def test_state_survives_files_in_which_nothing_was_trained(path):
    model = fit(trainable("adam"), epochs=1)
    again = reload(reload(model, path), path)
    fit(model, epochs=1)
    assert_same(model, fit(again, epochs=1), X)


def test_each_layer_gets_its_own_state_though_some_are_frozen(path):
    def twins():
        blocks = [Sequential([Dense(4, name="dense")], name=f"block_{i}") for i in range(2)]
        model = Sequential([Input((4,)), *blocks])
        model.compile("adam", "mse")
        return model

    x, y = images(8, 4), images(8, 4) ** 2
    model = twins()
    model.fit(x, y, verbose=0, shuffle=False)
    again = reload(model, path)
    for one in (model, again):
        one.get_layer("block_0").trainable = False
        one.fit(x, y, verbose=0, shuffle=False)
    assert_same(model, again, x)


def test_learning_rate_changed_by_hand(path):
    model = trainable("adam")
    model.optimizer.learning_rate = 0.0125
    assert reload(model, path).optimizer.learning_rate == 0.0125


def test_learning_rate_changed_by_a_callback(path):
    model = trainable("sgd")
    halve = mc.callbacks.LearningRateScheduler(lambda epoch, rate: rate / 2)
    model.fit(X, Y, epochs=3, callbacks=[halve], verbose=0)
    assert reload(model, path).optimizer.learning_rate == 0.01 / 8


LOSSES = [losses.get(name) for name in ("mse", "mae", "binary_crossentropy")]


@pytest.mark.parametrize(
    "loss", [*LOSSES, losses.BinaryCrossentropy(from_logits=True, label_smoothing=0.1)], ids=lambda loss: loss.name
)
def test_losses_and_metrics(loss, path):
    model = Sequential([Input((3,)), Dense(2, "sigmoid" if not getattr(loss, "from_logits", False) else None)])
    model.compile("sgd", loss, metrics=["mse", "mae", metrics.AUC(num_thresholds=10), metrics.Precision(0.3)])
    x, y = images(6, 3), np.array([[0, 1], [1, 1], [1, 0]] * 2)
    again = reload(model, path)
    assert type(again.loss) is type(loss)
    assert again.evaluate(x, y, verbose=0) == model.evaluate(x, y, verbose=0)


def test_uncompiled_model(path):
    model = shared_layer_in_a_diamond()
    assert reload(model, path).optimizer is None


# ----------------------------------------------------------------------------------------------------- weights alone


def test_weights_alone(path):
    model, other = trainable("sgd"), trainable("sgd")
    scatter(model)
    model.save_weights(path)
    other.load_weights(path)
    for one, two in zip(model.get_weights(), other.get_weights()):
        np.testing.assert_array_equal(one, two)
    with pytest.raises(ModelFileError, match="holds weights only"):
        load_model(path)


def test_weights_from_a_whole_model(path):
    model, other = fit(trainable("adam"), 1), trainable("sgd")
    model.save(path)
    other.load_weights(path)
    np.testing.assert_array_equal(model.predict(X), other.predict(X))


class Optimizer(Dense):
    """A layer whose variables are called optimizer/…, like the optimizer's state."""


def test_layer_called_optimizer(path):
    model = Sequential([Input((3,)), Optimizer(3, name="optimizer"), Dense(2, name="iterations")])
    model.compile("adam", "mse")
    model.fit(images(4, 3), images(4, 2), verbose=0)
    assert_same(model, reload(model, path, custom_objects={"Optimizer": Optimizer}), images(4, 3))


def test_weights_of_another_model(path):
    Sequential([Input((3,)), Dense(2, name="dense")]).save_weights(path)
    with pytest.raises(ModelFileError, match=r"'dense/kernel' is float32 \(3, 2\), the model needs float32 \(3, 4\)"):
        Sequential([Input((3,)), Dense(4, name="dense")]).load_weights(path)
    with pytest.raises(ModelFileError, match=r"missing weights \['conv2d/bias', .* unknown weights \['dense/bias'"):
        Sequential([Input((4, 4, 1)), Conv2D(2, 3)]).load_weights(path)
    with pytest.raises(ValueError, match="no weights yet"):
        Sequential([Dense(2)]).load_weights(path)


def test_a_file_that_does_not_fit_changes_nothing(path):
    Sequential([Input((3,)), Dense(3, name="a"), Dense(4, name="b")]).save_weights(path)
    model = Sequential([Input((3,)), Dense(3, name="a"), Dense(5, name="b")])
    before = model.get_weights()
    with pytest.raises(ModelFileError):
        model.load_weights(path)
    for one, other in zip(before, model.get_weights()):
        np.testing.assert_array_equal(one, other)


# --------------------------------------------------------------------------------------------------------- same bytes

SAVE_A_MODEL = """
import sys
import minicnn as mc
from minicnn.layers import Conv2D, Dense, Flatten
mc.device("portable")
mc.utils.set_random_seed(1)
model = mc.Sequential([mc.Input((6, 6, 1)), Conv2D(2, 3), Flatten(), Dense(3)])
model.compile("adam", mc.losses.SparseCategoricalCrossentropy(from_logits=True), metrics=["accuracy"])
model.save(sys.argv[1])
"""


def test_the_same_model_gives_the_same_bytes(path):
    model = fit(trainable("adam"), 1)
    model.save(path)
    first = path.read_bytes()
    model.save(path)
    assert path.read_bytes() == first
    load_model(path).save(path)
    assert path.read_bytes() == first


def test_the_order_of_arguments_does_not_matter(tmp_path):
    one = Sequential([Input((3,)), Dense(2, name="a", trainable=False, kernel_initializer="ones")], name="model")
    other = Sequential([Input((3,)), Dense(2, kernel_initializer="ones", trainable=False, name="a")], name="model")
    one.save(tmp_path / "one.safetensors")
    other.save(tmp_path / "other.safetensors")
    assert (tmp_path / "one.safetensors").read_bytes() == (tmp_path / "other.safetensors").read_bytes()


def test_the_same_program_gives_the_same_bytes(tmp_path):
    files = [tmp_path / f"{seed}.safetensors" for seed in (0, 1)]
    for seed, file in enumerate(files):
        environment = {**os.environ, "PYTHONHASHSEED": str(seed)}
        subprocess.run([sys.executable, "-c", SAVE_A_MODEL, file], env=environment, check=True)
    assert files[0].read_bytes() == files[1].read_bytes()


# ------------------------------------------------------------------------------------------------ broken, hostile files


@pytest.fixture(scope="module")
def saved(tmp_path_factory):
    """A small compiled, trained model in a file: the victim of what follows."""
    path = tmp_path_factory.mktemp("victim") / "model.safetensors"
    mc.utils.set_random_seed(0)
    with mc.device("portable"):
        x = Input((4, 4, 1), name="image")
        y = Conv2D(2, 3, activation="relu", kernel_regularizer="l2", name="conv")(x)
        y = layers.Concatenate(name="both")([y, layers.MaxPooling2D(2, name="pool")(x)])
        model = Model(x, Dense(2, "softmax", name="head")(Flatten(name="flat")(y)), name="victim")
        model.class_names = ["no", "yes"]
        schedule = optimizers.schedules.ExponentialDecay(0.1, 10, 0.5)
        model.compile(optimizers.SGD(schedule, momentum=0.5), "sparse_categorical_crossentropy", metrics=["accuracy"])
        model.fit(images(4, 4, 4, 1), np.arange(4) % 2, verbose=0)
        model.save(path)
    return path


def contents(path: Path) -> tuple[dict, dict]:
    with safetensors.safe_open(path, framework="numpy") as file:
        header = json.loads(file.metadata()["minicnn"])
        return header, {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118


def write(path: Path, header, tensors: dict) -> Path:
    text = header if isinstance(header, str) else json.dumps(header)
    path.write_bytes(safetensors.numpy.save(tensors, {"minicnn": text}))
    return path


def refused(path: Path, match: str | None = None) -> None:
    with pytest.raises(ModelFileError, match=match):
        load_model(path)


def test_truncated_anywhere(saved, path):
    whole = saved.read_bytes()
    for length in range(0, len(whole), 64):
        path.write_bytes(whole[:length])
        refused(path, "damaged or truncated")


def test_longer_than_it_says(saved, path):
    path.write_bytes(saved.read_bytes() + b"\0")
    refused(path)


def test_random_bytes(path):
    rng = np.random.default_rng(0)
    for size in (0, 1, 7, 8, 9, 100, 5000):
        path.write_bytes(rng.bytes(size))
        refused(path)
        path.write_bytes((size // 2).to_bytes(8, "little") + rng.bytes(size))
        refused(path)


def test_flipped_bytes(saved, path):
    """Weights may change unnoticed, nothing else: a model or a ModelFileError, never a crash."""
    whole, rng = saved.read_bytes(), np.random.default_rng(0)
    for place in rng.choice(len(whole), 300, replace=False):
        broken = bytearray(whole)
        broken[place] ^= int(rng.integers(1, 256))
        path.write_bytes(broken)
        with contextlib.suppress(ModelFileError):
            load_model(path).predict(images(1, 4, 4, 1))


def test_foreign_files(path):
    path.write_bytes(safetensors.numpy.save({"weight": images(2, 2)}))
    refused(path, "minicnn did not write it")
    path.write_bytes(safetensors.numpy.save({"weight": images(2, 2)}, {"format": "pt"}))
    refused(path, "minicnn did not write it")


@pytest.mark.parametrize("number", [0, 2, None, "1", [1]])
def test_another_format(saved, path, number):
    header, tensors = contents(saved)
    refused(write(path, {**header, "format": number}, tensors), "reads format 1; use the version that wrote it")


@pytest.mark.parametrize("name", ["nothing.safetensors", "."])
def test_no_file(tmp_path, name):
    with pytest.raises(FileNotFoundError, match="no model file"):
        load_model(tmp_path / name)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "[]",
        "null",
        "5",
        '"model"',
        "[" * 100_000 + "]" * 100_000,
        '{"format": 1, "model": ' + '{"a":' * 100_000 + "0" + "}" * 100_000 + "}",
        '{"format": 1, "model": ' + "[" * 900 + "]" * 900 + "}",
        '{"format": 1, "model": NaN}',
        '{"format": 1, "model": ' + "9" * 10_000 + "}",
    ],
    ids=lambda text: text[:20] + str(len(text)),
)
def test_metadata_that_makes_no_sense(path, text):
    refused(write(path, text, {}))


@pytest.mark.parametrize("constant", ["NaN", "Infinity", "-Infinity"])
def test_numbers_that_json_does_not_have(saved, path, constant):
    header, tensors = contents(saved)
    text = json.dumps(header)
    assert '"decay_rate": 0.5' in text
    refused(write(path, text.replace('"decay_rate": 0.5', f'"decay_rate": {constant}'), tensors), "is no number")


def nested_models(depth: int) -> str:
    """The text of a Sequential in a Sequential in a …"""
    before, after = (
        '{"class_name": "models.Sequential", "config": {"name": "m%d", "trainable": true, "layers": [',
        ('], "dtype": "float32", "build_input_shape": [null, 4]}}'),
    )
    innermost = '{"class_name": "layers.Flatten", "config": {"name": "flat"}}'
    return "".join(before % i for i in range(depth)) + innermost + after * depth


def test_models_nested_too_deeply(path):
    header = '{"format": 1, "model": %s}'
    assert load_model(write(path, header % nested_models(5), {})).count_params() == 0
    refused(write(path, header % nested_models(200), {}), "recursion")
    refused(write(path, header % nested_models(20_000), {}), "recursion")


@pytest.mark.parametrize(
    "name",
    [
        "os.system",
        "builtins.eval",
        "eval",
        "exec",
        "subprocess.Popen",
        "__import__",
        "object",
        "type",
        "Configurable",
        "Conv2D",
        "layers.Layer.__init__",
        "minicnn.layers.Dense",
        "callbacks.LambdaCallback",
        "layers.__dict__",
        None,
        5,
        ["layers.Dense"],
        {"a": 1},
    ],
    ids=str,
)
def test_classes_that_no_file_may_name(saved, path, name):
    header, tensors = contents(saved)
    header["model"]["config"]["layers"][1]["class_name"] = name
    refused(write(path, header, tensors))
    refused(write(path, {"format": 1, "model": {"class_name": name, "config": {"command": "echo"}}}, {}))


@pytest.mark.parametrize("name", ["open", "eval", "os.system", "relu", "serialize"])
def test_functions_that_no_file_may_name(saved, path, name):
    header, tensors = contents(saved)
    header["model"]["config"]["layers"][1]["config"]["activation"] = {"function": name}
    refused(write(path, header, tensors), "unknown function")


@pytest.mark.parametrize(
    "key", ["__class__", "__init__", "__dict__", "call", "_layers", "built", "_trainable", "weights", "self", "cls"]
)
def test_attributes_that_no_config_may_set(saved, path, key):
    header, tensors = contents(saved)
    for layer in header["model"]["config"]["layers"][1:]:
        changed = json.loads(json.dumps(header))
        target = next(x for x in changed["model"]["config"]["layers"] if x["config"]["name"] == layer["config"]["name"])
        target["config"][key] = "gotcha"
        refused(write(path, changed, tensors))


@pytest.mark.parametrize(
    "value",
    ["layers.Dense", "optimizers.Adam", "initializers.Zeros", "layers.Layer", "losses.MeanSquaredError"],
)
def test_a_file_whose_model_is_something_else(path, value):
    config = {"units": 3} if value == "layers.Dense" else {}
    refused(write(path, {"format": 1, "model": {"class_name": value, "config": config}}, {}), "not a model")


ODD_VALUES = [None, True, 0, -1, 10**30, "", "relu", [], [[1, 2], [3, 4]], {}, {"function": "print"}]
ODD_VALUES += [{"class_name": "layers.Dense", "config": {"units": 3}}]


def nodes(tree, place=()):
    yield place
    for key, value in tree.items() if isinstance(tree, dict) else enumerate(tree) if isinstance(tree, list) else ():
        yield from nodes(value, (*place, key))


def replaced(tree, place, value):
    if not place:
        return value
    copy = tree.copy()
    copy[place[0]] = replaced(copy[place[0]], place[1:], value)
    return copy


def test_odd_values_everywhere(saved, path):
    """Every node of the JSON replaced by every odd value: a ModelFileError, or a model that works and can be saved."""
    header, tensors = contents(saved)
    loaded = 0
    for place in nodes(header):
        for value in ODD_VALUES:
            write(path, replaced(header, place, value), tensors)
            try:
                model = load_model(path)
            except ModelFileError:
                continue
            loaded += 1
            assert np.isfinite(model.predict(images(2, 4, 4, 1))).all(), (place, value)
            model.save(path)
    assert loaded > 100  # names, initializers and flags may change


@pytest.fixture
def little_memory():
    """Fails when more than 10 MB were taken at once."""
    tracemalloc.start()
    yield
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 10e6


def test_shapes_of_petabytes_take_no_memory(saved, path, little_memory):
    header, tensors = contents(saved)
    for key, value in (("filters", 10**6), ("filters", 10**15), ("kernel_size", [10**8, 10**8])):
        changed = json.loads(json.dumps(header))
        conv = next(layer for layer in changed["model"]["config"]["layers"] if layer["config"]["name"] == "conv")
        conv["config"][key] = value
        refused(write(path, changed, tensors))
    for size in (10**6, 10**9, 10**15):
        layer = {"class_name": "layers.BatchNormalization", "config": {"center": False, "scale": False}}
        config = {"name": "m", "trainable": True, "dtype": "float32", "layers": [layer]}
        model = {"class_name": "models.Sequential", "config": {**config, "build_input_shape": [None, size, size]}}
        refused(write(path, {"format": 1, "model": model}, {}))


def test_tensors_of_petabytes_take_no_memory(saved, path, little_memory):
    whole = saved.read_bytes()
    size = int.from_bytes(whole[:8], "little")
    claims = json.loads(whole[8 : 8 + size])
    for shape, end in (([10**8, 10**8], 4 * 10**16), ([10**8, 10**8], 16), ([2**62, 4], 0), ([-1, 3], 12)):
        claims["conv2d/kernel"] = {"dtype": "F32", "shape": shape, "data_offsets": [0, end]}
        text = json.dumps(claims).encode()
        path.write_bytes(len(text).to_bytes(8, "little") + text + whole[8 + size :])
        refused(path)
    path.write_bytes((2**60).to_bytes(8, "little") + whole[8:])
    refused(path)


def test_the_same_tensor_twice(saved, path):
    whole = saved.read_bytes()
    size = int.from_bytes(whole[:8], "little")
    text = whole[8 : 8 + size].replace(b'"conv2d/bias"', b'"dense/bias"')
    path.write_bytes(len(text).to_bytes(8, "little") + text + whole[8 + size :])
    refused(path)


def drop(name):
    return lambda tensors: {key: value for key, value in tensors.items() if key != name}


def swap(name, value):
    return lambda tensors: {**tensors, name: value}


@pytest.mark.parametrize(
    ("change", "match"),
    [
        (drop("conv2d/kernel"), r"missing weights \['conv2d/kernel'\]"),
        (swap("conv2d/extra", images(2)), r"unknown weights \['conv2d/extra'\]"),
        (swap("conv2d/bias", images(3)), r"'conv2d/bias' is float32 \(3,\), the model needs float32 \(2,\)"),
        (swap("conv2d/bias", images(2, 1)), r"\(2, 1\)"),
        (swap("conv2d/bias", np.zeros(2)), "float64"),
        (swap("conv2d/bias", np.zeros(2, np.int32)), "int32"),
        (drop("optimizer/iterations"), "iterations"),
        (swap("optimizer/iterations", np.array(-1)), "-1 steps"),
        (swap("optimizer/iterations", np.array([1])), "iterations"),
        (swap("optimizer/iterations", np.array(1.5)), "iterations"),
        (swap("optimizer/conv2d/bias/momentum", images(3)), "unexpected optimizer state 'conv2d/bias/momentum'"),
        (swap("optimizer/conv2d/bias/momentum", np.zeros(2)), "float64"),
        (swap("optimizer/conv2d/bias/velocity", images(2)), "velocity"),
        (swap("optimizer/nothing/momentum", images(2)), "nothing"),
    ],
)
def test_wrong_tensors(saved, path, change, match):
    header, tensors = contents(saved)
    refused(write(path, header, change(tensors)), match)


def test_nan_weights_are_weights(saved, path):
    header, tensors = contents(saved)
    model = load_model(write(path, header, swap("conv2d/bias", np.array([np.nan, np.inf], np.float32))(tensors)))
    assert np.isnan(model.predict(images(1, 4, 4, 1))).all()


events: list[str] | None = None


def listen(event: str, _: tuple) -> None:
    if events is not None and event in {"exec", "compile", "import", "os.system", "subprocess.Popen", "os.exec"}:
        events.append(event)


def test_loading_makes_only_known_classes_and_runs_no_code(saved, monkeypatch):
    global events
    made = set()
    new = Configurable.__new__

    def spy(cls, *args, **kwargs):
        made.add(cls)
        return new(cls, *args, **kwargs)

    load_model(saved)  # what it needs is imported now
    sys.addaudithook(listen)
    monkeypatch.setattr(Configurable, "__new__", spy)
    events = []
    try:
        load_model(saved)
    finally:
        heard, events = events, None
    assert heard == []
    assert made
    assert made <= set(known_classes().values())


def test_no_known_class_takes_a_name_of_code():
    """What may be made from a file is layers, models and their parts; none of them opens files or runs programs."""
    for cls in known_classes().values():
        source = inspect.getsource(sys.modules[cls.__module__])
        assert not {"subprocess", "eval(", "exec(", "pickle", "__import__("} & set(source.split()), cls


# ------------------------------------------------------------------------------------------------ disks that refuse


def small_model() -> Model:
    return Sequential([Input((3,)), Dense(2)])


def assert_untouched(path: Path, before: bytes | None) -> None:
    assert (path.read_bytes() if path.exists() else None) == before
    assert [p for p in path.parent.iterdir() if p != path] == [], "something was left behind"


@pytest.mark.parametrize("step", ["os.fsync", "os.replace", "open"])
@pytest.mark.parametrize("old", [None, b"an older file"])
@pytest.mark.parametrize(
    "error", [OSError(28, "No space left on device"), PermissionError(13, "no"), KeyboardInterrupt()]
)
def test_a_failed_write_leaves_the_old_file(path, monkeypatch, step, old, error):
    def fail(*_, **__):
        raise error

    if old:
        path.write_bytes(old)
    monkeypatch.setattr(f"minicnn.files.{step}", fail, raising=False)
    with pytest.raises(type(error)):
        small_model().save(path)
    monkeypatch.undo()
    assert_untouched(path, old)


FILL_THE_DISK = """
import resource, signal, sys
import minicnn as mc
mc.device("portable")
model = mc.Sequential([mc.Input((100,)), mc.layers.Dense(100)])
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))
try:
    model.save(sys.argv[1])
except OSError as error:
    sys.exit(error.errno)
"""


def test_a_disk_that_is_full(path):
    pytest.importorskip("resource", reason="needs a limit on the size of files")
    path.write_bytes(b"an older file")
    result = subprocess.run([sys.executable, "-c", FILL_THE_DISK, path], check=False)
    assert result.returncode == 27  # EFBIG
    assert_untouched(path, b"an older file")


READ_AS_NOBODY = """
import os, sys
import minicnn as mc
if os.getuid() == 0:
    os.setuid(65534)
try:
    mc.models.load_model(sys.argv[1])
except OSError as error:
    sys.exit(error.errno)
except mc.ModelFileError:
    sys.exit(1)
"""


@pytest.mark.skipif(not hasattr(os, "getuid"), reason="needs users as POSIX has them")
def test_a_file_that_may_not_be_read(path):
    small_model().save(path)
    path.parent.chmod(0o755)
    path.chmod(0)
    result = subprocess.run([sys.executable, "-c", READ_AS_NOBODY, path.name], cwd=path.parent, check=False)
    assert result.returncode == 13  # EACCES


def test_no_folder(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"there is no folder .*nowhere"):
        small_model().save(tmp_path / "nowhere" / "model.safetensors")


def test_a_folder_of_that_name(path):
    path.mkdir()
    with pytest.raises(OSError, match=r"model.safetensors"):
        small_model().save(path)
    assert list(path.parent.iterdir()) == [path]


def test_saving_from_threads(path):
    model = small_model()
    with ThreadPoolExecutor(8) as threads:
        assert list(threads.map(model.save, [path] * 40)) == [None] * 40
    assert_same(model, load_model(path), images(2, 3))
    assert_untouched(path, path.read_bytes())
