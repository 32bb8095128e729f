"""Objects that remember the arguments they were made with, so that a model can be written down and rebuilt."""

import functools
import inspect
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Self

from .kernels.errors import did_you_mean


class Configurable:
    """Base of layers, losses, optimizers, …: `get_config()` gives the constructor's arguments back.

    Defaults are filled in, so that a saved model keeps its meaning when a default changes.

    >>> class Shift(Configurable):
    ...     def __init__(self, by=1.0):
    ...         self.by = by
    >>> Shift(2.5).get_config()
    {'by': 2.5}
    >>> Shift.from_config({"by": 3.0}).by
    3.0
    """

    _arguments: dict[str, Any]

    def __new__(cls, *args: Any, **kwargs: Any) -> Self:
        instance = super().__new__(cls)
        instance._arguments = _bind(cls.__init__, instance, args, kwargs)
        return instance

    def get_config(self) -> dict[str, Any]:
        """Constructor arguments by name."""
        return dict(self._arguments)

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Self:
        """Make an object from what `get_config` returned."""
        return cls(**config)


@functools.cache
def _signature(init: Callable) -> inspect.Signature:
    return inspect.signature(init)


def _bind(init: Callable, instance: Any, args: tuple, kwargs: dict) -> dict[str, Any]:
    """Arguments by name, defaults filled in, **kwargs flattened; wrong ones are left for __init__ to refuse."""
    try:
        bound = _signature(init).bind(instance, *args, **kwargs)
    except TypeError:
        return {}
    bound.apply_defaults()
    arguments = dict(bound.arguments)
    arguments.pop(next(iter(arguments)))  # self
    for name, parameter in bound.signature.parameters.items():
        if parameter.kind is parameter.VAR_KEYWORD:
            arguments.update(arguments.pop(name))
        elif parameter.kind is parameter.VAR_POSITIONAL:
            arguments.pop(name)
    return arguments


def find_by_name(kind: str, identifier: Any, base: type, names: Mapping[str, Callable]) -> Any:
    """What Keras's `get` functions do: an object as it is, a name looked up and called.

    Raises ValueError with the names there are.
    """
    if isinstance(identifier, base):
        return identifier
    if isinstance(identifier, type) and issubclass(identifier, base):
        return identifier()
    if isinstance(identifier, str) and identifier in names:
        return names[identifier]()
    raise unknown_name(kind, identifier, sorted(names))


def unknown_name(kind: str, identifier: Any, names: Iterable[str]) -> ValueError:
    """The error for a name that nothing has, with the names there are and the likeliest.

    >>> unknown_name("cat", "felx", ["felix", "tom"])
    ValueError("no cat 'felx'; there are: felix, tom; did you mean 'felix'?")
    """
    return ValueError(f"no {kind} {identifier!r}; there are: {', '.join(names)}{did_you_mean(identifier, names)}")
