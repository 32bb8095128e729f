"""Objects as JSON and back: only classes of a fixed list are ever made, and nothing else is called."""

from typing import Any

import numpy as np

from . import activations, initializers, layers, losses, metrics, models, optimizers, regularizers
from .configurable import Configurable


def known_classes() -> dict[str, type[Configurable]]:
    """Every minicnn class that a file may name."""
    modules = (layers, models, initializers, regularizers, losses, metrics, optimizers, optimizers.schedules)
    found = (value for module in modules for value in vars(module).values())
    return {c.__name__: c for c in found if isinstance(c, type) and issubclass(c, Configurable)}


def serialize(value: Any) -> Any:
    """The value in terms of JSON. Raises TypeError for what cannot be written down, such as a lambda.

    >>> from minicnn.initializers import HeNormal
    >>> serialize({"filters": 8, "kernel_initializer": HeNormal()})["kernel_initializer"]["class_name"]
    'HeNormal'
    """
    if value is None or isinstance(value, (bool, int, float, str)):
        return value
    if isinstance(value, np.generic):
        return value.item()
    if isinstance(value, np.ndarray):
        return value.tolist()
    if isinstance(value, np.dtype):
        return str(value)
    if isinstance(value, (list, tuple)):
        return [serialize(v) for v in value]
    if isinstance(value, dict):
        return {str(k): serialize(v) for k, v in value.items()}
    if isinstance(value, Configurable):
        return {"class_name": type(value).__name__, "config": serialize(value.get_config())}
    for name, function in activations.ACTIVATIONS.items():
        if value is function:
            return name
    raise TypeError(
        f"cannot write {value!r} into a model file; name it (activation='relu') or make it a Layer subclass"
    )


def deserialize(value: Any, custom_objects: dict[str, type] | None = None) -> Any:
    """What `serialize` wrote, as objects again.

    Raises ValueError for a class that is neither minicnn's nor in `custom_objects`.
    """
    if isinstance(value, list):
        return [deserialize(v, custom_objects) for v in value]
    if not isinstance(value, dict):
        return value
    if set(value) != {"class_name", "config"}:
        return {k: deserialize(v, custom_objects) for k, v in value.items()}
    classes = {**known_classes(), **(custom_objects or {})}
    name = value["class_name"]
    if name not in classes:
        raise ValueError(f"unknown class {name!r}; if it is yours, pass custom_objects={{{name!r}: TheClass}}")
    return classes[name].from_config(deserialize(value["config"], custom_objects))
