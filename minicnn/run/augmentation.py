"""Augmentation by name: layers at the head of a model that change pictures while it learns.

light, strong, none             what suits most photographs, more of it, nothing
flip,rotation=15,zoom=0.2       named transforms, in the order in which they are done
"""

from collections.abc import Callable

from ..layers import (
    Layer,
    RandomBrightness,
    RandomContrast,
    RandomFlip,
    RandomRotation,
    RandomTranslation,
    RandomZoom,
)

PRESETS = {
    "none": "",
    "light": "flip,rotation=10,zoom=0.1,translation=0.1",
    "strong": "flip,rotation=20,zoom=0.25,translation=0.15,brightness=0.2,contrast=0.3",
}

#: for pictures that are something else in a mirror, such as writing
UPRIGHT = "rotation=10,zoom=0.1,translation=0.1"

_FLIPS = {"": "horizontal", "horizontal": "horizontal", "vertical": "vertical", "both": "horizontal_and_vertical"}

#: name → layer of a number in the user's unit
_TRANSFORMS: dict[str, Callable[[float], Layer]] = {
    "rotation": lambda degrees: RandomRotation(degrees / 360),
    "zoom": RandomZoom,
    "translation": lambda part: RandomTranslation(part, part),
    "brightness": RandomBrightness,
    "contrast": RandomContrast,
}

_LARGEST = {"rotation": 180.0}


def augmentation_layers(wanted: str) -> list[Layer]:
    """The layers for a preset or a list of transforms. Raises ValueError, saying what there is.

    >>> [type(layer).__name__ for layer in augmentation_layers("flip,zoom=0.2")]
    ['RandomFlip', 'RandomZoom']
    """
    transforms = PRESETS.get(wanted, wanted)
    return [_layer(transform.strip()) for transform in transforms.split(",") if transform.strip()]


def _layer(transform: str) -> Layer:
    name, _, value = transform.partition("=")
    if name == "flip":
        if value not in _FLIPS:
            raise ValueError(f"flip={value} is not known: flip (or flip=horizontal), flip=vertical, flip=both")
        return RandomFlip(_FLIPS[value])
    if name not in _TRANSFORMS:
        known = ", ".join([*PRESETS, "flip", *(f"{known}=NUMBER" for known in _TRANSFORMS)])
        raise ValueError(f"no augmentation {transform!r}: there are {known}")
    return _TRANSFORMS[name](_number(name, value))


def _number(name: str, value: str) -> float:
    largest = _LARGEST.get(name, 1.0)
    unit = "degrees" if name == "rotation" else "as a part of the whole"
    try:
        number = float(value)
    except ValueError:
        number = -1.0
    if not 0 < number <= largest:
        raise ValueError(
            f"{name}={value}: give a number above 0 and up to {largest:g}, {unit}, such as {name}={_SUCH[name]}"
        )
    return number


_SUCH = {"rotation": "15", "zoom": "0.2", "translation": "0.1", "brightness": "0.2", "contrast": "0.2"}
