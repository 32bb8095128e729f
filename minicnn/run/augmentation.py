"""Augmentation by name: layers at the head of a model that change pictures while it learns.

light, strong, none             what suits most photographs, more of it, nothing
flip,rotation=15,zoom=0.2       named transforms, in the order in which they are done
"""

import itertools

from ..layers import Layer, RandomAffine, RandomBrightness, RandomContrast, RandomFlip

PRESETS = {
    "none": "",
    "light": "flip,rotation=10,zoom=0.1,translation=0.1",
    "strong": "flip,rotation=10,zoom-in=0.45,translation=0.2,brightness=0.2,contrast=0.2",
}

#: for pictures that are something else in a mirror, such as writing; by cross-validation within the training digits
UPRIGHT = "rotation=15,zoom=0.15,translation=0.1"

_FLIPS = {"": "horizontal", "horizontal": "horizontal", "vertical": "vertical", "both": "horizontal_and_vertical"}

#: transforms with a number: the largest, and an example
_NUMBERS = {
    "rotation": (180.0, "15"),
    "zoom": (1.0, "0.2"),
    "zoom-in": (0.9, "0.4"),
    "translation": (1.0, "0.1"),
    "brightness": (1.0, "0.2"),
    "contrast": (1.0, "0.2"),
}

#: those that move pixels and are done in one step
_MOVES = ("rotation", "zoom", "zoom-in", "translation")

Transform = tuple[str, str | float]


def augmentation_layers(wanted: str) -> list[Layer]:
    """The layers for a preset or a list of transforms. Raises ValueError, saying what there is.

    >>> [type(layer).__name__ for layer in augmentation_layers("flip,rotation=15,zoom=0.2")]
    ['RandomFlip', 'RandomAffine']
    """
    names = (transform.strip() for transform in PRESETS.get(wanted, wanted).split(","))
    transforms = [_transform(name) for name in names if name]
    layers: list[Layer] = []
    for are_moves, group in itertools.groupby(transforms, key=lambda transform: transform[0] in _MOVES):
        members = list(group)
        layers += [_move(members)] if are_moves else [_layer(transform) for transform in members]
    return layers


def _transform(written: str) -> Transform:
    """A name and its number, or the direction of a flip."""
    name, _, value = written.partition("=")
    if name == "flip":
        if value not in _FLIPS:
            raise ValueError(f"flip={value} is not known: flip (or flip=horizontal), flip=vertical, flip=both")
        return name, _FLIPS[value]
    if name not in _NUMBERS:
        known = ", ".join([*PRESETS, "flip", *(f"{known}=NUMBER" for known in _NUMBERS)])
        raise ValueError(f"no augmentation {written!r}: there are {known}")
    return name, _number(name, value)


def _number(name: str, value: str) -> float:
    largest, example = _NUMBERS[name]
    try:
        number = float(value)
    except ValueError:
        number = 0.0
    if not 0 < number <= largest:
        unit = "degrees" if name == "rotation" else "as a part of the whole"
        raise ValueError(
            f"{name}={value}: give a number above 0 and up to {largest:g}, {unit}, such as {name}={example}"
        )
    return number


def _layer(transform: Transform) -> Layer:
    name, value = transform
    if name == "flip":
        return RandomFlip(str(value))
    return {"brightness": RandomBrightness, "contrast": RandomContrast}[name](float(value))


def _move(transforms: list[Transform]) -> Layer:
    amounts = {name: float(value) for name, value in transforms}
    if len(amounts) < len(transforms):
        raise ValueError(f"each of {', '.join(amounts)} may stand once: {transforms}")
    if {"zoom", "zoom-in"} <= amounts.keys():
        raise ValueError("zoom and zoom-in exclude each other: zoom=0.2 zooms in and out, zoom-in=0.2 only in")
    zoom = (-amounts["zoom-in"], 0.0) if "zoom-in" in amounts else amounts.get("zoom", 0.0)
    return RandomAffine(amounts.get("rotation", 0.0) / 360, zoom, amounts.get("translation", 0.0))
