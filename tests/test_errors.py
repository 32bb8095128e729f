"""Wrong uses and what they are told: each message must say what is wrong, where, and what to do.

A row of the table is a function that does the wrong thing, the error or warning that it must meet, and fragments
that the message must hold: the layer's name, what was given and expected, the likely fix.
"""

import warnings
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pytest

import minicnn as mc
from minicnn import Input, Model, ModelFileError, Sequential, ShapeError, Tensor, layers, ops
from minicnn.layers import Add, Conv2D, Dense, Flatten, MaxPooling2D

LABELS = np.array([0, 1, 2, 0])
ONE_HOT = np.eye(3, dtype=np.float32)[LABELS]
BINARY = np.array([0, 1, 1, 0])


@dataclass
class WrongUse:
    act: Callable[[], object]
    kind: type[Exception]
    fragments: tuple[str, ...]


WRONG_USES: list[WrongUse] = []


def teaches(kind: type[Exception], *fragments: str) -> Callable:
    """Add the decorated wrong use to the table."""

    def add(act: Callable[[], object]) -> Callable[[], object]:
        WRONG_USES.append(WrongUse(act, kind, fragments))
        return act

    return add


def told(use: WrongUse) -> Warning | Exception:
    """The error, or else the last warning, that a wrong use meets."""
    with warnings.catch_warnings(record=True) as heard:
        warnings.simplefilter("always")
        try:
            use.act()
        except Exception as error:
            return error
    assert heard, "nothing was said"
    return heard[-1].message


@pytest.mark.parametrize("use", WRONG_USES, ids=lambda use: use.act.__name__)
def test_the_message_teaches(use, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    mc.utils.set_random_seed(0)
    with mc.device("portable"):
        message = told(use)
    assert type(message) is use.kind, repr(message)
    missing = [fragment for fragment in use.fragments if fragment not in str(message)]
    assert not missing, f"{missing} not in {str(message)!r}"


def images(channels: int = 1, size: int = 8) -> np.ndarray:
    return np.random.default_rng(0).random((4, size, size, channels), np.float32)


def network(
    outputs: int = 3, activation: str | None = "softmax", loss="sparse_categorical_crossentropy", channels: int = 1
) -> Sequential:
    """A compiled classifier of 8×8 images."""
    model = Sequential(
        [Input((8, 8, channels)), Conv2D(2, 3, name="conv"), Flatten(), Dense(outputs, activation, name="out")],
        name="net",
    )
    model.compile("sgd", loss)
    return model


def fit(model: Model, x=None, y=LABELS, **options):
    return model.fit(images() if x is None else x, y, verbose=0, **options)


# ------------------------------------------------------------------------------------------------ shapes of images


@teaches(ShapeError, "layer 'conv' (Conv2D)", "C=3", "(R=3, S=3, C=1, K=2)", "expects 1", "images with that many")
def other_channels_for_a_built_layer():
    conv = Conv2D(2, 3, name="conv")
    conv(images(channels=1))
    conv(images(channels=3))


@teaches(ShapeError, "'net'", "(H=8, W=8, C=1)", "(4, 8, 8, 3)", "convert the images to 1 channel")
def rgb_for_a_grey_model():
    fit(network(), images(channels=3))


@teaches(ShapeError, "'net'", "(H=8, W=8, C=3)", "(4, 8, 8)", "channel axis is missing", "takes 3 channels")
def grey_for_an_rgb_model():
    network(channels=3).predict(images()[..., 0])


@teaches(ShapeError, "'net'", "(H=8, W=8, C=3)", "(4, 3, 8, 8)", "channels come first", "x.transpose(0, 2, 3, 1)")
def channels_first():
    network(channels=3).predict(images(channels=3).transpose(0, 3, 1, 2))


@teaches(ShapeError, "'net'", "(H=8, W=8, C=1)", "(8, 8, 1)", "add the batch axis with x[None]")
def one_image_without_a_batch_axis():
    network().predict(images()[0])


@teaches(ShapeError, "layer 'conv' (Conv2D)", "(N, H, W, C)", "3 axes", "add the batch axis with x[None]")
def one_image_for_a_layer():
    Conv2D(2, 3, name="conv")(images()[0])


@teaches(ShapeError, "layer 'conv' (Conv2D)", "(N, H, W, C)", "3 axes", "x[..., None]")
def grey_images_without_a_channel_axis():
    Conv2D(2, 3, name="conv")(images()[..., 0])


@teaches(ShapeError, "'net'", "(H=8, W=8, C=1)", "(4, 10, 10, 1)", "resize the images to 8×8", "Input((10, 10, 1))")
def another_image_size():
    network().predict(images(size=10))


@teaches(ShapeError, "layer 'out' (Dense)", "(N=2, C=9)", "(C=8, K=3)", "expect 8", "images of another size?")
def another_number_of_features():
    dense = Dense(3, name="out")
    dense(np.ones((2, 8)))
    dense(np.ones((2, 9)))


@teaches(ShapeError, "layer 'conv' (Conv2D)", "covering 5 pixels", "H = 4 + 0 + 0 = 4", 'padding="same"')
def kernel_larger_than_the_image():
    Sequential([Input((4, 6, 1)), Conv2D(2, 5, name="conv")])


@teaches(ShapeError, "layer 'conv' (Conv2D)", "covering 9 pixels (size 5, dilation 2)", "W = 6 + 0 + 0 = 6")
def dilated_kernel_wider_than_the_image():
    Sequential([Input((9, 6, 1)), Conv2D(2, 5, dilation_rate=2, name="conv")])


@teaches(ShapeError, "layer 'pool_3' (MaxPooling2D)", "H = 1 + 0 + 0 = 1", "fewer pooling layers")
def too_many_pooling_layers():
    Sequential([Input((8, 8, 1)), *(MaxPooling2D(name=f"pool_{i}") for i in range(4))])


@teaches(ShapeError, "layer 'conv'", "5 axes", "(None, 32, 28, 28, 1)", "leave the batch axis out")
def input_with_the_batch_size():
    Sequential([Input((32, 28, 28, 1)), Conv2D(2, 3, name="conv")])


@teaches(ShapeError, "layer 'conv'", "(None, None, 28, 28, 1)", "without the batch axis")
def input_with_a_batch_axis():
    Sequential([Input((None, 28, 28, 1)), Conv2D(2, 3, name="conv")])


@teaches(ShapeError, "Input", "tuple of positive sizes", "such as (28, 28, 1)", "got 28")
def input_that_is_a_number():
    Input(28)


@teaches(ShapeError, "layer 'conv'", "(None, 28, 28)", "Input(shape=(H, W, 1))")
def input_without_channels():
    Conv2D(2, 3, name="conv")(Input((28, 28)))


@teaches(ShapeError, "layer 'conv'", "input x is empty", "(N=0, H=8, W=8, C=1)", "at least one sample")
def calling_on_an_empty_batch():
    network()(images()[:0])


@teaches(ShapeError, "layer 'dense' (Dense)", "(N, …, C)", "only 1 axis", "x[None]")
def layer_called_on_a_list_of_numbers():
    Dense(2, name="dense")([1.0, 2.0])


@teaches(ShapeError, "layer 'add' (Add)", "(1, 8, 8, 3) and (1, 8, 8, 4)", "axis −1 has 3 and 4", "must be equal")
def residual_branch_with_other_channels():
    x = Input((8, 8, 3))
    Add(name="add")([x, Conv2D(4, 3, padding="same")(x)])


@teaches(ShapeError, "layer 'add' (Add)", "at least two inputs", "Add()([a, b])")
def merging_a_single_input():
    Add(name="add")(images())


@teaches(ShapeError, "layer 'cat' (Concatenate)", "except along axis 3", "(4, 8, 8, 1), (4, 9, 9, 1)", "pad or crop")
def concatenating_images_of_two_sizes():
    layers.Concatenate(name="cat")([images(), images(size=9)])


@teaches(ShapeError, "layer 'shape' (Reshape)", "(2, 12)", "24 numbers", "(2, 5, 2)", "needs 20")
def reshaping_to_another_number_of_numbers():
    layers.Reshape((5, 2), name="shape")(np.ones((2, 12)))


@teaches(ShapeError, "layer 'norm' (BatchNormalization)", "axis=5", "(None, 8, 8, 1)", "axis=-1")
def normalizing_an_axis_that_is_not_there():
    layers.BatchNormalization(axis=5, name="norm")(images())


@teaches(ShapeError, "(Functional)", "takes 2 inputs (a, b), got 1", "pass a list")
def one_array_for_two_inputs():
    a, b = Input((4,), name="a"), Input((4,), name="b")
    Model([a, b], Add()([a, b])).predict(np.ones((2, 4)))


@teaches(ShapeError, "'net'", "takes one array, got a list of 4", "np.stack(images)")
def list_of_images():
    network().predict(list(images()))


# ------------------------------------------------------------------------------------------------ data and labels


@teaches(ValueError, "sparse_categorical_crossentropy", "0 … 2", "3 outputs", "got 3, 7", "more units")
def labels_out_of_range():
    fit(network(), y=[0, 1, 7, 3])


@teaches(ValueError, "0 … 9", "10 outputs", "got 10", "labels - 1")
def ten_classes_numbered_from_one():
    fit(network(outputs=10), y=[1, 5, 9, 10])


@teaches(ValueError, "0 … 2", "got -1", "number the classes from 0")
def negative_labels():
    fit(network(), y=[0, 1, -1, 0])


@teaches(ValueError, "class numbers must be whole", "got 0.5", "use mse")
def fractions_as_class_numbers():
    fit(network(), y=[0, 0.5, 1, 2])


@teaches(ShapeError, "(4, 3)", "class numbers of shape (4,)", "categorical", "labels.argmax(-1)")
def one_hot_where_class_numbers_are_wanted():
    fit(network(), y=ONE_HOT)


@teaches(ShapeError, "categorical_crossentropy", "(4,)", "(4, 3)", "sparse_categorical_crossentropy", "to_categorical")
def class_numbers_where_one_hot_is_wanted():
    fit(network(loss="categorical_crossentropy"))


@teaches(ShapeError, "mean_squared_error", "(4, 1)", "(4,)", "nothing broadcasts", "labels[..., 0]")
def a_column_against_a_vector():
    mc.losses.MeanSquaredError()(np.ones((4, 1)), np.ones(4))


@teaches(ShapeError, "squared", "(4, 1)", "(4,)", "nothing broadcasts")
def a_column_against_a_vector_in_a_loss_of_ones_own():
    def squared(y_true, y_pred):
        return (y_true - y_pred) ** 2

    mc.losses.get(squared)(np.ones((4, 1)), np.ones(4))


@teaches(ShapeError, "binary_crossentropy", "(5, 1)", "(4, 1)", "5 and 4 samples")
def labels_for_more_samples_than_predictions():
    mc.losses.BinaryCrossentropy()(np.ones((5, 1)), np.full((4, 1), 0.5))


@teaches(ShapeError, "binary_crossentropy", "(4, 2)", "(4, 1)", "a last layer of 2 units, it has 1")
def one_hot_for_a_single_sigmoid():
    fit(network(1, "sigmoid", "binary_crossentropy"), y=np.eye(2)[BINARY])


@teaches(ValueError, "0 … 0", "1 outputs", "for a single output use binary_crossentropy")
def class_numbers_for_a_single_sigmoid():
    fit(network(1, "sigmoid"), y=BINARY)


@teaches(ShapeError, "(N, K)", "(4, 8, 8, 3)", "layers.Flatten()", "GlobalAveragePooling2D()")
def dense_on_images():
    model = Sequential([Input((8, 8, 1)), Dense(3, "softmax")])
    model.compile("sgd", "sparse_categorical_crossentropy")
    fit(model)


@teaches(ShapeError, "mean_squared_error", "(4,)", "(4, 8, 8, 1)", "layers.Flatten()")
def dense_on_images_with_a_squared_error():
    model = Sequential([Input((8, 8, 1)), Dense(1)])
    model.compile("sgd", "mse")
    fit(model)


@teaches(UserWarning, "pixels up to 254", "divide by 255", "Rescaling(1 / 255)")
def pixels_without_scaling():
    fit(network(), (images() * 255).astype(np.uint8))


@teaches(ValueError, "x holds nan at index (1, 2, 3, 0)", "np.nan_to_num")
def nan_in_the_images():
    x = images()
    x[1, 2, 3, 0] = np.nan
    fit(network(), x)


@teaches(ValueError, "y holds nan at index (2,)", "leave such samples out")
def nan_in_the_labels():
    fit(network(1, None, "mse"), y=[0, 1, np.nan, 1])


@teaches(ValueError, "no samples", "(0, 8, 8, 1)", "how the data was loaded")
def no_images():
    fit(network(), images()[:0], [])


@teaches(ValueError, "equally many samples", "one label an image", "x 4, y 3")
def fewer_labels_than_images():
    fit(network(), y=[0, 1, 2])


@teaches(ValueError, "equally many samples", "x 4, x 3")
def two_inputs_of_different_lengths():
    a, b = Input((2,)), Input((2,))
    Model([a, b], Add()([a, b])).predict([np.ones((4, 2)), np.ones((3, 2))])


@teaches(ValueError, "no labels", "sparse_categorical_crossentropy needs y=labels")
def no_labels():
    network().fit(images(), verbose=0)


@teaches(ValueError, "no data", "x=images", "(x, y) batches")
def no_data():
    network().fit(verbose=0)


@teaches(ValueError, "x holds elements of different lengths", "same shape", "resize or pad")
def rows_of_different_lengths():
    network().predict([[1, 2, 3], [1, 2]])


@teaches(TypeError, "y must hold numbers", "text such as ['cat']", "np.unique(y, return_inverse=True)")
def class_names_as_labels():
    fit(network(), y=["cat", "dog", "cat", "dog"])


@teaches(TypeError, "x must hold numbers", "text such as ['cat.png']", "read image files into an array")
def file_names_as_images():
    network().predict(["cat.png", "dog.png"])


@teaches(TypeError, "relu: x must be floating point, got int64", '.astype("float32")')
def an_op_on_integers():
    ops.relu(Tensor(np.arange(4)))


@teaches(TypeError, "dictionary", "['image']", "list of arrays in the order of the model's inputs")
def dictionary_of_inputs():
    fit(network(), {"image": images()})


@teaches(ValueError, "x must hold one sample a row", "single number 5")
def a_number_as_images():
    network().predict(5)


@teaches(ValueError, "validation_data must be (x, y)", "labels are missing")
def validation_data_without_labels():
    fit(network(), validation_data=images())


@teaches(TypeError, "class_weight must be a dictionary", "{0: 1.0, 1: 5.0}", "[1, 2, 3]")
def class_weight_as_a_list():
    fit(network(), class_weight=[1, 2, 3])


@teaches(ShapeError, "sample_weight", "losses of shape (4,)", "got shape (4, 2)")
def two_weights_a_sample():
    fit(network(), sample_weight=np.ones((4, 2)))


@teaches(ValueError, "0 … 2 for num_classes=3", "1 … 3", "number the classes from 0")
def too_few_classes_for_to_categorical():
    mc.utils.to_categorical([1, 2, 3], 3)


# ----------------------------------------------------------------------------------- the end of the model and its loss


@teaches(UserWarning, "every prediction is 1", "softmax over one output", 'activation="sigmoid"')
def softmax_over_one_unit():
    fit(network(1, "softmax", "binary_crossentropy"), y=BINARY)


@teaches(UserWarning, "sparse_categorical_crossentropy", "sum to 1, but they sum to", 'activation="softmax"')
def sigmoid_for_classes_that_exclude_each_other():
    fit(network(3, "sigmoid"))


@teaches(UserWarning, "binary_crossentropy", "3 outputs", "sum to 1", "categorical_crossentropy")
def binary_loss_after_a_softmax():
    fit(network(3, "softmax", "binary_crossentropy"), y=ONE_HOT)


@teaches(UserWarning, "expects probabilities", "lie in", "SparseCategoricalCrossentropy(from_logits=True)")
def logits_taken_for_probabilities():
    fit(network(3, None))


@teaches(UserWarning, "expects probabilities", "lie in", 'activation="sigmoid"', "BinaryCrossentropy(from_logits=True)")
def one_logit_taken_for_a_probability():
    fit(network(1, None, "binary_crossentropy"), y=BINARY)


@teaches(UserWarning, "from_logits=True", "ends in softmax", "drop one of the two")
def from_logits_after_a_softmax():
    fit(network(loss=mc.losses.SparseCategoricalCrossentropy(from_logits=True)))


@teaches(TypeError, "'mean_of_arrays'", "return a tensor, got float32", "not with NumPy")
def loss_computed_with_numpy():
    def mean_of_arrays(y_true, y_pred):
        return np.mean(y_true.numpy() - y_pred.numpy())

    fit(network(loss=mean_of_arrays), y=ONE_HOT)


# ------------------------------------------------------------------------------------------------ names and options


@teaches(ValueError, "no optimizer 'adm'", "rmsprop", "did you mean 'adam'?")
def unknown_optimizer():
    network().compile("adm", "mse")


@teaches(ValueError, "'sparse_categorical_crossentopy'", "did you mean 'sparse_categorical_crossentropy'?")
def unknown_loss():
    network().compile("adam", "sparse_categorical_crossentopy")


@teaches(ValueError, "no metric 'acuracy'", "did you mean 'accuracy'?")
def unknown_metric():
    network().compile("adam", "mse", metrics=["acuracy"])


@teaches(TypeError, "metrics must be a list", "metrics=['accuracy']")
def metrics_that_are_no_list():
    network().compile("adam", "mse", metrics="accuracy")


@teaches(ValueError, "no activation 'rleu'", "leaky_relu", "did you mean 'relu'?")
def unknown_activation():
    Dense(2, activation="rleu")


@teaches(ValueError, "layer 'dense' (Dense)", "no initializer 'he_norml'", "did you mean 'he_normal'?")
def unknown_initializer():
    Dense(2, kernel_initializer="he_norml", name="dense")(np.ones((1, 2)))


@teaches(ValueError, "layer 'dense' (Dense)", "no regularizer 'ridge'", "l1, l1_l2")
def unknown_regularizer():
    Dense(2, kernel_regularizer="ridge", name="dense")(np.ones((1, 2)))


@teaches(ValueError, '"valid", "same"', "not 'smae'", "did you mean 'same'?")
def unknown_padding():
    Conv2D(2, 3, padding="smae")


@teaches(ValueError, "((top, bottom), (left, right))", "not (1, 1)")
def padding_as_one_pair():
    MaxPooling2D(padding=(1, 1))


@teaches(TypeError, "Conv2D has no argument 'pading'", "did you mean 'padding'?")
def unknown_argument():
    Conv2D(2, 3, pading="same")


@teaches(ValueError, 'data_format="channels_last"', "'channels_first'", "x.transpose(0, 2, 3, 1)")
def channels_first_layer():
    Conv2D(2, 3, data_format="channels_first")


@teaches(ValueError, "Dense: units", "positive integer", "'10'")
def units_as_text():
    Dense("10")


@teaches(ValueError, "Conv2D: filters=4 must be a multiple of groups=3")
def groups_that_do_not_divide_the_filters():
    Conv2D(4, 3, groups=3)


@teaches(ValueError, "Dropout: rate is the fraction", "0 … 1", "got 50", "Dropout(0.5)")
def dropout_in_percent():
    layers.Dropout(50)


@teaches(ValueError, "'net'", "no layer 'cnov'", "conv, ", "did you mean 'conv'?")
def unknown_layer():
    network().get_layer("cnov")


@teaches(ValueError, "no device 'cuda'", "auto, reference, portable, cpu or gpu")
def unknown_device():
    mc.device("cuda")


@teaches(RuntimeError, "GPU", 'device("cpu")', 'device("auto")')
def device_that_is_not_there():
    mc.device("gpu")


# ------------------------------------------------------------------------------------------------ building models


@teaches(ValueError, "layer 'twin' is in model 'net' already", "make a second Dense", "Model(inputs, outputs)")
def one_layer_added_twice():
    twin = Dense(4, name="twin")
    Sequential([Input((4,)), twin, twin], name="net")


@teaches(ValueError, "'net'", "dense is used twice", "name=… of its own")
def one_name_used_twice():
    Sequential([Dense(4, name="dense"), Dense(4, name="dense")], name="net")


@teaches(ValueError, "'net'", "has no layers", "model.add(layers.Dense(10))")
def model_without_layers():
    Sequential(name="net")(np.ones((1, 2)))


@teaches(ValueError, "Input can only be the first")
def late_input():
    Sequential([Dense(2), Input((4,))])


@teaches(TypeError, "layers such as layers.Dense(10)", "got 'relu'", "layers.Activation('relu')")
def activation_by_name_as_a_layer():
    Sequential(["relu"])


@teaches(ValueError, "Input 'b' of shape (None, 4)", "not among its inputs", "Model(inputs=[…], outputs=…)")
def output_that_depends_on_another_input():
    a, b = Input((4,), name="a"), Input((4,), name="b")
    Model(a, Add()([a, b]))


@teaches(TypeError, "layer calls such as Dense(10)(x)", "got <Dense head>")
def layer_as_the_output_of_a_model():
    Model(Input((4,)), Dense(2, name="head"))


@teaches(TypeError, "not arithmetic", "layers.Add()([a, b])")
def arithmetic_on_symbolic_tensors():
    Input((4,)) + 1.0


@teaches(TypeError, "layer 'add' (Add)", "symbolic tensors or arrays, not both", "an Input of its own")
def symbolic_tensor_beside_an_array():
    Add(name="add")([Input((4,)), np.ones((1, 4))])


@teaches(TypeError, "layer 'mine' (Mine)", "call must return a tensor", "got NoneType", "not NumPy")
def layer_that_returns_nothing():
    class Mine(layers.Layer):
        def call(self, inputs):
            inputs * 2.0

    Mine(name="mine")(np.ones((1, 2)))


@teaches(AttributeError, "'Mine'", "super().__init__()")
def layer_without_super_init():
    class Mine(layers.Layer):
        def __init__(self):
            self.dense = Dense(2)

        def call(self, inputs):
            return self.dense(inputs)

    Mine()(np.ones((1, 2)))


@teaches(AttributeError, "'Dense'", "'kernel'", "when it is built", "calling it on data")
def weights_before_building():
    Dense(2).kernel  # noqa: B018


@teaches(ValueError, "layer 'net'", "no weights to count yet", "begin the model with an Input")
def counting_parameters_before_building():
    Sequential([Dense(2)], name="net").count_params()


@teaches(ValueError, "layer 'dense'", "no weights yet", "calling it")
def setting_weights_before_building():
    Dense(2, name="dense").set_weights([np.ones((2, 2)), np.ones(2)])


@teaches(ValueError, "layer 'conv' has 2 weights, got 1", "conv/kernel (3, 3, 1, 2), conv/bias (2,)")
def too_few_weights():
    network().get_layer("conv").set_weights([np.ones((3, 3, 1, 2))])


@teaches(ShapeError, "'conv/kernel' has shape (3, 3, 1, 2)", "got (2, 1, 3, 3)", "get_weights()")
def weights_in_another_layout():
    network().get_layer("conv").set_weights([np.ones((2, 1, 3, 3)), np.ones(2)])


# ------------------------------------------------------------------------------------------------ training


@teaches(RuntimeError, "model.compile(", "before fit()")
def forgotten_compile():
    Sequential([Dense(2)]).fit(np.ones((3, 4)), [0, 1, 1])


@teaches(RuntimeError, "no loss", "model.compile(loss=")
def compiled_without_a_loss():
    model = network()
    model.compile("sgd")
    fit(model)


@teaches(ValueError, "learning_rate must be 0 or more", "got -0.1")
def negative_learning_rate():
    mc.optimizers.SGD(-0.1)


@teaches(RuntimeWarning, "the loss is nan in epoch 3", "smaller learning rate", "clipnorm=1.0", "TerminateOnNaN")
def learning_rate_far_too_high():
    model = network(3, None, "mse")
    model.optimizer.learning_rate = 1e30
    fit(model, y=ONE_HOT, epochs=3)


@teaches(ValueError, "validation_split must lie between 0 and 1", "got 1")
def everything_for_validation():
    fit(network(), validation_split=1)


@teaches(ValueError, "validation_split=0.1 of 1 samples", "one part empty")
def validation_split_of_too_few_samples():
    fit(network(), images()[:1], LABELS[:1], validation_split=0.1)


@teaches(ValueError, "batch_size must be a positive integer", "got 0")
def empty_batches():
    fit(network(), batch_size=0)


@teaches(UserWarning, "nothing to train", "epochs=0", "initial_epoch=0")
def no_epochs():
    fit(network(), epochs=0)


@teaches(ValueError, "epochs must be the number of passes", "got '3'")
def epochs_as_text():
    fit(network(), epochs="3")


@teaches(ValueError, '"auto", 0 (silent)', "'loud'")
def unknown_verbosity():
    network().fit(images(), LABELS, verbose="loud")


def three_batches():
    return ((images(), LABELS) for _ in range(3))


@teaches(UserWarning, "ran out in epoch 2 after 1 of 2 steps", "while True:", "steps_per_epoch")
def generator_that_runs_out():
    fit(network(), three_batches(), None, epochs=2, steps_per_epoch=2)


@teaches(UserWarning, "steps_per_epoch does not divide its 4 batches", "epoch 2 after 1 of 3 steps")
def steps_that_do_not_divide_the_data():
    fit(network(), batch_size=1, epochs=2, steps_per_epoch=3)


@teaches(UserWarning, "epoch 2 got no batches", "training ends", "generator has run out", "while True:")
def generator_for_two_epochs():
    fit(network(), three_batches(), None, epochs=2)


@teaches(ValueError, "epoch 1 got no batches", "make a new one for every fit")
def generator_that_has_run_out():
    batches = three_batches()
    fit(network(), batches, None)
    fit(network(), batches, None)


@teaches(UserWarning, "epoch 2 is not validated", "validation data has run out", "while True:")
def validation_generator_that_runs_out():
    fit(network(), epochs=2, validation_data=three_batches())


@teaches(ValueError, "nothing to validate on", "validation data is empty")
def validation_data_without_batches():
    fit(network(), validation_data=(batch for batch in ()))


@teaches(ValueError, "brings its own labels", "leave y and sample_weight out")
def generator_beside_labels():
    fit(network(), three_batches(), LABELS)


@teaches(ValueError, "(x, y) or (x, y, sample_weight)", "got a tuple of 4")
def batches_of_four():
    fit(network(), ((images(), LABELS, LABELS, LABELS) for _ in range(1)), None)


@teaches(UserWarning, "'net'", "no trainable weights", "layer.trainable = True")
def everything_frozen():
    model = network()
    model.trainable = False
    fit(model)


@teaches(ValueError, "no gradient for unused/kernel, unused/bias", "does not depend on it", "trainable=False")
def layer_that_does_not_reach_the_loss():
    class Branches(Model):
        def __init__(self):
            super().__init__()
            self.used, self.unused = Dense(2), Dense(2, name="unused")

        def call(self, inputs):
            self.unused(inputs)
            return self.used(inputs)

    model = Branches()
    model.compile("sgd", "mse")
    model.fit(np.ones((2, 4)), np.ones((2, 2)), verbose=0)


@teaches(ValueError, "several outputs cannot be trained", "override train_step")
def several_outputs():
    x = Input((4,))
    model = Model(x, [Dense(2)(x), Dense(2)(x)])
    model.compile("sgd", "mse")
    model.fit(np.ones((2, 4)), np.ones((2, 2)), verbose=0)


# ------------------------------------------------------------------------------------------------ tensors


@teaches(TypeError, "conv2d: mixed dtypes (x float32, w float64)", ".astype")
def mixed_dtypes():
    ops.conv2d(Tensor(images()), Tensor(np.ones((3, 3, 1, 2))))


@teaches(RuntimeError, "freed by an earlier backward()", "compute the loss again", "retain_graph=True")
def backward_twice():
    w = Tensor([1.0, 2.0], requires_grad=True)
    loss = (w * w).sum()
    loss.backward()
    loss.backward()


@teaches(RuntimeError, "shape (2,)", "upstream gradient", ".mean()")
def backward_from_a_vector():
    w = Tensor([1.0, 2.0], requires_grad=True)
    (w * w).backward()


@teaches(RuntimeError, "nothing to differentiate", "requires_grad=True", "no_grad()")
def backward_without_parameters():
    Tensor([1.0, 2.0]).sum().backward()


@teaches(ShapeError, "matmul", "(I, M) and (M, J)", "(2, 3) and (2, 3)", "transposed?")
def product_of_matrices_that_do_not_fit():
    Tensor(np.ones((2, 3))) @ Tensor(np.ones((2, 3)))


# ------------------------------------------------------------------------------------------------ files


@teaches(FileNotFoundError, "no model file", "nowhere.safetensors")
def loading_what_is_not_there():
    mc.models.load_model("nowhere.safetensors")


@teaches(ModelFileError, "notes.safetensors", "not a readable model file", "truncated?")
def loading_a_file_that_is_no_model():
    with open("notes.safetensors", "w") as file:
        file.write("buy milk")
    mc.models.load_model("notes.safetensors")


@teaches(ValueError, "end in .safetensors", "'model.h5'", "name it 'model.safetensors'")
def saving_under_another_suffix():
    network().save("model.h5")


@teaches(ValueError, "'net'", "no weights yet", "before saving")
def saving_before_building():
    Sequential([Dense(2)], name="net").save("net.safetensors")


@teaches(TypeError, "model file", "activation='relu'", "Layer subclass")
def saving_a_lambda():
    Sequential([Input((4,)), layers.Activation(lambda x: x * 2.0)]).save("net.safetensors")
