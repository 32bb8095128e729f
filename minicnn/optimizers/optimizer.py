"""What every optimizer does around its update rule: learning rate, clipping, weight decay, state."""

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from ..configurable import Configurable
from ..device import beside, kernels_for, on_host
from ..kernels import ShapeError
from ..variable import Variable
from .clipping import clip_by_global_norm, clip_by_norm, clip_by_value
from .schedules import LearningRateSchedule

ITERATIONS = "iterations"


class Optimizer(Configurable):
    """Base of the optimizers; a subclass writes `update`, and `slots` where it keeps state.

    learning_rate     a number, or a LearningRateSchedule of the step
    weight_decay      λ: before its step every weight shrinks by η·λ·w; biases too, as in Keras
    clipnorm          scale each gradient to at most this length ‖g‖
    clipvalue         keep each gradient element in −clipvalue … clipvalue
    global_clipnorm   scale all gradients together to at most this length √Σ‖g‖²
    name              what it is called; the class name in lower case when left out

    Raises ValueError when more than one of the three clippings is given, or one is not positive.
    """

    #: names of the state arrays that each variable gets, all starting at 0
    slots: tuple[str, ...] = ()

    def __init__(
        self,
        learning_rate: float | LearningRateSchedule,
        weight_decay: float | None = None,
        clipnorm: float | None = None,
        clipvalue: float | None = None,
        global_clipnorm: float | None = None,
        name: str | None = None,
    ):
        _check_clipping(clipnorm=clipnorm, clipvalue=clipvalue, global_clipnorm=global_clipnorm)
        self._learning_rate = _as_learning_rate(learning_rate)
        self.weight_decay = weight_decay
        self.clipnorm = clipnorm
        self.clipvalue = clipvalue
        self.global_clipnorm = global_clipnorm
        self.name = name or type(self).__name__.lower()
        self.iterations = 0
        self._state: dict[Variable, dict[str, Any]] = {}
        self._loaded: dict[str, Any] = {}
        self._loaded_names: Mapping[Variable, str] | None = None

    # ------------------------------------------------------------------------------------ what subclasses write

    def update(self, k: Any, w: Any, g: Any, **state: Any) -> None:
        """Change weights w and their state arrays in place by one step along the gradient g, with the kernels k."""
        raise NotImplementedError

    # ------------------------------------------------------------------------------------------- learning rate

    @property
    def learning_rate(self) -> float:
        """η of the next step."""
        if isinstance(self._learning_rate, LearningRateSchedule):
            return self._learning_rate(self.iterations)
        return self._learning_rate

    @learning_rate.setter
    def learning_rate(self, value: float | LearningRateSchedule) -> None:
        scheduled = isinstance(self._learning_rate, LearningRateSchedule)
        if scheduled and not isinstance(value, LearningRateSchedule):
            raise TypeError(
                f"the learning rate of this {type(self).__name__} follows a {type(self._learning_rate).__name__} "
                "and cannot be set to a number; make the optimizer with a number instead"
            )
        self._learning_rate = _as_learning_rate(value)

    # --------------------------------------------------------------------------------------------------- steps

    def apply(self, gradients: Sequence[Any], variables: Sequence[Variable]) -> None:
        """One step: change every variable's numbers in place by its gradient.

        Raises ValueError when a gradient is None, ShapeError when one does not fit its variable.

        >>> from minicnn.optimizers import SGD
        >>> w = Variable([1.0, 2.0])
        >>> SGD(learning_rate=0.5).apply([np.array([2.0, 0.0], np.float32)], [w])
        >>> w.numpy()
        array([0., 2.], dtype=float32)
        """
        if not variables:
            return
        _check_gradients(gradients, variables)
        k = kernels_for(gradients)
        for g, variable in zip(self._clip(k, gradients), variables):
            self.decay(k, variable.data)
            self.update(k, variable.data, g, **self._state_of(variable))
        self.iterations += 1

    def build(self, variables: Iterable[Variable]) -> None:
        """Make the state arrays of the variables, which otherwise happens in their first step."""
        for variable in variables:
            self._state_of(variable)

    def apply_gradients(self, grads_and_vars: Iterable[tuple[Any, Variable]]) -> int:
        """`apply` for (gradient, variable) pairs; returns the number of steps taken so far."""
        gradients, variables = zip(*grads_and_vars)
        self.apply(gradients, variables)
        return self.iterations

    def decay(self, k: Any, w: Any) -> None:
        """w ← w − η·λ·w: a gradient step on λ·‖w‖²/2, whose gradient is w itself."""
        if self.weight_decay:
            k.sgd_update(w, w, learning_rate=self.learning_rate * self.weight_decay)

    def _clip(self, k: Any, gradients: Sequence[Any]) -> Sequence[Any]:
        if self.clipnorm is not None:
            return [clip_by_norm(k, g, self.clipnorm) for g in gradients]
        if self.clipvalue is not None:
            return [clip_by_value(k, g, self.clipvalue) for g in gradients]
        if self.global_clipnorm is not None:
            return clip_by_global_norm(k, gradients, self.global_clipnorm)
        return gradients

    # --------------------------------------------------------------------------------------------------- state

    def state(self, names: Mapping[Variable, str] | None = None) -> dict[str, Any]:
        """Everything that a later run needs to go on: the step count and every state array, by name.

        names   what to call the variables; by their paths when left out

        >>> from minicnn.optimizers import Adam
        >>> adam = Adam()
        >>> adam.apply([np.ones(2, np.float32)], [Variable([1.0, 2.0], name="bias")])
        >>> list(adam.state())
        ['iterations', 'bias/momentum', 'bias/velocity']
        """
        names = names or _unique_names(self._state)
        states = [(names[v], slot, array) for v, slots in self._state.items() for slot, array in slots.items()]
        arrays = {f"{name}/{slot}": on_host(array) for name, slot, array in states}
        return {ITERATIONS: np.asarray(self.iterations), **self._loaded, **arrays}

    def load_state(self, state: dict[str, Any], names: Mapping[Variable, str] | None = None) -> None:
        """Go on from what `state` returned; each variable takes its arrays when it is next updated."""
        self._loaded = dict(state)
        self._loaded_names = names
        self.iterations = int(self._loaded.pop(ITERATIONS))
        self._state = {}

    def get_config(self) -> dict[str, Any]:
        """Constructor arguments by name, with the learning rate as it is now."""
        return {**super().get_config(), "learning_rate": self._learning_rate, "name": self.name}

    def _state_of(self, variable: Variable) -> dict[str, Any]:
        if variable not in self._state:
            self._state[variable] = {slot: np.zeros(variable.shape, variable.dtype) for slot in self.slots}
            self._fill_from_loaded(variable)
        state = self._state[variable]
        for slot, array in state.items():
            if type(array) is not type(variable.data):  # it goes where the weights have gone
                state[slot] = beside(array, variable.data)
        return state

    def _fill_from_loaded(self, variable: Variable) -> None:
        name = (self._loaded_names or _unique_names(self._state)).get(variable)
        for slot, array in self._state[variable].items():
            loaded = self._loaded.pop(f"{name}/{slot}", None)
            if loaded is None:
                continue
            if loaded.shape != array.shape:
                raise ShapeError(
                    f"the loaded optimizer state {name}/{slot} has shape {loaded.shape}, "
                    f"but the variable has shape {array.shape}; was it saved with another model?"
                )
            array[...] = loaded


def _as_learning_rate(value: Any) -> float | LearningRateSchedule:
    if isinstance(value, LearningRateSchedule):
        return value
    try:
        value = float(value)
    except (TypeError, ValueError):
        raise TypeError(f"learning_rate must be a number or a LearningRateSchedule, got {value!r}") from None
    if not 0 <= value < math.inf:
        raise ValueError(
            f"learning_rate must be 0 or more, and finite, got {value}; steps go down the gradient already"
        )
    return value


def _check_clipping(**limits: float | None) -> None:
    given = {name: limit for name, limit in limits.items() if limit is not None}
    if len(given) > 1:
        raise ValueError(f"give only one of clipnorm, clipvalue and global_clipnorm, got {given}")
    for name, limit in given.items():
        if not limit > 0:
            raise ValueError(f"{name} must be positive, got {limit}; leave it out for no clipping")


def _check_gradients(gradients: Sequence[Any], variables: Sequence[Variable]) -> None:
    if len(gradients) != len(variables):
        raise ValueError(f"got {len(gradients)} gradients for {len(variables)} variables; each needs exactly one")
    missing = [variable.path for g, variable in zip(gradients, variables) if g is None]
    if missing:
        raise ValueError(
            f"no gradient for {', '.join(missing)}: the loss does not depend on it, or backward() was not called; "
            "set trainable=False on weights that should not learn"
        )
    for g, variable in zip(gradients, variables):
        if tuple(g.shape) != variable.shape:
            raise ShapeError(f"variable {variable.path!r} has shape {variable.shape}, its gradient {tuple(g.shape)}")


def _unique_names(variables: Iterable[Variable]) -> dict[Variable, str]:
    """Each variable's path, numbered from the second of a path on."""
    seen: dict[str, int] = {}
    names = {}
    for variable in variables:
        count = seen[variable.path] = seen.get(variable.path, -1) + 1
        names[variable] = f"{variable.path}_{count}" if count else variable.path
    return names
