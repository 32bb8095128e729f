"""A case: one computation and how to draw its inputs, to be run alike by minicnn and by TensorFlow.

The inputs are drawn from a seed and the case's name, so that a file of results needs no inputs and a new case
does not move the others. They are rounded to float32: a run in float32 and one in float64 start from one point.
"""

import zlib
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, NamedTuple, Protocol

import numpy as np

Results = dict[str, np.ndarray]


class Draw(NamedTuple):
    """How to draw one input, and whether its gradient is wanted."""

    sample: Callable[[np.random.Generator], np.ndarray]
    differentiable: bool = True


@dataclass(frozen=True)
class Case:
    """`op` applied to `inputs`, with `options`."""

    name: str
    op: str
    inputs: dict[str, Draw]
    options: dict[str, Any] = field(default_factory=dict)

    def draw(self, seed: int) -> tuple[dict[str, np.ndarray], np.random.Generator]:
        """The inputs, and the generator to draw the upstream gradient from."""
        rng = np.random.default_rng([seed, zlib.crc32(self.name.encode())])
        return {name: _float32(draw.sample(rng)) for name, draw in self.inputs.items()}, rng


class Library(Protocol):
    """What can run a case: minicnn, or TensorFlow."""

    def run(self, case: Case, inputs: dict[str, np.ndarray], upstream: Callable) -> Results:
        """Outputs "y" (then "y1", "y2" …) and, for the upstream gradient of y, "d name" of every input."""


def run(case: Case, library: Library, seed: int) -> Results:
    """Everything a library computes for a case, forward and backward, with a random upstream gradient."""
    inputs, rng = case.draw(seed)
    return library.run(case, inputs, upstream=lambda shape: _float32(rng.standard_normal(shape)))


def fingerprint(case: Case, seed: int) -> int:
    """A checksum of the inputs: another one means that NumPy draws other numbers than it did."""
    inputs, _ = case.draw(seed)
    return zlib.crc32(b"".join(np.ascontiguousarray(array).tobytes() for array in inputs.values()))


def assert_close(actual: Results, expected: Results, relative: float, absolute: float, hint: str = "") -> None:
    """The same arrays, each element within relative·|itself| + absolute·max(1, the largest of its array).

    Inputs and upstream gradients are of the order of 1, and so is what rounding is measured by: the gradient of
    a saturated sigmoid is a difference of numbers near 1.
    """
    assert actual.keys() == expected.keys()
    for name, values in expected.items():
        scale = np.abs(values).max(initial=1.0)
        np.testing.assert_allclose(actual[name], values, rtol=relative, atol=absolute * scale, err_msg=f"{name} {hint}")


def _float32(array: np.ndarray) -> np.ndarray:
    return np.float32(array) if array.dtype.kind == "f" else array


# ------------------------------------------------------------------------------------------------- inputs


def normal(*shape: int, scale: float = 1.0, shift: float = 0.0) -> Draw:
    return Draw(lambda rng: scale * rng.standard_normal(shape) + shift)


def uniform(low: float, high: float, *shape: int) -> Draw:
    return Draw(lambda rng: rng.uniform(low, high, shape))


def ties(*shape: int) -> Draw:
    """Small whole numbers: many equal neighbours, many zeros."""
    return Draw(lambda rng: rng.integers(-2, 3, shape).astype(np.float64))


def labels(n: int, classes: int) -> Draw:
    return Draw(lambda rng: rng.integers(0, classes, n), differentiable=False)


def binary(*shape: int) -> Draw:
    return constant(Draw(lambda rng: rng.integers(0, 2, shape).astype(np.float64)))


def distributions(n: int, classes: int) -> Draw:
    """Rows of 64ths, so that float32 holds them exactly and they sum to 1: TensorFlow's gradient relies on it."""
    return constant(Draw(lambda rng: rng.multinomial(64, np.full(classes, 1 / classes), n) / 64))


def smoothed_labels(n: int, classes: int, smoothing: float) -> Draw:
    """t = (1 − ε)·one_hot + ε/K."""
    return constant(
        Draw(lambda rng: (1 - smoothing) * np.eye(classes)[rng.integers(0, classes, n)] + smoothing / classes)
    )


def constant(draw: Draw) -> Draw:
    """The same draw, not to be differentiated."""
    return draw._replace(differentiable=False)
