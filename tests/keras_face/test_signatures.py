"""Names, order and defaults of every argument are Keras's.

A positional argument must stand where it stands in Keras. What follows an argument that minicnn lacks can only be
given by keyword.
"""

import inspect
import os

import pytest

import minicnn

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
pytest.importorskip("tensorflow", reason="TensorFlow is not installed")

import keras

MODULES = (
    "callbacks",
    "initializers",
    "layers",
    "losses",
    "metrics",
    "models",
    "optimizers",
    "optimizers.schedules",
    "regularizers",
    "utils",
)
#: public here without a counterpart in Keras
OURS = {
    "callbacks.CallbackList",  # Keras's makes the progress bar itself
    "callbacks.progress_display",
    "initializers.compute_fans",
    "layers.RandomAffine",  # three of Keras's layers in one
    "losses.FunctionLoss",
    "metrics.accuracy",
    "models.Functional",
    "optimizers.Optimizer",  # its arguments are hidden in Keras
}
#: arguments that Keras has and minicnn has not
MISSING = {
    "callbacks.BackupAndRestore": {"double_checkpoint"},  # no interruption damages a file that is replaced in one step
    "callbacks.TensorBoard": {
        *("write_images", "write_steps_per_second", "profile_batch", "embeddings_freq", "embeddings_metadata"),
    },
    "layers.BatchNormalization": {
        "beta_constraint",
        "gamma_constraint",
        "renorm",
        "renorm_clipping",
        "renorm_momentum",
        "synchronized",
    },
    "layers.Conv2D": {"activity_regularizer", "kernel_constraint", "bias_constraint"},
    "layers.Dense": {
        "activity_regularizer",
        "kernel_constraint",
        "bias_constraint",
        "lora_rank",
        "lora_alpha",
        "quantization_config",
    },
    "layers.Dropout": {"noise_shape"},
    "layers.Input": {"batch_size", "sparse", "ragged", "batch_shape", "tensor", "optional"},
    "layers.InputLayer": {"batch_size", "sparse", "ragged", "batch_shape", "input_tensor", "optional"},
    "layers.Layer": {"activity_regularizer", "autocast"},
    "layers.RandomCrop": {"data_format"},
    "layers.RandomFlip": {"data_format"},
    "layers.RandomRotation": {"data_format"},
    "layers.RandomTranslation": {"data_format"},
    "layers.RandomZoom": {"data_format"},
    "layers.Resizing": {"antialias", "data_format"},
    "losses.SparseCategoricalCrossentropy": {"ignore_class"},
    "losses.sparse_categorical_crossentropy": {"ignore_class"},
    "metrics.AUC": {"multi_label", "num_labels", "label_weights"},
    "metrics.SparseTopKCategoricalAccuracy": {"from_sorted_ids"},
    "metrics.sparse_top_k_categorical_accuracy": {"from_sorted_ids"},
    "models.load_model": {"safe_mode"},
    "utils.PyDataset": {"use_multiprocessing"},
    "utils.clear_session": {"free_memory"},
    "utils.image_dataset_from_directory": {"data_format", "format"},
    "Sequential.add": {"rebuild"},
    "Sequential.pop": {"rebuild"},
    "Model.add_weight": {"autocast", "constraint", "aggregation", "overwrite_with_gradient"},
    "Model.compile": {"weighted_metrics", "steps_per_execution", "jit_compile", "auto_scale_loss"},
    "Model.load_weights": {"skip_mismatch"},
    "Model.save": {"overwrite", "zipped"},
    "Model.save_weights": {"overwrite", "max_shard_size"},
    "Model.summary": {"line_length", "positions", "print_fn", "expand_nested", "show_trainable", "layer_range"},
} | {
    f"optimizers.{name}": {
        "use_ema",
        "ema_momentum",
        "ema_overwrite_frequency",
        "loss_scale_factor",
        "gradient_accumulation_steps",
    }
    for name in ("SGD", "Adam", "AdamW", "RMSprop")
}
#: losses and metrics compute in the dtype of what they are given; initializers find fans as Keras does by default
MISSING_EVERYWHERE = {"losses": {"dtype"}, "metrics": {"dtype"}, "initializers": {"input_axes", "output_axes"}}
#: defaults that differ: minicnn's, Keras's
DEFAULTS = {
    ("layers.AveragePooling2D", "pool_size"): ((2, 2), inspect.Parameter.empty),  # as for MaxPooling2D
    ("layers.Input", "shape"): (inspect.Parameter.empty, None),  # there is no batch_shape to give instead
    ("layers.InputLayer", "shape"): (inspect.Parameter.empty, None),
    # Keras makes the name up from the class, too
    ("metrics.Metric", "name"): (inspect.Parameter.empty, None),
    ("metrics.AUC", "name"): ("auc", None),
    ("metrics.Precision", "name"): ("precision", None),
    ("metrics.Recall", "name"): ("recall", None),
}
METHODS = (
    "add_weight",
    "build",
    "compile",
    "compute_loss",
    "count_params",
    "evaluate",
    "fit",
    "get_layer",
    "get_weights",
    "load_weights",
    "predict",
    "predict_on_batch",
    "reset_metrics",
    "save",
    "save_weights",
    "set_weights",
    "summary",
    "test_on_batch",
    "train_on_batch",
)


def look_up(library, path):
    for part in path.split("."):
        library = getattr(library, part)
    return library


def public_names():
    for module in MODULES:
        found = look_up(minicnn, module)
        public = getattr(found, "__all__", [n for n, v in vars(found).items() if _is_defined_in(found, n, v)])
        yield from (f"{module}.{name}" for name in public if not inspect.ismodule(getattr(found, name)))
    yield from (f"Model.{method}" for method in METHODS)
    yield from ("Sequential", "Sequential.add", "Sequential.pop")


def _is_defined_in(module, name, value):
    return not name.startswith("_") and callable(value) and getattr(value, "__module__", "") == module.__name__


def parameters(function):
    """By name, without self and *args."""
    if inspect.isclass(function):
        if function.__init__ is object.__init__:
            return {}
        function = function.__init__
    found = inspect.signature(function).parameters.values()
    kinds = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)
    return {p.name: p for p in found if p.name != "self" and p.kind not in kinds}


def takes_keywords(function):
    function = function.__init__ if inspect.isclass(function) else function
    return any(p.kind is p.VAR_KEYWORD for p in inspect.signature(function).parameters.values())


NAMES = [name for name in public_names() if name not in OURS]


@pytest.mark.parametrize("name", NAMES)
def test_arguments_are_keras_arguments(name):
    ours, theirs = parameters(look_up(minicnn, name)), parameters(look_up(keras, name))
    by_keyword = takes_keywords(look_up(keras, name))
    for argument, parameter in ours.items():
        if argument not in theirs:
            # Keras's layers take name, trainable and dtype in **kwargs
            assert by_keyword, f"Keras has no {argument}"
            continue
        default = DEFAULTS.get((name, argument), (theirs[argument].default,) * 2)
        assert (parameter.default, theirs[argument].default) == default, argument


@pytest.mark.parametrize("name", [name for name in NAMES if name != "metrics.Metric"])  # whose first argument is dtype
def test_positional_arguments_stand_where_they_do_in_keras(name):
    ours = [p.name for p in parameters(look_up(minicnn, name)).values() if p.kind is not p.KEYWORD_ONLY]
    # the first three of add_weight's are *args in Keras
    theirs = ["shape", "initializer", "dtype"] if name == "Model.add_weight" else parameters(look_up(keras, name))
    assert ours == list(theirs)[: len(ours)]


@pytest.mark.parametrize("name", NAMES)
def test_what_is_missing_is_listed(name):
    function = look_up(minicnn, name)
    lacking = parameters(look_up(keras, name)).keys() - parameters(function).keys()
    if takes_keywords(function):
        lacking -= parameters(minicnn.Layer).keys()
    everywhere = MISSING_EVERYWHERE.get(name.partition(".")[0], set())
    assert lacking - everywhere == MISSING.get(name, set())


@pytest.mark.parametrize("name", sorted(OURS - {"callbacks.CallbackList", "optimizers.Optimizer", "models.Functional"}))
def test_what_is_ours_alone_is_not_in_keras(name):
    with pytest.raises(AttributeError):
        look_up(keras, name)
