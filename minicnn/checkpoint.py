"""Checkpoints: a training under way as one `.safetensors` file, from which it goes on as if nothing had happened.

metadata["minicnn"]   {"format": 1, "checksum": …, "checkpoint": …} as JSON, see `Training.state`
tensors               weights and optimizer state as in model files, all other arrays as "training/0", …

In the JSON every object says what it stands for: {"dict": [[key, value], …]}, {"tensor": name} or {"float": "nan"}.
"""

from __future__ import annotations

import contextlib
import json
import math
import warnings
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from . import random, saving
from .callbacks.callback import Callback
from .data.feed import Feed
from .layers.layer import snake_case
from .saving import FORMAT, OPTIMIZER, TRAINING, ModelFileError, named_weights, numbered


@dataclass
class Training:
    """What a call of `fit` consists of, and how far it has got.

    epoch, step   how many epochs are done, and how many steps of the next one
    logs          the numbers after the last step
    """

    model: Any
    callbacks: list[Callback]
    data: Feed
    validation: Feed | None
    params: dict[str, Any]
    epoch: int = 0
    step: int = 0
    logs: dict[str, Any] = field(default_factory=dict)

    def save(self, path: str | Path) -> None:
        """Write everything that the training needs to go on, atomically.

        Raises OSError when the disk refuses, TypeError for a callback's state that cannot be written down.
        """
        weights = saving.weights_to_save(self.model)
        slots = self.model.optimizer.state({variable: name for name, variable in weights.items()})
        tensors = saving.arrays_of(weights) | {OPTIMIZER + name: array for name, array in slots.items()}
        _write(path, self.state(), tensors)

    def save_beginning(self, path: str | Path) -> None:
        """Write what callbacks know before the first step, above all where in their files this training begins."""
        _write(path, {"callbacks": self._states_of_callbacks()}, {})

    def load(self, path: str | Path) -> None:
        """Go on from what `save` wrote in a training of the same model.

        Raises ModelFileError for a file that is damaged, foreign or of another model.
        """
        state, tensors = _read(path)
        if state.keys() == {"callbacks"}:
            with _readable(path):
                self._load_callbacks(state["callbacks"])
        else:
            self._load_all(state, tensors, path)

    def _load_all(self, state: dict[str, Any], tensors: dict[str, np.ndarray], path: str | Path) -> None:
        with _readable(path):
            saving.make_variables(self.model, state["input_shape"])
            self._expect_same_model(state)
            self._expect_same_steps(state)
        weights = named_weights(self.model)
        saving.assign(weights, tensors, path)
        with _readable(path):
            saving.load_optimizer(self.model.optimizer, weights, tensors)
            self._load_state(state)

    # --------------------------------------------------------------------------------------------------- contents

    def state(self) -> dict[str, Any]:
        """All but weights and optimizer state: numbers, strings, arrays, None, lists and dictionaries of them."""
        optimizer = self.model.optimizer
        rate = optimizer.get_config()["learning_rate"]
        return {
            "epoch": self.epoch,
            "step": self.step,
            "logs": self.logs,
            "steps": self.params["steps"],
            "batch_size": self.params["batch_size"],
            "stop_training": self.model.stop_training,
            "layers": {name: _described(layer) for name, layer in named_layers(self.model)},
            "input_shape": self.model._built_for,
            "optimizer": type(optimizer).__name__,
            "learning_rate": rate if isinstance(rate, float) else None,  # or else a schedule of the step
            "generators": {name: random.state_of(generator) for name, generator in self._generators().items()},
            "data": [feed.state() for feed in self._feeds()],
            "metrics": {name: metric.state() for name, metric in self._metrics().items()},
            "callbacks": self._states_of_callbacks(),
        }

    def _load_state(self, state: dict[str, Any]) -> None:
        self.epoch, self.step, self.logs = _count(state["epoch"]), _count(state["step"]), dict(state["logs"])
        self.model.stop_training = bool(state["stop_training"])
        if state["learning_rate"] is not None:
            self.model.optimizer.learning_rate = state["learning_rate"]
        for feed, place in zip(self._feeds(), state["data"], strict=True):
            feed.load_state(place)
        for generator, kept in _pairs("generator", self._generators(), state["generators"]):
            random.set_state(generator, kept)
        for metric, kept in _pairs("metric", self._metrics(), state["metrics"]):
            metric.load_state(kept)
        self._load_callbacks(state["callbacks"])

    def _states_of_callbacks(self) -> dict[str, dict[str, Any]]:
        """Of those that have one."""
        return {name: state for name, callback in self._callbacks().items() if (state := callback.state())}

    def _load_callbacks(self, states: dict[str, Any]) -> None:
        callbacks, stateful = self._callbacks(), self._states_of_callbacks()
        for callback, kept in _pairs("callback", {name: callbacks[name] for name in stateful}, states):
            callback.load_state(kept)

    def _feeds(self) -> list[Feed]:
        return [feed for feed in (self.data, self.validation) if feed is not None]

    def _metrics(self) -> dict[str, Any]:
        """Those that are counting."""
        model = self.model
        return {metric.name: metric for metric in (model.loss_tracker, *model.metrics)} if self.step else {}

    def _callbacks(self) -> dict[str, Callback]:
        return dict(zip(numbered(type(callback).__name__ for callback in self.callbacks), self.callbacks))

    def _generators(self) -> dict[str, np.random.Generator]:
        """The project's, and those that layers and data have of their own."""
        owners = {
            "training data": self.data.data,
            **{f"layer {name}": layer for name, layer in named_layers(self.model)},
        }
        if self.validation is not None:
            owners["validation data"] = self.validation.data
        own = {name: getattr(owner, "generator", None) for name, owner in owners.items()}
        return {
            "minicnn": random.generator(),
            **{name: generator for name, generator in own.items() if isinstance(generator, np.random.Generator)},
        }

    # ----------------------------------------------------------------------------------------- what has to be the same

    def _expect_same_model(self, state: dict[str, Any]) -> None:
        now = self.state()
        if state["layers"].keys() != now["layers"].keys():
            raise ValueError(f"its model has the layers {list(state['layers'])}, this one {list(now['layers'])}")
        for name, layer in now["layers"].items():
            if state["layers"][name] != layer:
                raise ValueError(f"its layer {name} is {state['layers'][name]}, the model's is {layer}")
        if state["optimizer"] != now["optimizer"]:
            raise ValueError(f"its optimizer is {state['optimizer']}, the model's is {now['optimizer']}")

    def _expect_same_steps(self, state: dict[str, Any]) -> None:
        """Within the data, batches must be what they were."""
        for name in ("steps", "batch_size"):
            if any(place["taken"] for place in state["data"]) and state[name] != self.params[name]:
                raise ValueError(f"it was written with {name} {state[name]}, which is now {self.params[name]}")


def named_layers(layer: Any, prefix: str = "") -> Iterator[tuple[str, Any]]:
    """All layers inside a model by their places, as in `named_weights`."""
    for name, inner in zip(numbered(snake_case(type(inner).__name__) for inner in layer._layers), layer._layers):
        yield prefix + name, inner
        yield from named_layers(inner, f"{prefix}{name}/")


def _described(layer: Any) -> str:
    """Dense(units=10, activation='softmax', …): what a layer computes, without what its weights and state tell."""
    if layer._layers:
        return type(layer).__name__
    arguments = {key: value for key, value in layer.get_config().items() if not key.endswith(_NO_MATTER)}
    return f"{type(layer).__name__}({', '.join(f'{key}={_written(value)}' for key, value in arguments.items())})"


_NO_MATTER = ("name", "seed", "trainable", "initializer", "input_shape")


def _written(value: Any) -> str:
    from .serialization import serialize

    try:
        return repr(serialize(value))
    except TypeError:
        return type(value).__name__


def _pairs(kind: str, present: dict[str, Any], kept: dict[str, Any]) -> Iterator[tuple[Any, Any]]:
    """Each object with its state in the checkpoint; a warning where one of them is missing."""
    for name in present.keys() ^ kept.keys():
        fate = "it begins anew" if name in present else "there is none now"
        where = "is not in the checkpoint" if name in present else "is in the checkpoint"
        warnings.warn(f"{kind} {name} {where}: {fate}", stacklevel=2)
    for name, value in present.items():
        if name in kept:
            yield value, kept[name]


def _count(value: Any) -> int:
    if not isinstance(value, int) or value < 0:
        raise ValueError(f"{value!r} is no number of epochs or steps")
    return value


# ---------------------------------------------------------------------------------------------------------- the file


@contextlib.contextmanager
def _readable(path: str | Path) -> Iterator[None]:
    """Whatever goes wrong while the contents are looked at is the file's fault, but for disks that refuse."""
    try:
        yield
    except OSError:
        raise
    except Exception as error:
        raise ModelFileError(
            f"this training cannot go on from the checkpoint {path}: {error}; delete it to begin anew"
        ) from error


def _write(path: str | Path, state: dict[str, Any], tensors: dict[str, np.ndarray]) -> None:
    encoded = _encode(state, tensors)
    header = {"format": FORMAT, "checkpoint": encoded, "checksum": _checksum(encoded, tensors)}
    saving.write(path, header, tensors)


def _read(path: str | Path) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    header, tensors = saving.read(path)
    if "checkpoint" not in header:
        raise ModelFileError(f"{path} is a model file, not the checkpoint of a training")
    with _readable(path):
        if header.get("checksum") != _checksum(header["checkpoint"], tensors):
            raise ValueError("the checksum is wrong, so the file is damaged")
        return dict(_decode(header["checkpoint"], tensors)), tensors


def _checksum(state: Any, tensors: dict[str, np.ndarray]) -> int:
    """CRC-32 of everything: damaged weights would otherwise be as good as any."""
    checksum = zlib.crc32(json.dumps(state, sort_keys=True).encode())
    for name, array in sorted(tensors.items()):
        checksum = zlib.crc32(f"{name} {array.dtype} {array.shape}".encode(), checksum)
        checksum = zlib.crc32(array.tobytes(), checksum)
    return checksum


def _encode(value: Any, tensors: dict[str, np.ndarray]) -> Any:
    """The value in terms of JSON; its arrays go among the tensors."""
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, np.ndarray):
        name = f"{TRAINING}{len(tensors)}"
        tensors[name] = value
        return {"tensor": name}
    if isinstance(value, float) and not math.isfinite(value):
        return {"float": repr(value)}
    if value is None or isinstance(value, (bool, int, float, str)):
        return value
    if isinstance(value, (list, tuple)):
        return [_encode(item, tensors) for item in value]
    if isinstance(value, dict) and all(isinstance(key, str) for key in value):
        return {"dict": [[key, _encode(item, tensors)] for key, item in value.items()]}  # JSON objects get sorted
    raise TypeError(f"a checkpoint holds numbers, strings, arrays, None, lists and dictionaries of them, not {value!r}")


def _decode(value: Any, tensors: dict[str, np.ndarray]) -> Any:
    """What `_encode` was given, tuples as lists."""
    if isinstance(value, list):
        return [_decode(item, tensors) for item in value]
    if not isinstance(value, dict):
        return value
    [(kind, content)] = value.items()
    if kind == "tensor":
        return tensors[content]
    if kind == "float":
        return float(content)
    if kind == "dict" and all(isinstance(key, str) for key, _ in content):
        return {key: _decode(item, tensors) for key, item in content}
    raise ValueError(f"nothing is written as {kind!r}")
