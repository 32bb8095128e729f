"""Model files: one `.safetensors` file, the architecture as JSON in its metadata. Loading runs no code of the file.

metadata["minicnn"]   {"format": 1, "model": …, "training": …, "class_names": …} as JSON
tensors               "conv2d/kernel", …, and the optimizer's state as "optimizer/…"
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import safetensors
import safetensors.numpy

from .files import write_atomically
from .layers.layer import variables_without_values
from .variable import Variable

if TYPE_CHECKING:
    from .models.model import Model

FORMAT = 1
OPTIMIZER = "optimizer/"


class ModelFileError(ValueError):
    """A model file that cannot be read: truncated, foreign, of another version, or not fitting."""


def save_model(model: Model, path: str | Path) -> None:
    """Write architecture, weights, optimizer state and class names; see `load_model`.

    Raises ValueError for a name that does not end in .safetensors or a model without weights,
    TypeError for a part that cannot be written down, OSError when the disk refuses.
    """
    from .serialization import serialize

    _expect_suffix(path)
    if not model.built:
        raise ValueError(f"model {model.name!r} has no weights yet: call it or fit it before saving")
    header = {
        "format": FORMAT,
        "model": serialize(model),
        "training": serialize(model.training_config()),
        "class_names": model.class_names,
    }
    optimizer_state = {OPTIMIZER + name: value for name, value in model.optimizer_state().items()}
    _write(path, header, {**_arrays(model), **optimizer_state})


def save_weights(model: Model, path: str | Path) -> None:
    """Write the weights alone; raises like `save_model`."""
    _expect_suffix(path)
    _write(path, {"format": FORMAT}, _arrays(model))


def load_model(filepath: str | Path, custom_objects: dict[str, type] | None = None, compile: bool = True) -> Model:
    """Read a model that `model.save` wrote: architecture, weights and, with `compile`, the training state.

    custom_objects   your own Layer subclasses by name
    Raises FileNotFoundError, or ModelFileError for a file that is damaged, foreign or does not fit.
    """
    from .serialization import deserialize

    header, tensors = _read(filepath)
    if "model" not in header:
        raise ModelFileError(f"{filepath} holds weights only; build the model and call model.load_weights")
    with _readable(filepath), variables_without_values():
        model = deserialize(header["model"], custom_objects)
        weights = named_weights(model)
    _assign(weights, tensors, filepath)
    model.class_names = header.get("class_names")
    if compile and header.get("training"):
        with _readable(filepath):
            model.compile(**deserialize(header["training"], custom_objects))
            state = {n.removeprefix(OPTIMIZER): v for n, v in tensors.items() if n.startswith(OPTIMIZER)}
            model.load_optimizer_state(state)
    return model


def load_weights(model: Model, path: str | Path) -> None:
    """Read weights into a built model of the same architecture; raises ModelFileError when they do not fit."""
    _, tensors = _read(path)
    if not model.built:
        raise ValueError(f"model {model.name!r} has no weights yet: give it an Input or call it before load_weights")
    _assign(named_weights(model), tensors, path)


def named_weights(model: Any) -> dict[str, Variable]:
    """Every variable by its place in the model: "conv2d/kernel", "block/conv2d/kernel".

    Raises ValueError when two variables share a place.
    """
    found: dict[str, Variable] = {}
    for name, variable in _walk(model, prefix=""):
        if found.setdefault(name, variable) is not variable:
            raise ValueError(f"two variables are called {name!r}; give the layers that own them different names")
    return found


def _walk(layer: Any, prefix: str) -> Any:
    own = {id(v) for inner in layer._layers for v in inner.weights}
    yield from ((prefix + v.name, v) for v in layer.weights if id(v) not in own)
    for inner in layer._layers:
        yield from _walk(inner, f"{prefix}{inner.name}/")


def _arrays(model: Model) -> dict[str, np.ndarray]:
    return {name: variable.numpy() for name, variable in named_weights(model).items()}


def _write(path: str | Path, header: dict, tensors: dict[str, np.ndarray]) -> None:
    contiguous = {name: np.asarray(array, order="C") for name, array in tensors.items()}
    # one metadata entry: the library writes several in random order, and equal models should be equal files
    metadata = {"minicnn": json.dumps(header, sort_keys=True, allow_nan=False)}
    write_atomically(path, safetensors.numpy.save(contiguous, metadata))


def _read(path: str | Path) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    if not Path(path).is_file():
        raise FileNotFoundError(f"no model file {path}")
    try:
        with safetensors.safe_open(path, framework="numpy") as file:
            metadata = file.metadata() or {}
            header = json.loads(metadata["minicnn"]) if "minicnn" in metadata else None
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


def _assign(weights: dict[str, Variable], tensors: dict[str, np.ndarray], path: str | Path) -> None:
    stored = {name for name in tensors if not name.startswith(OPTIMIZER)}
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
