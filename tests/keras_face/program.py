"""Programs for both libraries: functions of (keras, rng) that return plain results under names, and their comparison.

A name that starts with "≈" holds what depends on random numbers, which no two libraries share: it is compared loosely.
"""

import math
import zlib
from collections.abc import Callable
from types import ModuleType
from typing import Any

import numpy as np

from ..tensorflow.cases_layers import draw_weight

Program = Callable[[ModuleType, np.random.Generator], dict[str, Any]]

PROGRAMS: dict[str, Program] = {}


def program(function: Program) -> Program:
    """Register a program under its name."""
    assert function.__name__ not in PROGRAMS
    PROGRAMS[function.__name__] = function
    return function


def run(name: str, keras: ModuleType, seed: int) -> dict[str, Any]:
    """The results of a program, each as plain strings, numbers and lists."""
    keras.utils.clear_session()
    results = PROGRAMS[name](keras, np.random.default_rng([seed, zlib.crc32(name.encode())]))
    return {key: plain(value) for key, value in results.items()}


def plain(value: Any) -> Any:
    """What JSON can hold: tensors and arrays as lists, floats to nine digits."""
    if value is None or isinstance(value, (str, bool, int)):
        return value
    if isinstance(value, (float, np.floating)):
        return float(f"{value:.9g}")
    if isinstance(value, dict):
        return {str(key): plain(v) for key, v in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(v) for v in value]
    return plain(np.asarray(value).tolist())


def assert_same(actual: Any, expected: Any, place: str = "") -> None:
    """Equal strings, whole numbers and structure; floats within the rounding of float32 after some training."""
    relative, absolute = (0.05, 0.02) if "≈" in place else (1e-4, 2e-5)
    if isinstance(expected, dict):
        assert sorted(actual) == sorted(expected), place
        for key, value in expected.items():
            assert_same(actual[key], value, f"{place}/{key}")
    elif isinstance(expected, list):
        assert isinstance(actual, list), place
        assert len(actual) == len(expected), f"{place}: {actual} against {expected}"
        for i, (a, e) in enumerate(zip(actual, expected)):
            assert_same(a, e, f"{place}[{i}]")
    elif isinstance(expected, float) and isinstance(actual, float):
        close = math.isclose(actual, expected, rel_tol=relative, abs_tol=absolute)
        assert close or (math.isnan(actual) and math.isnan(expected)), f"{place}: {actual} against {expected}"
    else:
        assert type(actual) is type(expected), f"{place}: {actual!r} against {expected!r}"
        assert actual == expected, f"{place}: {actual!r} against {expected!r}"


# ------------------------------------------------------------------------------------- what programs share


def transplant(model: Any, rng: np.random.Generator) -> Any:
    """Give a model weights that do not depend on the library."""
    model.set_weights([draw_weight(rng, w.name, tuple(w.shape)) for w in model.weights])
    return model


def classifier(keras: ModuleType, rng: np.random.Generator, **options: Any) -> Any:
    """A small compiled net: 6 features, 3 classes."""
    layers = keras.layers
    model = keras.Sequential([keras.Input((6,)), layers.Dense(5, "tanh"), layers.Dense(3, "softmax")])
    defaults = {"optimizer": keras.optimizers.SGD(0.25), "loss": "sparse_categorical_crossentropy"}
    model.compile(**(defaults | options))
    return transplant(model, rng)


def samples(rng: np.random.Generator, n: int = 20) -> tuple[np.ndarray, np.ndarray]:
    """Features (n, 6) and class numbers (n,)."""
    return rng.standard_normal((n, 6)).astype(np.float32), rng.integers(0, 3, n)


def raises(function: Callable[[], Any], *errors: type[Exception]) -> bool:
    """Whether the function refuses in the way that Keras does."""
    try:
        function()
    except errors:
        return True
    return False
