"""Objects as JSON and back: only classes of a fixed list are ever made, and nothing else is called.

an object       {"class_name": "layers.Conv2D", "config": the constructor's arguments}; a class of the user's own
                goes by its bare name
a function      {"function": its name}, for losses and activations of the user's own
"""

import collections.abc
import functools
import inspect
import math
import types
import typing
from collections.abc import Mapping
from typing import Any

import numpy as np

from . import activations, initializers, layers, losses, metrics, models, optimizers, regularizers
from .configurable import Configurable


@functools.cache
def known_classes() -> Mapping[str, type[Configurable]]:
    """Every minicnn class that a file may name, by module and name: losses and metrics share names."""
    modules = (layers, models, initializers, regularizers, losses, metrics, optimizers, optimizers.schedules)
    return {
        f"{module.__name__.rpartition('.')[2]}.{value.__name__}": value
        for module in modules
        for value in vars(module).values()
        if isinstance(value, type) and issubclass(value, Configurable) and value is not Configurable
    }


def serialize(value: Any) -> Any:
    """The value in terms of JSON. Raises TypeError for what cannot be written down, such as a lambda.

    >>> from minicnn.initializers import HeNormal
    >>> serialize({"filters": 8, "kernel_initializer": HeNormal()})["kernel_initializer"]["class_name"]
    'initializers.HeNormal'
    """
    if isinstance(value, (np.generic, np.ndarray)):
        value = value.tolist()
    if isinstance(value, float) and not math.isfinite(value):
        raise TypeError(f"cannot write {value} into a model file: JSON has no such number")
    if value is None or isinstance(value, (bool, int, float, str)):
        return value
    if isinstance(value, np.dtype):
        return value.name
    if isinstance(value, (list, tuple)):
        return [serialize(v) for v in value]
    if isinstance(value, dict) and all(isinstance(key, str) for key in value):
        return {key: serialize(v) for key, v in value.items()}
    if isinstance(value, Configurable):
        names = {cls: name for name, cls in known_classes().items()}
        name = names.get(type(value), type(value).__name__)
        return {"class_name": name, "config": serialize(value.get_config())}
    for name, function in activations.ACTIVATIONS.items():
        if value is function:
            return name
    if inspect.isfunction(value) and value.__name__ != "<lambda>":
        return {"function": value.__name__}
    raise TypeError(
        f"cannot write {value!r} into a model file; name it (activation='relu'), define it with def, "
        "or make it a Layer subclass"
    )


def deserialize(value: Any, custom_objects: Mapping[str, Any] | None = None) -> Any:
    """What `serialize` wrote, as objects again.

    Raises ValueError for a class or function that is neither minicnn's nor in `custom_objects`.
    """
    if isinstance(value, list):
        return [deserialize(v, custom_objects) for v in value]
    if not isinstance(value, dict):
        return value
    if set(value) == {"function"}:
        return _find("function", value["function"], {}, custom_objects)
    if set(value) == {"class_name", "config"}:
        made = _find("class", value["class_name"], known_classes(), custom_objects)
        config = deserialize(value["config"], custom_objects)
        if value["class_name"] in known_classes():
            _expect_types(made, config)
        return made.from_config(config)
    return {key: deserialize(v, custom_objects) for key, v in value.items()}


def _expect_types(made: type, config: dict[str, Any]) -> None:
    """Raise TypeError where a value is not of the type that the constructor declares."""
    declared = _declared_types(made)
    for name, value in config.items():
        if not _fits(value, declared.get(name, Any)):
            raise TypeError(f"{made.__name__} takes {declared[name]} as {name}, not {value!r}")


@functools.cache
def _declared_types(made: type) -> dict[str, Any]:
    constructors = [vars(cls)["__init__"] for cls in reversed(made.__mro__[:-1]) if "__init__" in vars(cls)]
    return {name: kind for init in constructors for name, kind in typing.get_type_hints(init).items()}


def _fits(value: Any, kind: Any) -> bool:
    """Whether a value from JSON may stand for a declared type; types that JSON does not know are left to the class."""
    inner = typing.get_args(kind)
    origin = typing.get_origin(kind)
    if origin in (typing.Union, types.UnionType):
        return any(_fits(value, k) for k in inner)
    if origin is typing.Literal:
        return value in inner
    if origin is tuple and Ellipsis not in inner:
        return isinstance(value, list) and len(value) == len(inner) and all(map(_fits, value, inner))
    if origin in (tuple, list, collections.abc.Sequence):
        return isinstance(value, list) and all(_fits(v, inner[0]) for v in value)
    if kind in (int, float):
        return isinstance(value, (int, kind)) and not isinstance(value, bool)
    return kind is Any or not isinstance(kind, type) or isinstance(value, kind)


def _find(kind: str, name: Any, known: Mapping[str, Any], custom_objects: Mapping[str, Any] | None) -> Any:
    found = {**known, **(custom_objects or {})}
    if name not in found:
        raise ValueError(f"unknown {kind} {name!r}; if it is yours, pass custom_objects={{{name!r}: …}}")
    return found[name]
