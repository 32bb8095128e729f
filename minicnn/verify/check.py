"""Does a kernel give what the contract says?"""

import contextlib
import functools
import warnings
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..kernels import backend
from ..kernels.contract import KERNELS, ArraySpec
from ..kernels.contract.bounds import error_bounds
from .case import Case, arrays_in


@dataclass(frozen=True)
class Verdict:
    """What a check found.

    worst       the largest error in units of its bound: at most 1 is right, 0 is exact
    problem     what is wrong, or ""
    """

    worst: float = 0.0
    problem: str = ""

    def __str__(self) -> str:
        return self.problem or f"right: the largest error is {self.worst:.3g} of its bound"


def check(case: Case, name: str) -> Verdict:
    """Run a kernel on the backend of this name and compare it with the float64 reference.

    Its results must have the shape and dtype of the contract; be NaN and ±∞ where the reference is, and nowhere else;
    and elsewhere lie within `error_bounds`. Arrays that it is to read only must stay as they were.

    >>> print(check(Case("relu", "float32", [np.array([-1.0, np.nan], "float32")]), "portable"))
    right: the largest error is 0 of its bound
    """
    return Expectation(case).verdict(name)


class Expectation:
    """What a case must give on every backend."""

    def __init__(self, case: Case):
        self.case = case
        exact = case.in_float64()
        args, options = exact.arguments()
        self.bounds = error_bounds(case.name, args, options, case.dtype)
        args, options = exact.arguments()
        self.results = _results(getattr(backend("reference"), case.name)(*args, **options), args)

    def verdict(self, name: str) -> Verdict:
        """How the backend of this name does, with each of its algorithms."""
        return worst_of(self._verdict(name, algorithm) for algorithm in _algorithms(name, self.case.name))

    def _verdict(self, name: str, algorithm: AbstractContextManager) -> Verdict:
        args, options = self.case.arguments()
        try:
            with algorithm:
                results = _run(getattr(backend(name), self.case.name), args, options)
        except Exception as error:  # whatever a kernel raises on legal input is its mistake
            return Verdict(np.inf, f"raised {type(error).__name__}: {error}")
        if problem := self._wrong_spec(results) or self._changed(args):
            return Verdict(np.inf, problem)
        labels = [f"result {i}" for i in range(len(results))]
        return worst_of(map(compare, labels, results, self.results, self.bounds))

    def _wrong_spec(self, results: tuple[Any, ...]) -> str:
        """Shapes and dtypes as the contract foretells them."""
        args, options = self.case.arguments()
        specs = _results(KERNELS[self.case.name](*args, **options), args)
        for i, (result, spec) in enumerate(zip(results, specs, strict=True)):
            if not isinstance(result, np.ndarray):
                return f"result {i} is no array but a {type(result).__name__}"
            if (result.shape, result.dtype) != (tuple(spec.shape), spec.dtype):
                found = f"has shape {result.shape} and dtype {result.dtype}"
                return f"result {i} {found}, not {tuple(spec.shape)} and {spec.dtype}"
        return ""

    def _changed(self, args: list[Any]) -> str:
        """Only kernels that return nothing may write into their arguments."""
        before, options = self.case.arguments()
        if KERNELS[self.case.name](*before, **options) is None:
            return ""
        for i, (old, new) in enumerate(zip(arrays_in(before), arrays_in(args), strict=True)):
            if old.tobytes() != new.tobytes():
                return f"changed its argument {i}"
        return ""


def _algorithms(name: str, kernel: str) -> list[AbstractContextManager]:
    """What to compute under: compiled convolutions of small images would never be Winograd's unless it is preferred."""
    if name != "cpu" or kernel not in ("conv2d", "conv2d_input_grad"):
        return [contextlib.nullcontext()]
    from ..kernels.cpu.choose import preferring

    return [preferring("direct"), preferring("winograd")]


def worst_of(verdicts: Any) -> Verdict:
    """The worst of several."""
    return functools.reduce(lambda one, other: other if other.worst > one.worst else one, verdicts, Verdict())


def compare(label: str, result: np.ndarray, expected: np.ndarray, bound: Any) -> Verdict:
    """One result against the reference: |result − expected| in units of the bound.

    What the dtype cannot hold is infinite there. Where the reference is NaN or ±∞, so must the result be, whatever
    the bound; where it is finite and the bound infinite, anything goes.
    """
    with np.errstate(all="ignore"):
        found, held = result.astype(np.float64), expected.astype(result.dtype).astype(np.float64)
        same = (found == held) | (np.isnan(found) & np.isnan(held))
        error = np.where(same & ~np.isfinite(held), 0, np.abs(found - expected))
        error = np.where(np.isnan(error), np.inf, error)
        allowed = np.where(np.isfinite(held), np.nan_to_num(bound, nan=0, posinf=np.inf), 0)
        units = np.where((error == 0) | np.isinf(allowed), 0, error / allowed)
    if units.size == 0 or units.max() <= 1:
        return Verdict(float(units.max(initial=0)))
    at = np.unravel_index(units.argmax(), units.shape)
    where = f"{label} at [{', '.join(map(str, at))}]"
    size = f"error {error[at]:.3g}, bound {allowed[at]:.3g}"
    return Verdict(
        float(units[at]),
        f"{where}: got {result[at]}, expected {expected[at]}, {size}",
    )


def _run(kernel: Any, args: list[Any], options: dict[str, Any]) -> tuple[Any, ...]:
    """The results; a warning about legal input is an error."""
    with warnings.catch_warnings():
        warnings.simplefilter("error", RuntimeWarning)
        return _results(kernel(*args, **options), args)


def _results(returned: Any, args: list[Any]) -> tuple[Any, ...]:
    """What a kernel returns, as a tuple; of one that works in place, its arrays."""
    if returned is None:
        return tuple(arrays_in(args))
    return returned if isinstance(returned, tuple) and not isinstance(returned, ArraySpec) else (returned,)
