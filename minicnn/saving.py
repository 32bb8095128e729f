"""Model files: one `.safetensors` file, the architecture as JSON in its metadata. Loading runs no code of the file.

metadata["minicnn"]   {"format": 1, "model": …, "input_shape": …, "training": …, "class_names": …} as JSON
tensors               "conv2d/kernel", …, and the optimizer's state as "optimizer/…"
"""

from __future__ import annotations

import collections
import contextlib
import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import safetensors
import safetensors.numpy

from .files import write_atomically
from .layers.layer import snake_case, variables_without_values
from .optimizers.optimizer import ITERATIONS
from .variable import Variable

if TYPE_CHECKING:
    from .models.model import Model

FORMAT = 1
OPTIMIZER = "optimizer/"
TRAINING = "training/"  # what only checkpoints of a training hold


class ModelFileError(ValueError):
    """A model file that cannot be read: truncated, foreign, of another version, or not fitting."""


def save_model(model: Model, path: str | Path) -> None:
    """Write architecture, weights, optimizer state and class names; see `load_model`.

    Raises ValueError for a name that does not end in .safetensors, a model without weights or one whose inner
    models share a layer, TypeError for a part that cannot be written down, OSError when the disk refuses.
    """
    from .serialization import serialize

    _expect_suffix(path)
    weights = weights_to_save(model)
    _expect_no_sharing_between_models(model)
    header = {
        "format": FORMAT,
        "model": serialize(model),
        "input_shape": serialize(model._built_for),
        "training": serialize(model.training_config()),
        "class_names": serialize(model.class_names),
    }
    tensors = arrays_of(weights)
    if model.optimizer is not None:
        state = model.optimizer.state({variable: name for name, variable in weights.items()})
        tensors |= {OPTIMIZER + name: array for name, array in state.items()}
    write(path, header, tensors)


def save_weights(model: Model, path: str | Path) -> None:
    """Write the weights alone; raises like `save_model`."""
    _expect_suffix(path)
    write(path, {"format": FORMAT}, arrays_of(weights_to_save(model)))


def load_model(filepath: str | Path, custom_objects: dict[str, Any] | None = None, compile: bool = True) -> Model:
    """Read a model that `model.save` wrote: architecture, weights and, with `compile`, the training state.

    custom_objects   your own layers, models, losses and functions by name
    Raises FileNotFoundError, or ModelFileError for a file that is damaged, foreign or does not fit.
    """
    from .serialization import deserialize

    header, tensors = read(filepath)
    if "model" not in header:
        raise ModelFileError(f"{filepath} holds weights only; build the model and call model.load_weights")
    with _readable(filepath), variables_without_values():
        model = _as_model(deserialize(header["model"], custom_objects), header.get("input_shape"))
        model.class_names = _as_names(header.get("class_names"))
        weights = named_weights(model)
    assign(weights, tensors, filepath)
    if compile and header.get("training"):
        with _readable(filepath):
            model.compile(**deserialize(header["training"], custom_objects))
            load_optimizer(model.optimizer, weights, tensors)
    return model


def load_weights(model: Model, path: str | Path) -> None:
    """Read weights into a built model of the same architecture; raises ModelFileError when they do not fit."""
    _, tensors = read(path)
    if not model.built:
        raise ValueError(f"model {model.name!r} has no weights yet: give it an Input or call it before load_weights")
    assign(named_weights(model), tensors, path)


def named_weights(model: Any) -> dict[str, Variable]:
    """Every variable by its place in the model: "conv2d/kernel", "sequential_1/dense/bias".

    Layers go by their class and are numbered inside their model, as the automatic names of layers depend on what
    else the program has made.
    """
    return dict(_walk(model, prefix=""))


def _walk(layer: Any, prefix: str) -> Iterator[tuple[str, Variable]]:
    inner = {id(v) for inner_layer in layer._layers for v in inner_layer.weights}
    own = [v for v in layer.weights if id(v) not in inner]
    for name, variable in zip(numbered(v.name for v in own), own):
        yield prefix + name, variable
    for name, inner_layer in zip(numbered(snake_case(type(x).__name__) for x in layer._layers), layer._layers):
        yield from _walk(inner_layer, f"{prefix}{name}/")


def numbered(names: Iterable[str]) -> list[str]:
    """
    >>> numbered(["dense", "flatten", "dense"])
    ['dense', 'flatten', 'dense_1']
    """
    seen: collections.Counter[str] = collections.Counter()
    numbered = []
    for name in names:
        numbered.append(f"{name}_{seen[name]}" if seen[name] else name)
        seen[name] += 1
    return numbered


def weights_to_save(model: Model) -> dict[str, Variable]:
    if not model.built:
        raise ValueError(f"model {model.name!r} has no weights yet: call it or fit it before saving")
    return named_weights(model)


def arrays_of(weights: dict[str, Variable]) -> dict[str, np.ndarray]:
    return {name: variable.numpy() for name, variable in weights.items()}


def _expect_no_sharing_between_models(model: Model) -> None:
    """A layer inside two models would come back as two layers."""
    inner = list(_graph_layers(model))
    for layer in inner:
        if inner.count(layer) > 1:
            raise ValueError(f"layer {layer.name!r} is part of two models inside {model.name!r}, which cannot be saved")


def _graph_layers(model: Any) -> Iterator[Any]:
    from .models import Functional, Sequential

    if isinstance(model, (Functional, Sequential)):
        for layer in model.layers:
            yield layer
            yield from _graph_layers(layer)


def _as_model(value: Any, input_shape: Any) -> Model:
    """The model, with all its variables made."""
    from .models import Model

    if not isinstance(value, Model):
        raise TypeError(f"it holds a {type(value).__name__}, not a model")
    make_variables(value, input_shape)
    return value


def make_variables(model: Model, input_shape: Any) -> None:
    """Build the model, inner layers included, for the shape or list of shapes that JSON has kept."""
    if not model.built:
        shape = tuple(input_shape) if input_shape[0] is None else [tuple(shape) for shape in input_shape]
        model.ensure_built(shape)
        model.compute_output_shape(shape)


def _as_names(value: Any) -> list[str] | None:
    if value is not None and not (isinstance(value, list) and all(isinstance(name, str) for name in value)):
        raise TypeError(f"class_names must be a list of names, got {value!r}")
    return value


def load_optimizer(optimizer: Any, weights: dict[str, Variable], tensors: dict[str, np.ndarray]) -> None:
    """Give the optimizer its state among the tensors. Raises ValueError or KeyError when it does not fit."""
    state = {
        name.removeprefix(OPTIMIZER): array
        for name, array in tensors.items()
        if name.startswith(OPTIMIZER) and name not in weights
    }
    expected: dict[str, tuple[tuple[int, ...], np.dtype]] = {ITERATIONS: ((), np.dtype(np.int64))}
    for name, variable in weights.items():
        expected |= {f"{name}/{slot}": (variable.shape, variable.dtype) for slot in optimizer.slots}
    for name, array in state.items():
        if expected.get(name) != (array.shape, array.dtype):
            raise ValueError(f"unexpected optimizer state {name!r}: {array.dtype} {array.shape}")
    if state[ITERATIONS] < 0:
        raise ValueError(f"the optimizer has made {state[ITERATIONS]} steps")
    optimizer.load_state(state, {variable: name for name, variable in weights.items()})


def write(path: str | Path, header: dict, tensors: dict[str, np.ndarray]) -> None:
    """Write a file of this module's format, atomically."""
    contiguous = {name: np.asarray(array, order="C") for name, array in tensors.items()}
    # one metadata entry: the library writes several in random order, and equal models should be equal files
    metadata = {"minicnn": json.dumps(header, sort_keys=True, allow_nan=False)}
    write_atomically(path, safetensors.numpy.save(contiguous, metadata))


def read(path: str | Path) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    """Header and tensors of a file that `write` wrote. Raises FileNotFoundError or ModelFileError."""
    if not Path(path).is_file():
        raise FileNotFoundError(f"no model file {path}")
    with open(path, "rb"):
        pass  # where it may not be read the system says so; the library does not
    try:
        with safetensors.safe_open(path, framework="numpy") as file:
            metadata = file.metadata() or {}
            header = json.loads(metadata["minicnn"], parse_constant=_refuse) if "minicnn" in metadata else None
            tensors = {name: file.get_tensor(name) for name in file.keys()} if header else {}  # noqa: SIM118
    except (safetensors.SafetensorError, ValueError, TypeError, RecursionError) as error:
        raise ModelFileError(f"{path} is not a readable model file (damaged or truncated?): {error}") from None
    if not isinstance(header, dict):
        raise ModelFileError(f"{path} is a safetensors file, but minicnn did not write it")
    if header.get("format") != FORMAT:
        raise ModelFileError(
            f"{path} has format {header.get('format')!r}, this version of minicnn reads format {FORMAT}; "
            "use the version that wrote it"
        )
    return header, tensors


def assign(weights: dict[str, Variable], tensors: dict[str, np.ndarray], path: str | Path) -> None:
    """Give the variables the tensors of their names. Raises ModelFileError, changing nothing, when they do not fit."""
    stored = {name for name in tensors if name in weights or not name.startswith((OPTIMIZER, TRAINING))}
    if stored != set(weights):
        missing, extra = sorted(set(weights) - stored), sorted(stored - set(weights))
        raise ModelFileError(f"{path} does not fit the model: missing weights {missing}, unknown weights {extra}")
    for name, variable in weights.items():
        if tensors[name].shape != variable.shape or tensors[name].dtype != variable.dtype:
            raise ModelFileError(
                f"{path}: weight {name!r} is {tensors[name].dtype} {tensors[name].shape}, "
                f"the model needs {variable.dtype} {variable.shape}"
            )
    for name, variable in weights.items():
        variable.assign(tensors[name])


def _refuse(constant: str) -> None:
    raise ValueError(f"{constant} is no number")


@contextlib.contextmanager
def _readable(path: str | Path) -> Iterator[None]:
    """Whatever goes wrong while a file's contents become objects is the file's fault."""
    try:
        yield
    except Exception as error:
        raise ModelFileError(f"{path} does not describe a model that can be built: {error}") from error


def _expect_suffix(path: str | Path) -> None:
    if Path(path).suffix != ".safetensors":
        name = Path(path).with_suffix(".safetensors")
        raise ValueError(f"model files end in .safetensors, got {str(path)!r}; name it {str(name)!r}")
