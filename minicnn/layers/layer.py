"""Layer: owns variables, builds itself on first use, and says its name when something does not fit."""

from __future__ import annotations

import collections
import contextlib
import functools
import inspect
import re
import threading
from collections.abc import Callable, Iterator
from typing import Any, Self

import numpy as np

from .. import config, graph, initializers, regularizers
from ..configurable import Configurable
from ..device import kernels_for
from ..kernels import ShapeError
from ..kernels.contract import ArraySpec
from ..kernels.errors import did_you_mean
from ..tensor import Tensor, no_grad
from ..variable import Variable

Shape = tuple[int | None, ...]

_names_given: collections.Counter[str] = collections.Counter()
_changes = 0


class _Call(threading.local):
    """The call that is running; every thread has its own."""

    layer: Layer | None = None
    training = False  # inner layers take it over
    makes_values = True


_running = _Call()


class Layer(Configurable):
    """Base of all layers: subclass it, make variables in `build`, compute in `call`.

    name        made from the class name when left out: conv2d, conv2d_1, …
    trainable   False freezes the layer's variables
    dtype       what the layer computes in; `config.floatx()` when left out
    input_shape shape of one sample, for the first layer of a Sequential without an Input

    >>> class Scale(Layer):
    ...     def build(self, input_shape):
    ...         self.factor = self.add_weight(shape=(input_shape[-1],), initializer="ones", name="factor")
    ...     def call(self, inputs):
    ...         return inputs * self.factor
    >>> layer = Scale()
    >>> layer(np.array([[1.0, 2.0]])).numpy()
    array([[1., 2.]], dtype=float32)
    >>> [w.shape for w in layer.weights]
    [(2,)]
    """

    #: attributes that what a layer computes does not depend on: setting them leaves plans as they are
    unplanned: frozenset[str] = frozenset()

    def __init__(
        self,
        *,
        name: str | None = None,
        trainable: bool = True,
        dtype: str | None = None,
        input_shape: Shape | None = None,
        **unknown: Any,
    ):
        if unknown:
            raise TypeError(_unknown_arguments(type(self), unknown))
        self.input_shape = input_shape
        self.name = name or _unique_name(type(self).__name__)
        self.dtype = np.dtype(dtype or config.floatx())
        self.built = False
        self._trainable = trainable
        self._variables: list[Variable] = []
        self._frozen_for_good: set[int] = set()  # ids of variables that no optimizer ever touches
        self._layers: list[Layer] = []
        self._built_for: Any = None  # the input shape, or the list of them, that `build` saw

    def __init_subclass__(cls, **kwargs: Any):
        super().__init_subclass__(**kwargs)
        if "build" in vars(cls):
            cls.build = _marking_built(cls.build)  # type: ignore[method-assign]

    # ------------------------------------------------------------------------------------ what subclasses write

    def build(self, input_shape: Any) -> None:
        """Make the variables; `input_shape` has None for the batch axis. Runs once, before the first `call`."""
        self.built, self._built_for = True, input_shape

    def call(self, inputs: Any) -> Any:
        """Compute the outputs from tensors; may take `training` as a keyword."""
        raise NotImplementedError(f"{type(self).__name__} needs a call(self, inputs) method")

    def add_weight(
        self,
        shape: tuple[int, ...] | None = None,
        initializer: Any = None,
        dtype: str | None = None,
        *,
        trainable: bool = True,
        regularizer: Any = None,
        name: str | None = None,
    ) -> Variable:
        """Make a variable of this layer: a scalar without a shape, Glorot-uniform without an initializer."""
        initializer, name = "glorot_uniform" if initializer is None else initializer, name or "variable"
        values = _initial_values(initializer, tuple(shape or ()), np.dtype(dtype or self.dtype))
        variable = Variable(values, name, trainable and self._trainable, regularizers.get(regularizer))
        variable.path = f"{self.name}/{name}"
        self._variables.append(variable)
        if not trainable:
            self._frozen_for_good.add(id(variable))
        return variable

    # ------------------------------------------------------------------------------------------------- calling

    def __call__(self, inputs: Any, training: bool | None = None) -> Any:
        """Build if need be, then compute on tensors or arrays, or extend a functional model with symbolic ones."""
        with self._named_errors(), _calling(self), _training_mode(training):
            if graph.is_symbolic(inputs):
                return graph.record(self, inputs)
            tensors = graph.map_structure(self._as_input, graph.as_structure(inputs))
            self.ensure_built(graph.map_structure(lambda t: (None, *t.shape[1:]), tensors))
            return self.call_on_tensors(tensors)

    def call_on_tensors(self, tensors: Any) -> Any:
        """`call`, with `training` where it takes it. Raises TypeError when it does not return tensors."""
        options = {"training": _running.training} if _takes_training(type(self).call) else {}
        outputs = self.call(tensors, **options)
        for output in graph.flatten(outputs):
            if not isinstance(output, Tensor):
                raise TypeError(
                    f"call must return a tensor or a list of them, got {type(output).__name__}; "
                    "return what minicnn.ops and the operators of tensors give, not NumPy arrays"
                )
        return outputs

    def ensure_built(self, input_shape: Any) -> None:
        """Run `build` if it has not run yet."""
        if not self.built:
            self.build(input_shape)

    def compute_output_shape(self, input_shape: Any) -> Any:
        """Shape of the output, batch axis None, found by running `call` on shapes alone.

        Override it in layers whose `call` leaves the tensor world, for example for NumPy.
        """
        specs = graph.map_structure(lambda shape: Tensor(ArraySpec((1, *shape[1:]), self.dtype)), input_shape)
        with no_grad(), _training_mode(False):
            outputs = self.call_on_tensors(specs)
        return graph.map_structure(lambda t: (None, *t.shape[1:]), outputs)

    def _as_input(self, value: Any) -> Tensor:
        tensor = value if isinstance(value, Tensor) else Tensor(value)
        if isinstance(tensor.data, ArraySpec):
            return Tensor(ArraySpec(tensor.shape, self.dtype))
        if tensor.dtype == self.dtype or tensor.requires_grad:
            return tensor
        return Tensor(kernels_for((tensor.data,)).cast(tensor.data, dtype=self.dtype.name))

    @contextlib.contextmanager
    def _named_errors(self) -> Iterator[None]:
        """Put this layer's name before errors about its input; the innermost layer wins."""
        try:
            yield
        except (ShapeError, TypeError, ValueError) as error:
            if str(error).startswith("layer ") or type(error) not in (ShapeError, TypeError, ValueError):
                raise
            raise type(error)(f"layer {self.name!r} ({type(self).__name__}): {error}") from error

    # ------------------------------------------------------------------------------------ variables and inner layers

    def __setattr__(self, attribute: str, value: Any) -> None:
        """Remember layers and variables that are stored as attributes, layers also in lists."""
        if attribute not in ("_layers", "_variables") and "_layers" in self.__dict__:
            found = value if isinstance(value, (list, tuple)) else [value]
            self._layers.extend(v for v in found if isinstance(v, Layer) and v not in self._layers)
            if isinstance(value, Variable) and value not in self._variables:
                self._variables.append(value)
        if attribute not in self.unplanned:
            global _changes
            _changes += 1
        super().__setattr__(attribute, value)

    def __getattr__(self, attribute: str) -> Any:
        """Called only for what is not there: say why, where it is the mistake of a beginner."""
        if "_layers" not in self.__dict__:
            reason = f"; its __init__ must call super().__init__() before it uses {attribute!r}"
        elif not self.built:
            reason = "; it gets its weights when it is built, by calling it on data or by an Input before it"
        else:
            reason = ""
        raise AttributeError(f"{type(self).__name__!r} object has no attribute {attribute!r}{reason}")

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.__dict__.get('name', 'without a name')}>"

    @property
    def trainable(self) -> bool:
        return self._trainable

    @trainable.setter
    def trainable(self, value: bool) -> None:
        self._trainable = bool(value)
        for variable in self._variables:
            variable.trainable = self._trainable and id(variable) not in self._frozen_for_good
        for layer in self._layers:
            layer.trainable = value

    @property
    def weights(self) -> list[Variable]:
        """All variables in Keras's order: own trainable ones, own others, then those of inner layers."""
        own = sorted(self._variables, key=lambda v: id(v) in self._frozen_for_good)
        return own + [v for layer in self._layers for v in layer.weights]

    @property
    def trainable_weights(self) -> list[Variable]:
        return [v for v in self.weights if v.trainable]

    @property
    def non_trainable_weights(self) -> list[Variable]:
        return [v for v in self.weights if not v.trainable]

    # Keras has both names; a property of its own, so that a subclass's `weights` counts
    variables = property(lambda self: self.weights)
    trainable_variables = property(lambda self: self.trainable_weights)
    non_trainable_variables = property(lambda self: self.non_trainable_weights)

    def get_weights(self) -> list[np.ndarray]:
        """Copies of all variables, in Keras's order."""
        return [v.numpy().copy() for v in self.weights]

    def set_weights(self, weights: list[Any]) -> None:
        """Assign arrays in Keras's order. Raises ValueError or ShapeError, changing nothing, when they do not fit."""
        variables = self.weights
        if not variables and weights:
            raise ValueError(f"layer {self.name!r} has no weights yet: build it first, for example by calling it")
        if len(weights) != len(variables):
            expected = ", ".join(f"{variable.path} {variable.shape}" for variable in variables)
            raise ValueError(
                f"layer {self.name!r} has {len(variables)} weights, got {len(weights)}; it takes {expected or 'none'}"
            )
        for variable, value in zip(variables, weights):
            if np.shape(value) != variable.shape:
                raise ShapeError(
                    f"layer {self.name!r}: weight {variable.path!r} has shape {variable.shape}, got {np.shape(value)}; "
                    "give the arrays in the order and shapes of get_weights()"
                )
        for variable, value in zip(variables, weights):
            variable.assign(value)

    def count_params(self) -> int:
        """How many numbers the variables hold. Raises ValueError before they are made."""
        if not self.built:
            raise ValueError(
                f"layer {self.name!r} has no weights to count yet: call it on data, or begin the model with an Input"
            )
        return sum(v.numpy().size for v in self.weights)

    @property
    def losses(self) -> list[Tensor]:
        """The regularization penalties of the trainable variables."""
        return [v.regularizer(v) for v in self.trainable_weights if v.regularizer is not None]

    def get_config(self) -> dict[str, Any]:
        """Constructor arguments, with the name that was given or made and the dtype that was chosen."""
        return {**super().get_config(), "name": self.name, "trainable": self.trainable, "dtype": self.dtype.name}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Self:
        """Make a layer from what `get_config` returned, even where `__init__` takes no name, trainable and dtype."""
        known = _arguments_of(cls)  # type: ignore[arg-type] # mypy takes no class for hashable
        own = {key: config[key] for key in ("name", "trainable", "dtype") if key in config and key not in known}
        layer = cls(**{key: value for key, value in config.items() if key not in own})
        layer.name = own.get("name", layer.name)
        layer._trainable = own.get("trainable", layer._trainable)
        layer.dtype = np.dtype(own.get("dtype", layer.dtype))
        return layer


def _marking_built(build: Callable) -> Callable:
    """`build` that makes the layer know, so that variables are made once whoever calls it first."""

    @functools.wraps(build)
    def build_and_mark(layer: Layer, input_shape: Any) -> None:
        build(layer, input_shape)
        layer.built, layer._built_for = True, input_shape

    return build_and_mark


def count_of_changes() -> int:
    """How often attributes of layers have been set: a plan holds as long as this stays the same."""
    return _changes


@contextlib.contextmanager
def _calling(layer: Layer) -> Iterator[None]:
    before, _running.layer = _running.layer, layer
    try:
        yield
    finally:
        _running.layer = before


def layer_being_called() -> str | None:
    """The name of the innermost layer that is being called now."""
    return None if _running.layer is None else _running.layer.name


@contextlib.contextmanager
def _training_mode(training: bool | None) -> Iterator[None]:
    before = _running.training
    _running.training = before if training is None else bool(training)
    try:
        yield
    finally:
        _running.training = before


@contextlib.contextmanager
def variables_without_values() -> Iterator[None]:
    """Make variables that take no memory: a model file's values come later, once their shapes are known to fit."""
    before, _running.makes_values = _running.makes_values, False
    try:
        yield
    finally:
        _running.makes_values = before


def _initial_values(initializer: Any, shape: tuple[int, ...], dtype: np.dtype) -> np.ndarray:
    if not _running.makes_values:
        return np.broadcast_to(np.zeros((), dtype), shape)
    return np.asarray(initializers.get(initializer)(shape, dtype), dtype)


def _unknown_arguments(layer: type, unknown: dict[str, Any]) -> str:
    """Keyword arguments that reached the base class because no class on the way takes them."""
    name = next(iter(unknown))
    return f"{layer.__name__} has no argument {name!r}{did_you_mean(name, _arguments_of(layer))}"


@functools.cache
def _arguments_of(layer: type) -> set[str]:
    """Names that the constructor takes, those that it hands on with **kwargs included."""
    known = set()
    for cls in layer.__mro__[:-1]:
        if "__init__" not in vars(cls):
            continue
        parameters = list(inspect.signature(vars(cls)["__init__"]).parameters.values())[1:]  # without self
        known |= {p.name for p in parameters if p.kind not in (p.VAR_KEYWORD, p.VAR_POSITIONAL)}
        if not any(p.kind is p.VAR_KEYWORD for p in parameters):
            break
    return known


def _takes_training(call: Callable) -> bool:
    code = call.__code__
    return "training" in code.co_varnames[: code.co_argcount + code.co_kwonlyargcount]


def snake_case(class_name: str) -> str:
    """
    >>> snake_case("GlobalMaxPooling2D"), snake_case("Conv2D")
    ('global_max_pooling2d', 'conv2d')
    """
    return re.sub(r"(?<=[a-z])(?=[A-Z])|(?<=[A-Za-z0-9])(?=[A-Z][a-z])", "_", class_name).lower()


def _unique_name(class_name: str) -> str:
    """conv2d for the first Conv2D, then conv2d_1, …: Keras's names."""
    base = snake_case(class_name)
    count = _names_given[base]
    _names_given[base] += 1
    return f"{base}_{count}" if count else base


def reset_names() -> None:
    """Count layer names from the start again."""
    _names_given.clear()
