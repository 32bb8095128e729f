"""Is a gradient right? `gradcheck` compares it with central finite differences.

For a function f, a random upstream gradient u and a random direction v, the chain rule says

    ⟨u, f(x + h·v) − f(x − h·v)⟩ / 2h  →  ⟨v, dx⟩   as h → 0,   dx = the gradient that backward() gives.

One direction tests every element of dx at once: a single wrong one shows.
"""

import inspect
import math
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from .device import device
from .tensor import Tensor, is_grad_enabled, no_grad

STEPS = 3  # how often the step is shortened, eightfold each time, before a disagreement is believed
LOOKED_AT = 256  # elements compared one by one to name the worst


class GradientError(AssertionError):
    """A gradient that finite differences contradict; the message says where and by how much."""


@dataclass
class GradientReport:
    """What `gradcheck` found.

    errors      input name → worst error among its directions, relative; NaN where every direction met a kink
    directions  how many directions each input was moved in
    kinks       input name → how many of those were given up because the point lies on a kink
    """

    directions: int
    errors: dict[str, float] = field(default_factory=dict)
    kinks: dict[str, int] = field(default_factory=dict)


def gradcheck(
    function: Callable[..., Tensor],
    *inputs: Any,
    directions: int = 8,
    epsilon: float = 1e-5,
    tolerance: float = 1e-6,
    seed: int = 0,
) -> GradientReport:
    """Check the gradients of `function`, which maps tensors to a tensor, at the point `inputs`.

    Every floating input is copied to float64 and computed with the portable kernels, whatever the current
    device is; integer inputs are passed on and not checked. Tensors that the function closes over must be
    float64 as well; their `grad` is left as it was.

    directions  random directions an input
    epsilon     step h, for inputs of the order of 1
    tolerance   allowed error, relative to the size of the terms of ⟨v, dx⟩
    seed        of u and v

    Where the slopes ahead and behind keep disagreeing as the step shrinks, the point lies on a kink (a ReLU's
    corner, a tie of a max-pool) and has no derivative: the elements of v are halved in number until the
    direction is smooth, or it is given up and counted in the report.

    Raises GradientError where a gradient is wrong, ValueError where the function gives NaN, infinity or a
    different value for the same input, RuntimeError under no_grad().

    >>> from minicnn import ops
    >>> report = gradcheck(lambda x, w: ops.tanh(x @ w), [[1.0, -2.0]], [[0.5, 0.1], [0.3, -0.7]])
    >>> report.errors["x"] < 1e-6, report.errors["w"] < 1e-6
    (True, True)
    """
    if not is_grad_enabled():
        raise RuntimeError("gradcheck needs the tape; call it outside no_grad()")
    rng = np.random.default_rng([seed, 1])  # default_rng(seed) may have drawn the inputs: u and v must differ from them
    report = GradientReport(directions)
    with device("portable"):
        point = _Point(function, [_copy(x) for x in inputs], rng, epsilon, tolerance)
        for i, name in enumerate(_names(function, inputs)):
            if point.tensors[i].requires_grad:
                _expect_finite(point.gradients[i], i, name)
                results = [_check_direction(point, i, name, rng) for _ in range(directions)]
                smooth = [error for error in results if error is not None]
                report.errors[name] = max(smooth, default=math.nan)
                report.kinks[name] = len(results) - len(smooth)
    return report


@dataclass
class _Slopes:
    """Slopes of ⟨u, f⟩ along a direction, ahead of the point and behind it, with step h."""

    ahead: float
    behind: float
    rounding: float  # what rounding alone may do to a slope

    @property
    def central(self) -> float:
        return (self.ahead + self.behind) / 2

    @property
    def jump(self) -> float:
        return abs(self.ahead - self.behind)


class _Point:
    """The function at one point: its value there, ⟨u, f⟩ around it, and what backward() says."""

    def __init__(self, function: Callable, tensors: list[Tensor], rng: Any, epsilon: float, tolerance: float):
        self.function, self.tensors = function, tensors
        self.epsilon, self.tolerance = epsilon, tolerance
        output = function(*tensors)
        if not isinstance(output, Tensor) or output.dtype != np.float64:
            raise TypeError(f"the function must return a float64 tensor when it is given float64, got {output!r}")
        self.u = rng.standard_normal(output.shape)
        self.value = self._evaluate(tensors)
        if not np.array_equal(self.value, output.data):
            raise ValueError(
                "the function gives different values for the same input; make it deterministic, "
                "for example with a generator that it seeds anew at each call"
            )
        self.gradients = _gradients(output, self.u, tensors)

    def slopes(self, i: int, v: np.ndarray, h: float) -> _Slopes:
        ahead, behind = self._moved(i, h * v), self._moved(i, -h * v)
        rounding = 8 * float(np.finfo(np.float64).eps * np.abs(self.u * self.value).sum()) / h
        return _Slopes(
            ahead=float(np.sum(self.u * (ahead - self.value))) / h,
            behind=float(np.sum(self.u * (self.value - behind))) / h,
            rounding=rounding,
        )

    def _moved(self, i: int, step: np.ndarray) -> np.ndarray:
        moved = list(self.tensors)
        moved[i] = Tensor(self.tensors[i].data + step)
        return self._evaluate(moved)

    def _evaluate(self, tensors: list[Tensor]) -> np.ndarray:
        with no_grad():
            value = np.array(self.function(*tensors).data)
        bad = np.argwhere(~np.isfinite(value))
        if len(bad):
            index = tuple(map(int, bad[0]))
            raise ValueError(f"the function gives {value[index]} at index {index} of its result; check finite values")
        return value


def _expect_finite(gradient: np.ndarray, i: int, name: str) -> None:
    for index in np.argwhere(~np.isfinite(gradient))[:1]:
        place = tuple(map(int, index))
        raise GradientError(f"the gradient for input {i} ({name}) is {gradient[place]} at index {place}")


def _check_direction(point: _Point, i: int, name: str, rng: np.random.Generator) -> float | None:
    """Relative error along one random direction, None on a kink; raises GradientError where it is too large."""
    v = rng.standard_normal(point.tensors[i].shape)
    while v.any():
        error = _error(point, i, v)
        if error is not None and error <= point.tolerance:
            return error
        if error is not None:
            raise GradientError(_message(point, i, name, v))
        v = v * (rng.random(v.shape) < 0.5)
    return None


def _error(point: _Point, i: int, v: np.ndarray) -> float | None:
    """Disagreement along v, relative to the terms of ⟨v, dx⟩ and beyond rounding; None on a kink."""
    terms = point.gradients[i] * v
    jump_before = math.inf
    for step in range(STEPS):
        slopes = point.slopes(i, v, point.epsilon / 8**step)
        size = max(float(np.linalg.norm(terms)), abs(slopes.central)) or 1.0
        error = max(abs(slopes.central - float(terms.sum())) - slopes.rounding, 0.0) / size
        if error <= point.tolerance:
            return error
        # curvature makes the slopes differ too, but by h·f″, an eighth at the next step; a kink's jump stays
        on_kink = slopes.jump > max(jump_before / 2, point.tolerance * size + 2 * slopes.rounding)
        jump_before = slopes.jump
    return None if on_kink else error


def _message(point: _Point, i: int, name: str, v: np.ndarray) -> str:
    """Name the worst element among those that make direction v fail."""
    gradient = point.gradients[i]
    head = f"wrong gradient for input {i} ({name}, shape {gradient.shape})"
    suspects = _suspects(point, i, v)
    wrong = []
    for index in suspects:
        unit = np.zeros(gradient.shape)
        unit[index] = 1.0
        error = _error(point, i, unit)
        if error is not None and error > point.tolerance:
            numeric = point.slopes(i, unit, point.epsilon).central
            wrong.append((abs(numeric - gradient[index]), index, numeric))
    if not wrong:
        return f"{head}: it disagrees with finite differences along a random direction, but at no single element"
    difference, index, numeric = max(wrong)
    return (
        f"{head}: worst at index {index}, where backward() gives {gradient[index]:.8g} and finite differences "
        f"give {numeric:.8g}, off by {difference:.3g}; {len(wrong)} of {len(suspects)} elements looked at are wrong"
    )


def _suspects(point: _Point, i: int, v: np.ndarray) -> list[tuple[int, ...]]:
    """Indices to compare one by one: of a large input, follow the half that disagrees more until few are left."""
    flat = np.flatnonzero(v)
    while len(flat) > LOOKED_AT:
        flat = max(np.array_split(flat, 2), key=lambda half: _disagreement(point, i, _only(v, half)))
    return [tuple(map(int, np.unravel_index(j, v.shape))) for j in flat]


def _disagreement(point: _Point, i: int, v: np.ndarray) -> float:
    return abs(point.slopes(i, v, point.epsilon).central - float((point.gradients[i] * v).sum()))


def _only(v: np.ndarray, flat: np.ndarray) -> np.ndarray:
    part = np.zeros(v.shape)
    part.flat[flat] = v.flat[flat]
    return part


def _gradients(output: Tensor, u: np.ndarray, tensors: list[Tensor]) -> list[np.ndarray]:
    """dx for every input, zeros where the output does not depend on it; every other `grad` stays as it was."""
    behind = _behind(output)
    before = [(t, t.grad) for t in behind]
    if output.requires_grad:
        output.backward(u, retain_graph=True)
    gradients = [np.zeros(t.shape) if t.grad is None else np.array(t.grad) for t in tensors]
    for t, gradient in before:
        t.grad = gradient
    return gradients


def _behind(output: Tensor) -> list[Tensor]:
    found = {id(output): output}
    pending = [output]
    while pending:
        tensor = pending.pop()
        for t in tensor.op.inputs if tensor.op else ():
            if t is not None and id(t) not in found:
                found[id(t)] = t
                pending.append(t)
    return list(found.values())


def _copy(x: Any) -> Tensor:
    data = Tensor(x).data
    floating = data.dtype.kind == "f"
    return Tensor(np.array(data, np.float64 if floating else data.dtype), requires_grad=floating)


def _names(function: Callable, inputs: tuple) -> list[str]:
    """The parameters' names; beyond them, positions."""
    try:
        parameters = list(inspect.signature(function).parameters.values())
    except ValueError:  # a callable that hides its signature
        parameters = []
    names = [p.name for p in parameters if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)]
    names += [f"input {i}" for i in range(len(names), len(inputs))]
    return names[: len(inputs)]
