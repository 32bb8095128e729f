"""Which net a run trains, and how it begins: augmentation, pixels to 0 … 1, then the net itself."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from .. import zoo
from ..classify import rescales
from ..layers import Layer, Rescaling
from ..layers.input import Input
from ..models import Model, Sequential
from .augmentation import augmentation_layers
from .script import model_of_script
from .settings import Settings

Shape = tuple[int, int, int]

#: (image shape, classes) → net
NETS: dict[str, Callable[[Shape, int], Sequential]] = {
    "lenet": lambda shape, classes: zoo.lenet(classes, shape),
    "convnet": zoo.convnet,
}

SCRIPT = "script"


def built(settings: Settings, class_names: list[str], script: Path | None = None) -> Model:
    """The model that the settings ask for, not compiled unless the script did so.

    Raises ScriptError for a script that gives none, ValueError for images too small for the net.
    """
    shape, classes = settings.image_shape, len(class_names)
    if settings.model == SCRIPT:
        assert script is not None
        net = model_of_script(script, shape, classes)
    else:
        net = NETS[settings.model](shape, classes)
    model = _beginning_with(_head(settings, net), net, shape)
    model.class_names = class_names
    return model


def _head(settings: Settings, net: Model) -> list[Layer]:
    layers = augmentation_layers(settings.augment)
    return layers if rescales(net) else [*layers, Rescaling(1 / 255)]


def _beginning_with(head: list[Layer], net: Any, shape: Shape) -> Any:
    if not head:
        return net
    # a Sequential stays flat, so that its summary shows the layers and not a model in a model
    body = net.layers if isinstance(net, Sequential) else [net]
    model = Sequential([Input(shape), *head, *body], name=net.name)
    if compiled_with := net.training_config():
        model.compile(**compiled_with)
    return model
