"""A net from a Python file of the user's own."""

import traceback
from pathlib import Path
from typing import Any

from ..models import Model

#: the function that the file defines
FUNCTION = "model"


class ScriptError(ValueError):
    """A script that does not give a model; the message names the file, and the line where there is one."""


def model_of_script(path: Path, image_shape: tuple[int, int, int], classes: int) -> Model:
    """What `model(input_shape, classes)` of the file returns. The file is run: it can do whatever Python can.

    Raises ScriptError for a file without such a function, an error in it, or a model that does not fit.
    """
    try:
        names: dict[str, Any] = {"__name__": path.stem, "__file__": str(path)}
        exec(compile(path.read_text(encoding="utf-8"), str(path), "exec"), names)
    except Exception as error:
        raise ScriptError(_told(path, error)) from error
    function = names.get(FUNCTION)
    if not callable(function):
        raise ScriptError(f"{path} defines no function `{FUNCTION}(input_shape, classes)` that returns a model")
    try:
        model = function(image_shape, classes)
    except Exception as error:
        raise ScriptError(_told(path, error)) from error
    _expect_fitting(path, model, image_shape, classes)
    return model


def _expect_fitting(path: Path, model: Any, image_shape: tuple[int, int, int], classes: int) -> None:
    if not isinstance(model, Model):
        raise ScriptError(f"{path}: {FUNCTION}() returned {model!r}, not a model")
    if not getattr(model, "inputs", None) or not getattr(model, "outputs", None):
        raise ScriptError(
            f"{path}: the model has no shapes yet: begin it with Input(input_shape), or make it Model(inputs, outputs)"
        )
    shapes = [tuple(symbol.shape[1:]) for symbol in (*model.inputs, *model.outputs)]
    outputs = [(classes,), (1,)] if classes == 2 else [(classes,)]
    if len(shapes) != 2 or shapes[0] != image_shape or shapes[1] not in outputs:
        raise ScriptError(
            f"{path}: the model must take images {image_shape} and answer with {classes} probabilities"
            f"{' (or one, of the second class)' if classes == 2 else ''}; it goes from {shapes[:-1]} to {shapes[-1]}"
        )


def _told(path: Path, error: Exception) -> str:
    """The error in one line, with the last line of the script that it came through."""
    if isinstance(error, OSError):
        return f"cannot read {path}: {error.strerror}"
    if isinstance(error, SyntaxError):
        return f"{path}, line {error.lineno}: {error.msg}"
    lines = [frame.lineno for frame in traceback.extract_tb(error.__traceback__) if frame.filename == str(path)]
    place = f"{path}, line {lines[-1]}" if lines else str(path)
    return f"{place}: {type(error).__name__}: {' '.join(str(error).split())}"
